"""The masks' functions in plpgsql, said as stored functions of MySQL and MariaDB.

Statements are few: declarations, assignments, IF, CASE, LOOP with EXIT WHEN, FOR over numbers, and RETURN.
"""

import re
from collections.abc import Mapping

from services.anonymize.worker.engines.mysql.expressions import Reader, constants
from services.anonymize.worker.engines.mysql.stored import stored

STATEMENT = re.compile(
    r'CREATE OR REPLACE FUNCTION "\w+"\."(?P<name>\w+)"\((?P<parameters>.*?)\) RETURNS (?P<returns>.+?)'
    r" LANGUAGE (?P<language>\w+) STABLE PARALLEL SAFE AS '(?P<body>.*)'",
    re.DOTALL,
)
TYPES = {"text": "text", "bigint": "BIGINT", "integer": "BIGINT", "boolean": "BOOLEAN"}


def name_of(statement: str) -> str:
    """The name of the function that a statement makes."""
    match = STATEMENT.fullmatch(statement)
    if match is None:
        raise ValueError(f"no statement for a function: {statement[:60]}")
    return match["name"]


def procedure(statement: str, instead: Mapping[str, str]) -> str:
    """The statement that makes a function here, from PostgreSQL's. `instead` says in other words what has no
    translation. Raises ValueError for what is unknown here."""
    match = STATEMENT.fullmatch(statement)
    if match is None:
        raise ValueError(f"no statement for a function: {statement[:60]}")
    body = match["body"].replace("''", "'")
    for part, other in instead.items():
        body = body.replace(part, other)
    parameters = ", ".join(
        f"`{name}` {TYPES[kind]}" for name, kind in (one.split() for one in match["parameters"].split(", "))
    )
    try:
        made = _Procedure(body).whole()
    except (ValueError, KeyError) as error:
        raise ValueError(f"{match['name']} has no translation: {error}") from error
    return stored(match["name"], parameters, TYPES[match["returns"]], made)


class _Procedure(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.declared: list[str] = []
        self.loops = 0
        self.open: list[str] = []

    def whole(self) -> str:
        if self.word("DECLARE"):
            while not self.word("BEGIN"):
                self._declaration()
        else:
            self.must("BEGIN")
        body = self._until("END")
        self.must("END")
        self.word(";")
        if self.now.kind != "end":
            raise self.unknown()
        return " ".join(["BEGIN", *self.declared, body, "END"])

    def _declaration(self) -> None:
        name = self.take("name").text
        kind = self.take("name").text
        array = bool(self.word("["))
        if array:
            self.must("]")
        value = self.either() if self.word(":=") else None
        self.must(";")
        if array:
            self.arrays[name] = constants(value) if value else ()
            return
        default = f" DEFAULT {value}" if value is not None else ""
        self.declared.append(f"DECLARE `{name}` {TYPES[kind]}{default};")

    def _until(self, *ends: str) -> str:
        """Statements before one of some words, which is left."""
        made = []
        while self.now.text.upper() not in ends:
            made.append(self._statement())
        return " ".join(made)

    def _statement(self) -> str:
        if self.word("RETURN"):
            return f"RETURN {self._ended(self.either())}"
        if self.word("NULL"):
            return self._ended("BEGIN END")
        if self.word("IF"):
            return self._if()
        if self.word("CASE"):
            return self._case_statement()
        if self.word("LOOP"):
            return self._loop()
        if self.word("FOR"):
            return self._for()
        if self.word("BEGIN"):
            body = self._until("END")
            self.must("END", ";")
            return f"BEGIN {body} END;"
        if self.word("EXIT"):
            self.must("WHEN")
            return f"IF {self.either()} THEN LEAVE {self.open[-1]}; END {self._ended('IF')}"
        name = self.take("name").text
        self.must(":=")
        if name in self.arrays:
            self.arrays[name] = constants(self.either())
            return self._ended("BEGIN END")
        return f"SET `{name}` = {self._ended(self.either())}"

    def _ended(self, made: str) -> str:
        self.must(";")
        return f"{made};"

    def _if(self) -> str:
        made = f"IF {self.either()} THEN "
        self.must("THEN")
        made += self._until("ELSIF", "ELSE", "END")
        while self.word("ELSIF"):
            made += f" ELSEIF {self.either()} THEN "
            self.must("THEN")
            made += self._until("ELSIF", "ELSE", "END")
        if self.word("ELSE"):
            made += f" ELSE {self._until('END')}"
        self.must("END", "IF")
        return self._ended(f"{made} END IF")

    def _case_statement(self) -> str:
        made = "CASE"
        if self.now.text.upper() != "WHEN":
            made += f" {self.either()}"
        while self.word("WHEN"):
            made += f" WHEN {self.either()} THEN "
            self.must("THEN")
            made += self._until("WHEN", "ELSE", "END")
        if self.word("ELSE"):
            made += f" ELSE {self._until('END')}"
        self.must("END", "CASE")
        return self._ended(f"{made} END CASE")

    def _loop(self) -> str:
        self.loops += 1
        self.open.append(f"loop_{self.loops}")
        body = self._until("END")
        self.must("END", "LOOP")
        return self._ended(f"{self.open[-1]}: LOOP {body} END LOOP {self.open.pop()}")

    def _for(self) -> str:
        name = self.take("name").text
        self.must("IN")
        low = self.either()
        self.must("..")
        high = self.either()
        self.must("LOOP")
        body = self._until("END")
        self.must("END", "LOOP")
        declared = f"DECLARE `{name}` BIGINT;"
        if declared not in self.declared:
            self.declared.append(declared)
        step = f"SET `{name}` = `{name}` + 1;"
        return self._ended(f"SET `{name}` = {low}; WHILE `{name}` <= {high} DO {body} {step} END WHILE")
