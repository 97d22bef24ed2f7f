"""The run's key: random, in this process's memory only, and forgotten with it.

It reaches the database in a session's start-up packet, so that it stands neither in the text of a statement
nor among its parameters: pg_stat_activity, pg_stat_statements and a log of everything know nothing of it.
What is hashed quickly is seeded with numbers derived from it, one per purpose and not per column, so that
the same value becomes the same fake in every table.
"""

import hmac
import secrets
from collections.abc import Mapping

from services.anonymize.worker.sql import KEY_SETTING, Purpose

DIGEST_KEY_SETTING = "snapveil.digest_key"
KEY_BYTES = 32


class RunKey:
    """A run's key and what is derived from it. It has no text form, so that no log can show it by
    accident."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(KEY_BYTES)

    def __repr__(self) -> str:
        return "RunKey(…)"

    def settings(self) -> Mapping[str, str]:
        """Session settings by name. Masks and verification's digests hash under keys that do not follow from
        each other."""
        seeds = {
            purpose.setting: str(
                int.from_bytes(self._derived(f"seed {purpose.value}")[:8], "big", signed=True)
            )
            for purpose in Purpose
        }
        return {
            KEY_SETTING: self._derived("mask").hex(),
            DIGEST_KEY_SETTING: self._derived("digest").hex(),
            **seeds,
        }

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), "sha256")
