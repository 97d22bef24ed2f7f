"""The mask key of a policy that names a secret, where no Secrets Manager has it: on this machine."""

import os
from pathlib import Path

from cli.exits import InputError
from services.anonymize.worker.mask_keys import WeakKeyError, key_from

VARIABLE = "SNAPVEIL_MASK_KEY"


def mask_key(secret: str | None, file: Path | None) -> str | None:
    """Return the mask key from a file or the environment; None if the policy names no secret. Raises
    InputError."""
    if secret is None:
        return None
    if file is not None:
        try:
            found, where = file.read_text("utf-8").strip(), str(file)
        except (OSError, UnicodeDecodeError):
            raise InputError(f"--key-file {file}: it is not there, or no text") from None
    else:
        found, where = os.environ.get(VARIABLE, "").strip(), VARIABLE
        if not found:
            raise InputError(
                f"the policy's mask key is the secret {secret}, which stays in production;"
                f" give one in {VARIABLE} or with --key-file"
            )
    try:
        key_from(found.encode())
    except WeakKeyError as error:
        raise InputError(f"{where} {error}") from None
    return found
