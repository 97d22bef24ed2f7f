"""The run's key: derived from what only this run's worker may read, and never written down.

The master password of the temporary database is random, made for one run, and deleted with the database
without a way back; as long as it is there, so are the originals. A worker that continues for one that was
killed derives the same key from it, and when it is gone nobody can.

The key reaches the database in a session's start-up packet, so that it stands neither in the text of a
statement nor among its parameters: pg_stat_activity, pg_stat_statements and a log of everything know nothing
of it. What is hashed quickly is seeded with numbers derived from it, one per purpose and not per column, so
that the same value becomes the same fake in every table.
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

    @classmethod
    def of_password(cls, password: str, run_id: str) -> "RunKey":
        """The key of a run, derived from its temporary database's own random master password."""
        return cls(hmac.digest(password.encode(), f"snapveil run key {run_id}".encode(), "sha256"))

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


def key_check(settings: Mapping[str, str]) -> str:
    """What tells whether two workers have the same key, by their sessions' settings; it gives no way to the
    key, and nothing is hashed under it."""
    return hmac.digest(settings.get(KEY_SETTING, "").encode(), b"snapveil key check", "sha256").hex()
