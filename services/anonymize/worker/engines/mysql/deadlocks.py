"""Doing again what a server ended because two sessions waited for each other.

MySQL locks what foreign keys lead to as well when a table is made anew, renamed or emptied, so that two
sessions may wait for each other; it ends one of their statements, which has done nothing.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.anonymize.worker.connecting import execute
from services.anonymize.worker.engines.mysql.residue.rights import number_of

DEADLOCK = 1213
TURNS = 20
PAUSE = 0.05  # seconds, longer with each turn

ResultT = TypeVar("ResultT")


def again(statement: Callable[[], ResultT]) -> ResultT:
    """Run a statement that is a transaction of its own, again where a deadlock ended it."""
    for turn in range(1, TURNS):
        try:
            return statement()
        except DBAPIError as error:
            if number_of(error) != DEADLOCK:
                raise
        time.sleep(PAUSE * turn)
    return statement()


def execute_again(connection: Connection, statement: str) -> None:
    """Execute one such statement."""
    again(lambda: execute(connection, statement))
