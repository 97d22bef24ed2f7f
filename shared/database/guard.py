"""The second check before every call that changes or deletes: only what Snapveil made, only in this account.

IAM says the same by prefix and by explicit deny; this one also holds where a role was given too much.
"""

from collections.abc import Mapping

from shared.names import PREFIX, RUN_ID_TAG


class GuardError(Exception):
    """A change was about to reach something that Snapveil did not make."""


class Guard:
    """Refuses every name without Snapveil's prefix, every other account and everything without a run tag."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id

    def new(self, name: str, tags: Mapping[str, str]) -> None:
        """Check what is about to be created."""
        self._prefix(name)
        self._tagged(name, tags)

    def existing(self, arn: str, tags: Mapping[str, str]) -> None:
        """Check what is about to be changed or deleted, as a describe call has just shown it."""
        account, name = arn.split(":")[4], arn.split(":", 6)[6]
        if account != self.account_id:
            raise GuardError(
                f"{arn} belongs to account {account}; this service changes only what account "
                f"{self.account_id} holds"
            )
        self._prefix(name)
        self._tagged(name, tags)

    @staticmethod
    def _prefix(name: str) -> None:
        if not name.startswith(PREFIX):
            raise GuardError(f"{name} does not begin with {PREFIX!r}; Snapveil touches nothing else")

    @staticmethod
    def _tagged(name: str, tags: Mapping[str, str]) -> None:
        if not tags.get(RUN_ID_TAG):
            raise GuardError(
                f"{name} carries no tag {RUN_ID_TAG}: Snapveil did not make it, or the tag was removed; "
                "look at it and delete it by hand"
            )
