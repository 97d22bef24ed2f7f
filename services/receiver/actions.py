"""What the receiver can do, and the word for what it does it to: an edition of a target."""

from dataclasses import dataclass

from shared import names
from shared.database.port import Database


@dataclass(frozen=True)
class Edition:
    """A database that the target can be: of which run's copy, and which of several built from it."""

    run_id: str
    name: str = ""  # empty for the first, which nobody had to ask for

    def is_in(self, database: Database | None) -> bool:
        """Tell whether a database is this edition."""
        return database is not None and edition_of(database) == self


def edition_of(database: Database) -> Edition | None:
    """Name the run from whose snapshot a database was built, and which of several it is."""
    run_id = database.tags.get(names.RUN_ID_TAG)
    return Edition(run_id, database.tags.get(names.EDITION_TAG, "")) if run_id else None


@dataclass(frozen=True)
class CopySnapshot:
    """Copy what is shared under development's own key: from then on production may withdraw it."""

    snapshot: str
    name: str


@dataclass(frozen=True)
class DeleteCopy:
    """Delete a copy that failed or that is older than those to keep."""

    name: str


@dataclass(frozen=True)
class AnnounceReceived:
    """Tell production that the copy is complete."""

    run_id: str


@dataclass(frozen=True)
class RestoreCopy:
    """Start to build a database from the copy."""

    snapshot: str
    into: str


@dataclass(frozen=True)
class AddInstance:
    """Give a restored cluster its instance."""

    database: str


@dataclass(frozen=True)
class SetMasterPassword:
    """Give the new database the password that developers know."""

    database: str


@dataclass(frozen=True)
class PrepareDatabase:
    """Run the configuration's statements for developers in the new database."""

    database: str


@dataclass(frozen=True)
class Rename:
    """One half of the swap, or its way back."""

    database: str
    to: str


@dataclass(frozen=True)
class RecordAddress:
    """Write the target's address beside its password."""

    database: str


@dataclass(frozen=True)
class RecordReplaced:
    """Write down that developers use an edition that an operator asked for."""

    edition: Edition


@dataclass(frozen=True)
class DeleteDatabase:
    """Delete a database that the target has replaced, or one that could not be built."""

    database: str
    failure: str | None = None


Action = (
    CopySnapshot
    | DeleteCopy
    | AnnounceReceived
    | RestoreCopy
    | AddInstance
    | SetMasterPassword
    | PrepareDatabase
    | Rename
    | RecordAddress
    | RecordReplaced
    | DeleteDatabase
)
