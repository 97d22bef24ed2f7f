# SQL keeps its own lines; names come quoted from the catalog, literals from its quote_literal().
# ruff: noqa: E501
"""Finds what ties a copy to production, each thing with the statements that cut it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from services.anonymize.worker.connecting import execute, query
from services.anonymize.worker.engines.postgresql.residue.rights import attempt, join
from services.anonymize.worker.engines.postgresql.schema_texts import TEXTS


@dataclass(frozen=True)
class Tie:
    """One thing, whose rights it takes, and how it is cut."""

    name: str
    owner: str | None
    done: str
    statements: tuple[str, ...]
    hopeless: str = ""  # why no statement of ours cuts it


@dataclass(frozen=True)
class Finder:
    """Finds the things of one kind; `once`: not in each of the instance's databases, but from the masked one."""

    kind: str
    once: bool
    find: Callable[[Connection, str], Sequence[Tie]]


def _query(sql: str, done: str, *templates: str) -> Callable[[Connection, str], Sequence[Tie]]:
    """Things that a query names as (name, owner, and parts for the statements)."""

    def find(connection: Connection, application: str) -> Sequence[Tie]:
        bound = {"application": application} if ":application" in sql else {}
        return [
            Tie(name, owner, done, tuple(template.format(*parts) for template in templates))
            for name, owner, *parts in connection.execute(text(sql), bound).tuples()
        ]

    return find


_EVENT_TRIGGERS = """
SELECT evtname::text, pg_get_userbyid(evtowner)::text, quote_ident(evtname) FROM pg_event_trigger
 WHERE evtenabled <> 'D' ORDER BY 1
"""

_SUBSCRIPTIONS = """
SELECT subname::text, pg_get_userbyid(subowner)::text, quote_ident(subname) FROM pg_subscription
 WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1
"""

# Whoever still works in the database could bring an original back, or see one.
_SESSIONS = """
SELECT format('%s (pid %s)', usename, pid), usename::text, pid::text FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
   AND application_name <> :application ORDER BY pid
"""

_PREPARED = """
SELECT gid, owner::text, quote_ident(owner), quote_literal(gid) FROM pg_prepared_xacts
 WHERE database = current_database() ORDER BY 1
"""

_SLOTS = """
SELECT slot_name::text, NULL, quote_literal(slot_name) FROM pg_replication_slots WHERE NOT temporary ORDER BY 1
"""

# RDS's own roles stay, and so do PostgreSQL's.
_ROLES = """
SELECT rolname::text, CASE WHEN rolsuper THEN rolname END::text, quote_ident(rolname) FROM pg_roles
 WHERE rolcanlogin AND rolname <> current_user AND rolname !~ '^(pg_|rds)' AND NOT rolsuper ORDER BY 1
"""

_MAPPINGS = """
SELECT format('%s on %s', CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE m.usename END, m.srvname),
       pg_get_userbyid(s.srvowner)::text, CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END,
       quote_ident(m.srvname)
  FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid ORDER BY 1
"""

_SERVERS = """
SELECT format('%s, option %s', s.srvname, o.option_name), pg_get_userbyid(s.srvowner)::text, quote_ident(s.srvname),
       quote_ident(o.option_name)
  FROM pg_foreign_server s CROSS JOIN pg_options_to_table(s.srvoptions) o
 WHERE o.option_name ~* 'pass|secret|token|credential|key' ORDER BY 1
"""

_PUBLICATIONS = """
SELECT pubname::text, pg_get_userbyid(pubowner)::text, quote_ident(pubname) FROM pg_publication ORDER BY 1
"""

_JOBS_OWNER = "SELECT pg_get_userbyid(relowner)::text, current_user::text FROM pg_class WHERE oid = to_regclass('cron.job')"
_JOBS = "SELECT format('%s: %s', jobid, jobname), NULL, jobid::text FROM cron.job ORDER BY jobid"


def _jobs(connection: Connection, application: str) -> Sequence[Tie]:
    """Jobs of pg_cron; what they did is remembered with its messages, and goes with them. Everybody sees his own
    jobs only, except their table's owner."""
    table = query(connection, _JOBS_OWNER)
    if not table:
        return []
    ((owner, user),) = table
    join(connection, owner, user)
    ties = []
    if attempt(connection, ["SELECT FROM cron.job"], "jobs"):
        why = f"jobs: those of others are seen by {owner} only; GRANT {owner} TO {user}, or name * under quarantine.keep.jobs"
        ties.append(Tie("of others", None, "", (), why))
        execute(connection, "SET row_security = on")
    find = _query(_JOBS, "dropped", "SELECT cron.unschedule(CAST({0} AS bigint))")
    try:
        ties += find(connection, application)
    finally:
        execute(connection, "SET row_security = off")  # as in every session of ours
    if connection.execute(text("SELECT to_regclass('cron.job_run_details')")).scalar_one() is not None:
        ties.append(Tie("history of runs", owner, "emptied", ("DELETE FROM cron.job_run_details",)))
    return ties


# What dblink and the like are given: a whole connection string with its password.
_SCHEMA_SECRETS = f"""
SELECT DISTINCT label FROM {TEXTS} t
 WHERE value ~* 'password\\s*=\\s*[^[:space:],;)]' AND value ~* '(host|hostaddr|dbname)\\s*=' ORDER BY 1
"""  # noqa: S608 - the text is a constant of ours


def _schema_secrets(connection: Connection, application: str) -> Sequence[Tie]:
    """The schema is the customer's, so it is told and not changed."""
    why = "holds a connection string with a password; take it out of the source, or name it under quarantine.keep"
    return [Tie(label, None, "", (), f"{label} {why}") for (label,) in query(connection, _SCHEMA_SECRETS)]


# In this order: first what acts by itself, then what holds rows back, then what only knows a secret.
FINDERS = (
    Finder("event_triggers", False, _query(_EVENT_TRIGGERS, "disabled", "ALTER EVENT TRIGGER {0} DISABLE")),
    Finder(
        "subscriptions",
        False,
        _query(
            _SUBSCRIPTIONS,
            "dropped",
            "ALTER SUBSCRIPTION {0} DISABLE",
            "ALTER SUBSCRIPTION {0} SET (slot_name = NONE)",  # or dropping it would call production
            "DROP SUBSCRIPTION {0}",
        ),
    ),
    Finder("jobs", False, _jobs),
    Finder("sessions", True, _query(_SESSIONS, "ended", "SELECT pg_terminate_backend({0})")),
    Finder(
        "prepared_transactions",
        False,
        _query(_PREPARED, "rolled back", "SET ROLE {0}", "ROLLBACK PREPARED {1}", "RESET ROLE"),
    ),
    Finder("replication_slots", True, _query(_SLOTS, "dropped", "SELECT pg_drop_replication_slot({0})")),
    Finder("user_mappings", False, _query(_MAPPINGS, "dropped", "DROP USER MAPPING FOR {0} SERVER {1}")),
    Finder("server_secrets", False, _query(_SERVERS, "removed", "ALTER SERVER {0} OPTIONS (DROP {1})")),
    Finder("schema_secrets", False, _schema_secrets),
    Finder("publications", False, _query(_PUBLICATIONS, "dropped", "DROP PUBLICATION {0}")),
    Finder("roles", True, _query(_ROLES, "password removed", "ALTER ROLE {0} PASSWORD NULL")),
)
