"""What masks say about themselves is true: examples, traits, parameters, the page and the commands."""

import json
from pathlib import Path

import pytest
import yaml

from cli.exits import FINE, UNUSABLE
from cli.main import main
from services.anonymize.worker.engines.postgresql.connecting import Database, address_of
from services.anonymize.worker.keys import RunKey
from services.anonymize.worker.masks import MASKS, Mask
from services.anonymize.worker.masks.base import Trait
from services.anonymize.worker.masks.describing import describe, descriptions, page_table
from services.anonymize.worker.pipeline import anonymize
from services.anonymize.worker.policy import load_policy
from services.anonymize.worker.schema import Family
from tests.worker.building import column as column_of
from tests.worker.building import tell_nobody
from tests.worker.masking import apply, context

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
EXAMPLES = [mask for mask in MASKS.values() if not mask.example.setup]
TYPES = {
    Family.UUID: "uuid",
    Family.BYTES: "bytea",
    Family.NUMBER: "bigint",
    Family.DATE: "date",
    Family.TEXT: "text",
}


def example_of(mask: type[Mask]) -> Mask:
    """The mask of a class's own example, as a policy's reader reads it."""
    policy = load_policy(f"version: 1\ntables: {{t: {{columns: {{x: {mask.example.rule}}}}}}}", "policy.yaml")
    return policy.tables["public", "t"].columns["x"].mask


@pytest.mark.parametrize("mask", EXAMPLES, ids=lambda mask: mask.word)
def test_every_example_is_what_the_engine_does(mask_session, mask):
    example = mask.example
    row = {name: [value] for name, value in example.row.items()}
    made = example_of(mask)
    for function in made.column_functions(column_of("value", example.type), context()):
        mask_session.execute(function.encode())
    (after,) = apply(
        mask_session, made, column_of("value", example.type), [example.before], row=row, shown=True
    )
    assert after == example.after
    assert example_of(mask).word == mask.word


def test_every_example_is_what_a_rewrite_of_a_table_does(server, database):
    tables, inserts, policy = [], [], []
    for mask in EXAMPLES:
        example = mask.example
        others = "".join(f", {name} text" for name in example.row)
        tables.append(f"CREATE TABLE t_{mask.word} (x {example.type}{others})")
        inserts.append((f"INSERT INTO t_{mask.word} VALUES (%s{', %s' * len(example.row)})",
                        (example.before, *example.row.values())))  # fmt: skip
        inserts.append((f"INSERT INTO t_{mask.word} VALUES (NULL)", ()))
        kept = "".join(f", {name}: keep" for name in example.row)
        policy.append(f"  t_{mask.word}: {{columns: {{x: {example.rule}{kept}}}}}")
    with server.connect(database) as connection:
        connection.execute(";".join(tables).encode())
        for statement, values in inserts:
            connection.execute(statement.encode(), values)
    text = "\n".join(["version: 1", "tables:", *policy])
    with Database(address_of(server.url(database)), RunKey(b"k" * 32).settings()) as opened:
        outcome = anonymize(opened, load_policy(text, "policy.yaml"), {}, 2, tell_nobody)
    assert [finding.detail for finding in outcome.findings if not finding.passed] == []
    assert {done.plan.method.value for done in outcome.tables} == {"rewrite"}
    with server.connect(database) as connection:
        for mask in EXAMPLES:
            rows = connection.execute(f"SELECT CAST(x AS text) FROM t_{mask.word}".encode()).fetchall()
            assert {after for (after,) in rows} == {mask.example.after, None}, mask.word


@pytest.mark.parametrize("mask", MASKS.values(), ids=lambda mask: mask.word)
def test_every_mask_and_every_parameter_says_what_it_is(mask):
    described = describe(mask)
    assert described.says.endswith(".")
    assert all(parameter.description for parameter in described.parameters)
    assert set(described.keeps).isdisjoint(described.loses)
    assert len(described.keeps) + len(described.loses) == len(Trait)


@pytest.mark.parametrize("mask", EXAMPLES, ids=lambda mask: mask.word)
def test_a_mask_says_that_it_keeps_uniqueness_if_a_plan_may_rely_on_it(mask):
    def bits(made: Mask) -> int:
        return made.injective_bits(column_of("value", example_family(mask)), context()) or 0

    described = describe(mask)
    if described.unique_with:  # as it is written in a policy; without it a few rows at most are unique
        name, _, value = described.unique_with.partition(": ")
        assert bits(mask(**{name: yaml.safe_load(value)})) > 64 > bits(example_of(mask))
    elif mask.word != "keep":
        assert (bits(example_of(mask)) > 0) == (Trait.UNIQUENESS in mask.keeps)


def example_family(mask: type[Mask]) -> str:
    return mask.example.type


def test_the_page_holds_the_table_that_the_masks_write():
    assert page_table() in PAGE.read_text(), "run: python -m services.anonymize.worker.masks docs/policies.md"


def test_the_list_names_every_mask_in_one_line_each(capsys):
    assert main(["masks"]) == FINE
    lines = capsys.readouterr().out.splitlines()
    for word in MASKS:
        assert sum(line.split()[:1] == [word] for line in lines) == 1


@pytest.mark.parametrize("width", [80, 100, 300])
def test_the_list_and_every_explanation_fit_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    main(["masks"])
    for word in MASKS:
        main(["masks", "show", word])
    lines = capsys.readouterr().out.splitlines()
    too_long = [line for line in lines if len(line) > min(width, 100)]
    assert [
        line for line in too_long if not line.startswith(("    column: ", "    before  ", "    after  "))
    ] == []


def test_the_list_for_programs_holds_everything(capsys):
    assert main(["masks", "--format", "json"]) == FINE
    listed = {one["mask"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(listed) == set(MASKS)
    assert listed["phone"]["accepts"] == ["text"]
    assert {"name", "description", "type", "required", "default"} == set(listed["phone"]["parameters"][0])


@pytest.mark.parametrize("one", descriptions(), ids=lambda one: one.word)
def test_a_mask_is_explained_with_its_example(capsys, one):
    assert main(["masks", "show", one.word]) == FINE
    said = capsys.readouterr().out
    assert said.startswith(one.word)
    assert one.example.rule in said
    for parameter in one.parameters:
        assert f"    {parameter.name}" in said


def test_an_unknown_mask_is_answered_with_the_nearest(capsys):
    assert main(["masks", "show", "phnoe"]) == UNUSABLE
    assert "no mask is called phnoe (did you mean phone?)" in capsys.readouterr().err
