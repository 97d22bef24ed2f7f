"""`snapveil masks`: every mask with what it takes, keeps and loses, and one of them explained."""

import difflib
import json
import textwrap

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cli.exits import FINE, InputError
from services.anonymize.worker.masks.base import Trait
from services.anonymize.worker.masks.describing import Description, Parameter, descriptions, page_table

WIDTH, LIST_WIDTH = 100, 112


@click.group("masks", invoke_without_command=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="For people, for programs, or as docs/policies.md has it.",
)
@click.pass_context
def command(context: click.Context, form: str) -> int:
    """List the masks: the word for the policy, what it takes, what it keeps and what it loses.

    Every mask keeps the column's type. `snapveil masks show phone` explains one with an example.
    """
    if context.invoked_subcommand is not None:
        return FINE
    if form == "json":
        click.echo(
            json.dumps([one.as_json() for one in descriptions()], ensure_ascii=False, indent=2, default=str)
        )
    elif form == "markdown":
        click.echo(page_table())
    else:
        _list()
    return FINE


@command.command("show")
@click.argument("word")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(word: str, form: str) -> int:
    """Explain the mask WORD: its parameters, what it keeps and loses, and an example."""
    known = {one.word: one for one in descriptions()}
    if word not in known:
        near = difflib.get_close_matches(word, list(known), n=1)
        hint = f"; did you mean {near[0]}?" if near else "; `snapveil masks` lists them"
        raise InputError(f"no mask is called {word}{hint}")
    if form == "json":
        click.echo(json.dumps(known[word].as_json(), ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("\n".join(_explained(known[word])))
    return FINE


def _list() -> None:
    traits = [trait for trait in Trait if trait is not Trait.TYPE]
    table = Table(
        box=SIMPLE,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        caption="✓ keeps, · loses; every mask keeps the type",
    )
    for heading in ("mask", "takes", *traits):
        table.add_column(heading, no_wrap=True, justify="left" if heading in {"mask", "takes"} else "center")
    for one in descriptions():
        marks = ("✓" if trait in one.keeps else "·" for trait in traits)
        table.add_row(one.word, one.takes, *marks)
    Console(width=LIST_WIDTH).print(table)


def _explained(one: Description) -> list[str]:
    lines = [one.word, *_wrapped(one.says, "  "), "", f"  {one.signature}", ""]
    lines += _row("takes", f"{one.takes} columns")
    lines += _row("keeps", "; ".join(part for part in (", ".join(one.keeps), one.also_keeps) if part))
    lines += _row(
        "loses", "; ".join(part for part in (", ".join(one.loses), one.also_loses) if part) or "nothing"
    )
    if one.parameters:
        lines += ["", "  parameters"]
        for parameter in one.parameters:
            lines += _row(parameter.name, _said(parameter), "    ", 14)
    lines += ["", "  example", f"    {'column'}: {one.example.rule}"]
    lines += [f"    {name}: {value}" for name, value in one.example.row.items()]
    before, after = (
        value if value is not None else "NULL" for value in (one.example.before, one.example.after)
    )
    return [*lines, f"    before  {before}", f"    after   {after}"]


def _said(parameter: Parameter) -> str:
    default = (
        "required"
        if parameter.required
        else f"default {parameter.default}"
        if parameter.default
        else "optional"
    )
    return f"{parameter.description} ({parameter.takes}; {default})"


def _row(name: str, words: str, indent: str = "  ", width: int = 8) -> list[str]:
    first, *rest = textwrap.wrap(words, WIDTH - len(indent) - width) or [""]
    return [f"{indent}{name:{width}}{first}", *(f"{indent}{'':{width}}{line}" for line in rest)]


def _wrapped(words: str, indent: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=indent, subsequent_indent=indent)
