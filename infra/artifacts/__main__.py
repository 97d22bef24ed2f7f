"""`python -m infra.artifacts`: makes the four zips, says how large and quick they are, holds their bounds."""

import sys
from pathlib import Path

import click

from infra.artifacts.closure import BuildError
from infra.artifacts.lambdas import build, measure, measure_here, megabytes
from infra.artifacts.lock import WORKER_LOCK, worker_lock
from infra.artifacts.parts import LAMBDAS


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/lambda"),
    show_default=True,
    help="Where the zips go.",
)
@click.option("--host", is_flag=True, help="For this machine and from what is installed, not for Lambda.")
@click.option("--worker-lock", "lock", is_flag=True, help="Only renew the lock file of the worker's image.")
def main(out: Path, host: bool, lock: bool) -> int:
    """Build what runs in Lambda. Exit code 1: a zip could not be built, or broke a bound."""
    if lock:
        WORKER_LOCK.write_text(worker_lock())
        click.echo(f"written: {WORKER_LOCK.relative_to(Path.cwd())}")
        return 0
    click.echo(f"{'service':<12}{'zipped':>10}{'unzipped':>11}{'import':>10}{'ratio':>8}   digest")
    broken = []
    for part in LAMBDAS.values():
        built = build(part, out, host)
        cold = measure(built) if host else measure_here(part)
        sizes = f"{megabytes(built.zipped):>10}{megabytes(built.unzipped):>11}"
        click.echo(
            f"{part.name:<12}{sizes}{cold.seconds * 1000:>7.0f} ms{cold.ratio:>8.2f}   {built.digest[:12]}"
        )
        broken += [*built.too_large(), *cold.too_slow()]
    click.echo(
        f"written to {out}; ratio: import of the handler against boto3 with one client, on this machine"
    )
    for line in broken:
        click.echo(line, err=True)
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main(standalone_mode=False))
    except (BuildError, click.ClickException) as error:
        click.echo(f"infra.artifacts: {error}", err=True)
        sys.exit(getattr(error, "exit_code", 1))
