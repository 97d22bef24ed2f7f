"""`snapveil masks`: every mask with what it takes, keeps and loses, and one of them explained."""

import json
import shutil
import textwrap

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from cli.exits import FINE, InputError
from cli.policy.files import format_option
from services.anonymize.worker.masks.base import Trait
from services.anonymize.worker.masks.describing import Description, Parameter, descriptions, page_table
from services.anonymize.worker.policy import did_you_mean

WIDEST, NARROWEST = 100, 80
HEADINGS = {Trait.UNIQUENESS: "unique", Trait.DISTRIBUTION: "spread"}
LEGEND = """\
✓ kept   · lost   (✓) kept with a parameter that `snapveil masks show` names
unique: different values stay different   joins: equal values stay equal
spread: how often each value is there     NULLs: NULL stays NULL
Every mask keeps the column's type.
"""


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
    """List the masks: the word for the policy, which types of columns it takes, what of the values it keeps.

    `snapveil masks show phone` explains one with an example.
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


@command.command("show", short_help="Explain one mask, with an example.")
@click.argument("word")
@format_option
def show(word: str, form: str) -> int:
    """Explain the mask WORD: its parameters, what it keeps and loses, and an example."""
    known = {one.word: one for one in descriptions()}
    if word not in known:
        hint = did_you_mean(word, known) or "; `snapveil masks` lists them"
        raise InputError(f"no mask is called {word}{hint}")
    if form == "json":
        click.echo(json.dumps(known[word].as_json(), ensure_ascii=False, indent=2, default=str))
    else:
        click.echo("\n".join(_explained(known[word])))
    return FINE


def _list() -> None:
    traits = [trait for trait in Trait if trait is not Trait.TYPE]
    table = Table(box=SIMPLE, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("mask", no_wrap=True)
    table.add_column("takes")
    for trait in traits:
        table.add_column(HEADINGS.get(trait, trait), no_wrap=True, justify="center")
    for one in descriptions():
        table.add_row(one.word, one.takes, *(_mark(one, trait) for trait in traits))
    Console(width=_width()).print(table)
    click.echo(f"\n{LEGEND}", nl=False)


def _mark(one: Description, trait: Trait) -> str:
    if trait not in one.keeps:
        return "·"
    return "(✓)" if trait is Trait.UNIQUENESS and one.unique_with else "✓"


def _width() -> int:
    """The terminal's, within what reads well."""
    return min(max(shutil.get_terminal_size((WIDEST, 0)).columns, NARROWEST), WIDEST)


def _explained(one: Description) -> list[str]:
    lines = [one.word, *_wrapped(one.says, "  "), "", *_wrapped(one.signature, "  "), ""]
    lines += _row("takes", f"{one.takes} columns")
    lines += _row("keeps", "; ".join(part for part in (", ".join(one.kept), one.also_keeps) if part))
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
    first, *rest = textwrap.wrap(words, _width() - len(indent) - width) or [""]
    return [f"{indent}{name:{width}}{first}", *(f"{indent}{'':{width}}{line}" for line in rest)]


def _wrapped(words: str, indent: str) -> list[str]:
    return textwrap.wrap(words, _width(), initial_indent=indent, subsequent_indent=indent)
