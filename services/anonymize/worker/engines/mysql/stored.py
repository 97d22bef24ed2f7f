"""How a stored function of the worker's own database is made."""

import re

from services.anonymize.worker.engines.mysql.sql import BINARY_COLLATION, WORK_DATABASE, qualified

TEXT = f"LONGTEXT CHARACTER SET utf8mb4 COLLATE {BINARY_COLLATION}"
SHORT = f"VARCHAR(255) CHARACTER SET utf8mb4 COLLATE {BINARY_COLLATION}"  # costs a call less than a long text
OWN = re.compile(r"(?<![\w.`])own\.(\w+)\(")


def stored(name: str, parameters: str, returns: str, body: str) -> str:
    """The statement that makes a function. In its parameters and its body `text` and `short` are types, and
    `own.` stands before another function of the worker's.

    NO SQL: it reads user variables and no table, which a server that writes a binary log asks to be told.
    SQL SECURITY INVOKER: nobody gains a right by calling it.
    """
    called = OWN.sub(WORK_DATABASE + r".\1(", _types(body)).strip()
    return (
        f"CREATE FUNCTION {qualified(WORK_DATABASE, name)}({_types(parameters)}) RETURNS {_types(returns)}"
        f" NO SQL SQL SECURITY INVOKER {called}"
    )


def _types(text: str) -> str:
    """Texts and short texts as they are compared: under utf8mb4_bin."""
    return re.sub(
        r"\btext\b(?= *[,;)]|$| DEFAULT)", TEXT, re.sub(r"\bshort\b(?= *[,;)]|$| DEFAULT)", SHORT, text)
    )
