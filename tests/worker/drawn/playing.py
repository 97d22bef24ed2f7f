# SQL keeps its own lines.
# ruff: noqa: E501
"""Masks a drawn database, and looks whether it is otherwise what it was."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.policy import PolicyError
from tests.worker.conftest import Server
from tests.worker.drawn.drawing import Drawing, Drawn
from tests.worker.killing import ask, work


@dataclass(frozen=True)
class Seen:
    """What a database is, for comparing: its definitions, and what must not change of its rows."""

    definitions: tuple[str, ...]
    rows: Mapping[str, object]


def look(server: Server, database: str, drawn: Drawn) -> Seen:
    """Look at a database: by pg_dump, which knows nothing of how masking compares schemas."""
    command = [
        str(server.binaries / "pg_dump"),
        "--schema-only",
        "--no-tablespaces",
        server.url(database, "postgres"),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    plain = "\n".join(
        line for line in said.splitlines() if not line.startswith(("--", "\\"))
    )  # \restrict has a random word
    statements = sorted(filter(None, map(str.strip, plain.split(";\n"))))
    rows: dict[str, object] = {}
    for table, columns in drawn.kept.items():
        row = f"ROW({', '.join(columns)})::text" if columns else "''"
        ((count, digest),) = ask(
            server,
            database,
            f"SELECT count(*), md5(string_agg({row}, '|' ORDER BY {row} COLLATE \"C\")) FROM {table} t",
        )
        rows[table] = (count, digest)
    return Seen(tuple(statements), rows)


def play(server: Server, seed: int) -> tuple[str, str]:
    """Make a drawn database and mask it; return how it ended and, where something does not hold, what."""
    drawn = Drawing(seed).database()
    name = f"drawn_{seed}"
    with server.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER master")
    try:
        with server.superuser(name) as connection:
            connection.execute("ALTER SCHEMA public OWNER TO master")
        with server.connect(name) as connection:
            for statement in drawn.statements:
                connection.execute(statement.encode())
        return _masked(server, name, drawn)
    finally:
        with server.superuser() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _masked(server: Server, name: str, drawn: Drawn) -> tuple[str, str]:
    before = look(server, name, drawn)
    try:
        outcome = work(server, name, drawn.policy)
    except PolicyError as error:
        left = look(server, name, drawn)
        return (
            "refused",
            ""
            if left == before
            else f"the policy was refused, and this changed: {differing(before, left)}\n{error}",
        )
    except MaskingError as error:
        left = look(server, name, drawn)
        untouched = left == before or (
            left.rows == before.rows
            and all("snapveil_work" in one for one in {*left.definitions} - {*before.definitions})
        )
        return "stopped", str(error) if untouched else f"stopped in the middle: {error}"
    failed = [f"{finding.name}: {finding.detail}" for finding in outcome.findings if not finding.passed]
    after = look(server, name, drawn)
    if after != before:
        failed.append(f"changed: {differing(before, after)}")
    with server.superuser(name) as connection:
        connection.execute("CREATE EXTENSION amcheck")
        connection.execute(CHECKED)
    return "masked", "\n".join(failed)


CHECKED = """
SELECT bt_index_check(c.oid, heapallindexed => true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
 WHERE m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND c.relpersistence <> 't'
"""


def differing(before: Seen, after: Seen) -> str:
    """What one has and the other has not."""
    lines = [f"- {one}" for one in before.definitions if one not in after.definitions]
    lines += [f"+ {one}" for one in after.definitions if one not in before.definitions]
    lines += [f"rows of {table}" for table, rows in before.rows.items() if after.rows[table] != rows]
    return "\n".join(lines)
