# ruff: noqa: E501 - SQL keeps its own lines
"""Names what lies in InnoDB's change buffer: keys of indexes whose pages were not in memory when rows changed.

It is a tree in ibdata1 with free pages of its own, which nothing else takes, and it is written only while pages of
indexes are not in memory. So no statement writes over what production left there (seen: it survives every part of
cleaning). MariaDB 11 has none.
"""

import re

from services.anonymize.worker.engines.mysql.connecting import Database
from services.anonymize.worker.engines.mysql.residue.rights import asked
from services.anonymize.worker.engines.results import Remainder

_HAS_ONE = "SHOW GLOBAL VARIABLES LIKE 'innodb_change_buffering'"
_STATUS = "SHOW GLOBAL STATUS LIKE 'Innodb_ibuf_segment_size'"
_SAID = re.compile(r"Ibuf: size \d+, free list len \d+, seg size (\d+)")
_COUNTED = 2**32  # MariaDB 10.11 shows another number in what is above
_NEVER_USED = 2  # its head and its root


def name_change_buffer(database: Database) -> Remainder:
    """Say that keys may be there, and how many pages there are for them."""
    with database.autocommit() as connection:
        if not asked(connection, _HAS_ONE):
            return Remainder()
        pages = None
        if status := asked(connection, _STATUS):
            pages = int(str(status[0][1])) % _COUNTED
        elif said := asked(connection, "SHOW ENGINE INNODB STATUS"):
            match = _SAID.search(str(said[0][2]))
            pages = int(match[1]) if match else None
    many = "an unknown number of" if pages is None else str(pages - 1)
    used = "it was never larger than one page" if pages == _NEVER_USED else f"it has {many} pages"
    return Remainder(
        beyond=[
            "InnoDB's change buffer: keys of indexes that production changed while innodb_change_buffering was on may stay"
            f" in ibdata1; no statement writes over them ({used})"
        ]
    )
