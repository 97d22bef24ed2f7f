"""What verification says of what a family's queries saw; pure, and in the same words for every family."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from services.anonymize.worker.engines.results import Baseline, Finding
from services.anonymize.worker.masks.contact import Email
from services.anonymize.worker.plan import Method, Plan
from services.anonymize.worker.policy import Policy
from services.anonymize.worker.schema import Schema, Table

KINDS = {"email": "e-mail", "phone": "telephone number", "iban": "IBAN"}
STATISTICS = "statistics"  # what labels of a server's own statistics begin with
NAMED = 8

Inventory = Mapping[tuple[str, str], str]  # what every object of a schema is, by its kind and name
Survivor = tuple[str, str, int]  # the kind of an original, where it was found, how often

DIGESTS_LOST = Finding("originals", False, 0, "the digests taken before masking are not all there; run again")


def originals_gone(
    survivors: Sequence[Survivor], before: Baseline, columns: Mapping[str, int]
) -> Iterator[Finding]:
    """Say of each kind whether originals were found; `columns` are how many were searched for it."""
    for kind, name in KINDS.items():
        places: dict[str, int] = {}
        for of_kind, label, number in survivors:
            if of_kind == kind:
                places[label] = places.get(label, 0) + number
        # statistics only repeat what a column holds
        places = {
            label: number for label, number in places.items() if not label.startswith(STATISTICS)
        } or places
        if places:
            where = some(f"{label} ({number})" for label, number in sorted(places.items()))
            detail = f"columns still hold an original {name}: {where}"
        else:
            detail = f"none of {before.originals[kind]} originals is left in {columns[kind]} columns"
        yield Finding(f"no original {name}", not places, before.originals[kind], detail)


def rows_kept(schema: Schema, plan: Plan, before: Baseline, after: Mapping[int, int]) -> Finding:
    """Say whether every table has its rows, or none where the policy empties it."""
    emptied = {planned.table.oid for planned in plan.tables if planned.method is Method.TRUNCATE}
    wrong = []
    for table in schema.tables:
        expected = 0 if table.oid in emptied else before.rows.get(table.oid, 0)
        if after.get(table.oid, 0) != expected:
            wrong.append(f"{table.label} ({expected} before, {after.get(table.oid, 0)} after)")
    detail = f"row counts differ: {some(wrong)}" if wrong else f"all {sum(after.values())} rows are there"
    return Finding("row counts", not wrong, len(after), detail)


def masked_emails(policy: Policy, schema: Schema) -> Iterator[tuple[Table, str, Email]]:
    """The columns in which every address is to be under a reserved domain."""
    for table in schema.tables:
        for name, rule in policy.tables[table.schema, table.name].columns.items():
            if isinstance(rule.mask, Email):
                yield table, name, rule.mask


def domains_reserved(elsewhere: Mapping[str, int]) -> Finding:
    """Say whether any e-mail is under another domain; `elsewhere` counts those, by column."""
    wrong = [f"{label} ({number})" for label, number in elsewhere.items() if number]
    detail = (
        f"e-mails under domains that may belong to someone: {some(wrong)}"
        if wrong
        else f"every e-mail in {len(elsewhere)} masked columns is under a reserved domain"
    )
    return Finding("reserved domains", not wrong, len(elsewhere), detail)


def changed_by(plan: Plan) -> list[Table]:
    """The tables that have to be new after masking."""
    return [planned.table for planned in plan.tables if planned.masked or planned.method is Method.TRUNCATE]


def made_anew(changed: Sequence[Table], old: Sequence[Table]) -> Finding:
    """Say whether all of these tables are new; `old` are those that are not."""
    detail = (
        f"tables still stand in their old files: {some(table.label for table in old)}"
        if old
        else f"{len(changed)} tables are new files"
    )
    return Finding("rewritten", not old, len(changed), detail)


def schema_kept(before: Inventory, after: Inventory) -> Finding:
    """Say whether every object of the schema is as it was."""
    wrong = differences(before, after)
    detail = (
        f"the schema changed: {some(wrong)}"
        if wrong
        else f"all {len(after)} objects of the schema are as they were"
    )
    return Finding("schema", not wrong, len(after), detail)


def differences(before: Inventory, after: Inventory) -> list[str]:
    """Name what is missing, new or different."""
    said = [f"{kind} {name} is missing" for kind, name in before.keys() - after.keys()]
    said += [f"{kind} {name} is new" for kind, name in after.keys() - before.keys()]
    said += [
        f"{kind} {name} is different"
        for kind, name in before.keys() & after.keys()
        if before[kind, name] != after[kind, name]
    ]
    return sorted(said)


def some(said: Iterable[str]) -> str:
    """The first few, and how many more."""
    said = list(said)
    more = f" and {len(said) - NAMED} more" if len(said) > NAMED else ""
    return ", ".join(said[:NAMED]) + more
