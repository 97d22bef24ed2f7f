"""`snapveil policy bundle`: a policy and the files that it names, as they are published for a source."""

from pathlib import Path

import click

from cli.exits import FINE, InputError
from cli.policy.files import policy_file, policy_option, usable
from services.anonymize.worker.policy import Policy
from shared.bundle import MAX_BYTES, MAX_FILES, POLICY_FILE, digest_of


def bundle_of(file: Path, policy: Policy) -> dict[str, bytes]:
    """Read a policy's files by the names that they are published under: its own is policy.yaml. Raises
    InputError."""
    files = {POLICY_FILE: file.read_bytes()}
    for name in policy.files:
        path = file.parent / name
        if not path.is_file():
            raise InputError(f"{file}: {name} does not lie beside the policy")
        files[name] = path.read_bytes()
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise InputError(f"{file}: with its files it has more than {MAX_FILES} files or {MAX_BYTES} bytes")
    return files


@click.command("bundle", short_help="Write a policy with all its files into a folder, as it is published.")
@policy_option
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write, empty or not there.",
)
def command(policy: Path, output: Path) -> int:
    """Write a policy with the files that it includes and runs into a folder, as it is published for a source.

    The policy is called policy.yaml there, whatever it is called here. `snapveil deploy --policy` does the
    same by itself.
    """
    file = policy_file(policy)
    files = bundle_of(file, usable(file))
    if output.is_dir() and any(output.iterdir()):
        raise InputError(f"{output} is not empty")
    for name, content in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)
    click.echo(f"wrote {len(files)} files to {output}; digest {digest_of(files)}")
    return FINE
