"""Writes a first policy for a database: every table and column, a fitting mask where one looks personal, else
keep.

What a column holds is guessed from its name in six languages and from the shapes of a sample of its values.
The sample is looked at in the database; only counts come here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import Address, ConnectionProblemError
from services.anonymize.worker.engines import address_of, plan_for, sampling_of
from services.anonymize.worker.failures import reason_of
from services.anonymize.worker.guessing import (
    COUNTRY_COLUMN,
    LOG_TABLE,
    PERSON_TABLE,
    by_name,
    is_code,
)
from services.anonymize.worker.policy import PolicyError, load_policy, resolve
from services.anonymize.worker.policy.patterns import written
from services.anonymize.worker.samples import MOST_PATHS, Leaf, Sample, Sampler
from services.anonymize.worker.schema import Column, Family, Schema, Table

NAME = "policy.yaml"
NUMBERS = frozenset({"iban", "phone"})  # shapes that other numbers of persons and companies have, too
IDENTIFIERS = frozenset({"vat", "siret", "siren", "nir", "nif", "codice_fiscale", "steuer_id", "card"})
LOCAL = frozenset({"first_name", "last_name", "full_name", "street", "city", "postcode", "company", "job"})


@dataclass(frozen=True)
class Choice:
    """What is written for a column, and what instead if the plan refuses it."""

    written: str
    comment: str = ""
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    table: Table
    column: Column | None
    choice: Choice


def suggest_policy(database_url: str) -> str:
    """Return the text of a policy that loads and plans against the database. Raises
    ConnectionProblemError."""
    return suggested(address_of(database_url))


def suggested(address: Address) -> str:
    """The same, for an address that was read already."""
    with sampling_of(address) as (schema, sampler):
        chosen = {table.oid: _looked_at(sampler, table, schema) for table in schema.tables}
    return _that_plans(address.family, schema, chosen)


def _looked_at(sampler: Sampler, table: Table, schema: Schema) -> Choice | dict[str, Choice]:
    """Choose for a table; a user who may not read it cannot know what it holds."""
    try:
        return _table(sampler, table, schema)
    except DBAPIError as error:
        raise ConnectionProblemError(
            f"{table.label}: {reason_of(error)}; a first policy takes a look at the rows of every table, so"
            " give the address of a user who may read them"
        ) from None


def _that_plans(family: str, schema: Schema, chosen: dict[int, Choice | dict[str, Choice]]) -> str:
    """Write the policy, let the plan refuse what cannot be, write the next best there, until nothing is
    refused."""
    while True:
        lines, text = _written(schema, chosen)
        try:
            plan_for(family, resolve(load_policy(text, NAME), schema), schema)
        except PolicyError as error:
            refused = {problem.at.line: problem.message for problem in error.problems}
            for number, message in refused.items():
                line = lines.get(number)
                if line is None or not line.choice.instead:
                    raise
                following, *rest = line.choice.instead
                reason = f"{line.choice.written} is refused: {message.split(': ', 1)[-1]}"
                degraded = Choice(following, reason, tuple(rest))
                if line.column is None:
                    chosen[line.table.oid] = degraded
                else:
                    columns = chosen[line.table.oid]
                    assert isinstance(columns, dict)  # noqa: S101 - a line with a column is of such a table
                    columns[line.column.name] = degraded
        else:
            return text


def _written(
    schema: Schema, chosen: Mapping[int, Choice | dict[str, Choice]]
) -> tuple[dict[int, _Line], str]:
    text = [
        f"# A first policy for {schema.database}, from the names of columns and a sample of their values.",
        '# Read what is kept, and what says "unsure".',
        "version: 1",
        f"database: {json.dumps(schema.database) if not _plain(schema.database) else schema.database}",
        *(["large_objects: drop  # no mask reaches them"] if schema.large_objects else []),
        "tables:",
    ]
    if not schema.tables:
        text[-1] = "tables: {}"
    lines: dict[int, _Line] = {}
    for table in schema.tables:
        choice = chosen[table.oid]
        if isinstance(choice, Choice):
            text.append(f"  {_key(written(table))}: {choice.written}{_comment(choice)}")
            lines[len(text)] = _Line(table, None, choice)
            continue
        text += [f"  {_key(written(table))}:", "    columns:" if choice else "    columns: {}"]
        for column in table.columns:
            if column.name in choice:
                of_column = choice[column.name]
                text.append(f"      {_key(column.name)}: {of_column.written}{_comment(of_column)}")
                lines[len(text)] = _Line(table, column, of_column)
    return lines, "\n".join(text) + "\n"


def _comment(choice: Choice) -> str:
    return f"  # {choice.comment}" if choice.comment else ""


def _plain(word: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?", word) is not None


def _key(word: str) -> str:
    return word if _plain(word) else json.dumps(word, ensure_ascii=False)


def _table(sampler: Sampler, table: Table, schema: Schema) -> Choice | dict[str, Choice]:
    if table.foreign:
        return Choice("keep", "a foreign table: its rows lie on another server")
    if table.extension:
        return Choice("keep", f"belongs to extension {table.extension}")
    referenced = any(key.referenced == table.oid for key in schema.foreign_keys)
    if LOG_TABLE.search(table.name.lower()) and not referenced and _has_text(table):
        return Choice(
            "truncate", "unsure: looks like a log or an audit table, which repeats what other tables hold"
        )
    samples = sampler.columns(table)
    country = next(
        (column.name for column in table.columns
         if COUNTRY_COLUMN.search(column.name.lower()) and column.family in {Family.TEXT, Family.ENUM}), None,
    )  # fmt: skip
    choices = {}
    for column in table.columns:
        if column.generated is None:
            choices[column.name] = _column(
                sampler, table, column, samples.get(column.name, Sample()), country
            )
    if all(choice.written == "keep" and not choice.comment for choice in choices.values()):
        return Choice("keep")
    names = [
        name
        for name, choice in choices.items()
        if re.match(r"(\{mask: )?(first|last|full)_name\b", choice.written)
    ]
    if names:
        listed = json.dumps(names, ensure_ascii=False)
        for name, choice in choices.items():
            if choice.written == "redact":
                choices[name] = replace(
                    choice,
                    written=f"{{mask: redact, names_from: {listed}}}",
                    instead=("redact", *choice.instead),
                )
    return choices


def _has_text(table: Table) -> bool:
    return any(column.can_hold_text for column in table.columns)


def _column(sampler: Sampler, table: Table, column: Column, sample: Sample, country: str | None) -> Choice:
    last = _last_resorts(column)
    if column.family is Family.JSON:
        return _document(sampler, table, column)
    person = PERSON_TABLE.search(table.name.lower()) is not None
    shape, name = sample.mostly(), by_name(column.name, column.family, person)
    guess = name if shape in NUMBERS and name in IDENTIFIERS else shape or name
    if guess is None and sample.holding:
        guess = "redact"
    if guess is None:
        return _kept(column, sample)
    if guess == "date_shift":
        return Choice("{mask: date_shift, days: 180}", "", last)
    if column.family is not Family.TEXT and not (
        guess in {"ip", "uuid", "mac"} and column.family in {Family.INET, Family.UUID, Family.MAC}
    ):
        if not column.can_hold_text:
            return Choice("keep")
        return Choice(
            last[0], f"unsure: looks like {guess}, and its type {column.type} has no such mask", last[1:]
        )
    if guess in LOCAL and country:
        return Choice(f"{{mask: {guess}, locale_from: {_key(country)}}}", "", (guess, "hash", *last))
    if guess == "phone":
        forms = ("phone", "{mask: phone, form: national}", "hash", *last)
        if country:
            forms = (f"{{mask: phone, country_from: {_key(country)}}}", *forms)
        return Choice(forms[0], "", forms[1:])
    return Choice(guess, "", ("hash", *last))


def _last_resorts(column: Column) -> tuple[str, ...]:
    if not column.not_null:
        return ("null", "keep")
    constant = {Family.TEXT: "x", Family.JSON: "{}"}.get(column.family)
    return (f"{{mask: constant, value: {json.dumps(constant)}}}", "keep") if constant else ("keep",)


def _kept(column: Column, sample: Sample) -> Choice:
    if column.family is Family.TEXT and is_code(column.name):
        return Choice("{mask: keep, not_phones: true}")
    if column.family is Family.TEXT and sample.average_length > 60:
        return Choice("keep", "unsure: long text; does it name people?", ())
    if not column.can_hold_text or column.family is Family.TEXT:
        return Choice("keep")
    if column.base_type in {"xml", "hstore"}:
        return Choice("keep", f"unsure: {column.type} may hold anything")
    return Choice("keep")


def _document(sampler: Sampler, table: Table, column: Column) -> Choice:
    """A mask for a JSON column by the keys of a sample of its documents."""
    last = _last_resorts(column)
    leaves = {leaf.path: leaf for leaf in sampler.documents(table, column)}
    paths = {
        path: _mask_of(leaf)
        for path, leaf in leaves.items()  # where some documents go on below a value, the mask makes it null
        if not any(other.startswith((f"{path}.", f"{path}[")) for other in leaves)
    }
    if not paths or len(paths) > MOST_PATHS:
        return Choice(last[0], "unsure: its documents have no keys that could be listed", last[1:])
    masked = {path: mask for path, mask in paths.items() if mask != "keep"}
    if not masked:
        return Choice("keep", "unsure: no key looks personal")
    listed = ", ".join(
        f"{json.dumps(path, ensure_ascii=False)}: {mask}" for path, mask in sorted(paths.items())
    )
    return Choice(f"{{mask: json, paths: {{{listed}}}, others: drop}}", "from a sample: check the keys", last)


def _mask_of(leaf: Leaf) -> str:
    key = re.sub(r"[\[\]\"]", "", leaf.path.rsplit(".", 1)[-1])
    guess = leaf.sample.mostly() or (by_name(key, Family.TEXT, person=True) if leaf.text else None)
    guess = guess or ("redact" if leaf.sample.holding else "keep")
    return guess if guess != "date_shift" else "null"
