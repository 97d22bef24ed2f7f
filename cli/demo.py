"""`snapveil demo`: the main job, end to end, on an example shop."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.databases import client_line
from cli.exits import FAILED, FINE, InputError
from cli.folders import run_folder
from cli.loop import Filling, Material, Outcome, run_loop
from cli.summary import Sample, failure, show_summary
from cli.view import open_console, screen
from shared.database.families import ENGINES, Family, family_of
from shared.database.port import Kind

try:
    from examples.shop import load as shop
    from examples.shop_mysql import load as shop_mysql
except ModuleNotFoundError as missing:
    raise InputError(
        f"the example shop is not installed ({missing}); run `make demo` in Snapveil's own folder"
    ) from None

PEOPLE = 3
CommandT = TypeVar("CommandT", bound=Callable[..., Any])
# Of a data directory: empty, and per customer (InnoDB's with undo and temporary tables).
EMPTY_BYTES = {Family.POSTGRESQL: 48 << 20, Family.MYSQL: 128 << 20}
BYTES_PER_CUSTOMER = {Family.POSTGRESQL: 4_000, Family.MYSQL: 11_000}
_WHAT = {Kind.INSTANCE: "an RDS instance", Kind.CLUSTER: "an Aurora cluster"}
DEFAULT_ENGINES = {Kind.INSTANCE: "postgres", Kind.CLUSTER: "aurora-postgresql"}


def of_the_shop(command: CommandT) -> CommandT:
    """Add the options that say which shop, on which engine, and where its files go."""
    for option in (
        click.option(
            "--directory",
            type=click.Path(file_okay=False, path_type=Path),
            default=Path(".snapveil"),
            show_default=True,
            help="Where the run leaves its files.",
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default=None,
            envvar="ENGINE",
            help="RDS's name of production's engine; if not given, postgres or aurora-postgresql.",
        ),
        click.option(
            "--source",
            type=click.Choice([kind.value for kind in Kind]),
            default=None,
            envvar="SOURCE",
            help="What production is: an RDS instance (unless the engine is Aurora) or an Aurora cluster.",
        ),
        click.option(
            "--size",
            type=click.IntRange(1, 20_000_000),
            default=shop.DEFAULT_CUSTOMERS,
            envvar="SIZE",
            show_default=True,
            metavar="CUSTOMERS",
            help="How many customers the shop has.",
        ),
    ):
        command = option(command)
    return command


@click.command("demo")
@of_the_shop
@click.option(
    "--keep/--no-keep",
    default=False,
    envvar="KEEP",
    help="Leave both databases running, to look at them.",
)
def command(size: int, source: str | None, engine: str | None, *, keep: bool, directory: Path) -> int:
    """Run the whole loop on an example shop, on this machine.

    A production database goes in; a development database comes out in which nobody in production would
    recognise themselves. Nothing of it leaves this machine.
    """
    kind = kind_of(source, engine)
    material = material_of(size, kind, engine or DEFAULT_ENGINES[kind], keep=keep)
    console = open_console()
    with run_folder(directory.absolute(), "demo") as folder:
        with screen(console) as shown:
            outcome = run_loop(material, folder, shown, keep=keep)
        result = outcome.result
        if result.status != "succeeded":
            for line in failure(result, folder.result, folder.path):
                click.echo(f"snapveil: {line}", err=True)
            return FAILED
        show_summary(console, result, _samples(outcome), folder.result, _hints(outcome))
        return FINE


def kind_of(source: str | None, engine: str | None) -> Kind:
    """What production is, by the two options. Raises InputError where they contradict each other."""
    if engine is None:
        return Kind(source or Kind.INSTANCE)
    kind = Kind.CLUSTER if engine.startswith("aurora-") else Kind.INSTANCE
    if source not in (None, kind.value):
        raise InputError(f"ENGINE={engine} is the engine of {_WHAT[kind]}: leave SOURCE={source} out")
    return kind


def material_of(size: int, kind: Kind, engine: str, *, keep: bool) -> Material:
    """What a run of the example shop is made of."""
    family = family_of(engine)
    example = shop_mysql if family is Family.MYSQL else shop

    def fill(filling: Filling) -> None:
        filling.say(f"filling the shop with {size:,} customers")
        example.load_shop(filling.url, size, lambda words: filling.say(f"filling the shop: {words}"))

    return Material(
        source="shop",
        kind=kind,
        engine=engine,
        identifier="shop-prod",
        database="shop",
        rds_database="shop",
        master="shop_admin",
        policy={"policy.yaml": example.POLICY.read_bytes()},
        fill=fill,
        look=lambda url: example.sample(url, PEOPLE),
        # What is kept must outlive this process, and perhaps the machine's next start.
        bytes_at_most=None if keep else EMPTY_BYTES[family] + size * BYTES_PER_CUSTOMER[family],
    )


def _samples(outcome: Outcome) -> Sequence[Sample]:
    return [
        Sample(f"customer {before.id}", _fields(before), _fields(after))
        for before, after in zip(outcome.before, outcome.after, strict=True)
    ]


def _fields(person: shop.Person) -> dict[str, str]:
    return {
        "name": person.name,
        "e-mail": person.email,
        "phone": person.phone,
        "city": f"{person.city} ({person.country})",
        "IBAN": person.iban,
        "ticket": person.ticket,
    }


def _hints(outcome: Outcome) -> list[str]:
    target = outcome.result.target
    if not outcome.result.kept or target is None:
        return ["`KEEP=1 make demo`, or `snapveil demo --keep`, leaves both databases running."]
    return [
        "Look at the development database:",
        f"  {client_line(target.dsn)}",
        "Remove it: snapveil local down",
    ]
