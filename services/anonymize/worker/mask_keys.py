"""The mask key of a policy that names a secret, so that pseudonyms last from run to run.

Whoever has the secret can find out whose a pseudonym is by masking guesses, so the worker alone reads it,
judges it before anything is written, and never shows it.
"""

import hmac
import math
from collections import Counter
from typing import Any

from botocore.exceptions import ClientError

from services.anonymize.worker.failures import MaskingError
from services.anonymize.worker.keys import KEY_BYTES, RunKey

LEAST_BITS = 100.0  # 32 random hexadecimal digits seldom show less
HINT = "make one with: openssl rand -base64 32"


class WeakKeyError(Exception):
    """A text is no mask key: it is too short, or too regular."""


def run_key(secret: str, secrets_manager: Any) -> RunKey:
    """Return the key that a secret holds; `secret` is the name or ARN that the policy gives. Raises
    MaskingError where it cannot be read or is no key."""
    try:
        answer = secrets_manager.get_secret_value(SecretId=secret)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise MaskingError(f"key: the secret {secret} cannot be read ({code}); create it, {HINT}") from error
    content = answer.get("SecretBinary") or str(answer.get("SecretString", "")).encode()
    try:
        return key_from(content)
    except WeakKeyError as error:
        raise MaskingError(f"key: the secret {secret} {error}") from None


def key_from(content: bytes) -> RunKey:
    """Make a key of a secret's content, spaces around it aside. Raises WeakKeyError."""
    stripped = content.strip()
    if len(stripped) < KEY_BYTES:
        raise WeakKeyError(f"has {len(stripped)} bytes, and a mask key needs {KEY_BYTES}; {HINT}")
    if _bits(stripped) < LEAST_BITS or stripped in (stripped + stripped)[1:-1]:
        raise WeakKeyError(f"repeats itself too much to be random; {HINT}")
    return RunKey(hmac.digest(stripped, b"snapveil mask key", "sha256"))


def _bits(content: bytes) -> float:
    """The most that its bytes can tell, counted one by one (Shannon)."""
    counts = Counter(content).values()
    return -sum(count * math.log2(count / len(content)) for count in counts)
