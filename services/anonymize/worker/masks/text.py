"""Masks for free text."""

from typing import Any, ClassVar

from pydantic import Field
from sqlalchemy import ColumnElement, Text, cast, null
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.anonymize.worker.masks.base import Example, MaskContext, TextMask, Trait
from services.anonymize.worker.masks.functions import REDACTED
from services.anonymize.worker.masks.names import fitted
from services.anonymize.worker.sql import Collated, TextElement, work_function


class Redact(TextMask):
    """The text with a placeholder for every e-mail, telephone number, IBAN, URL and IP address in it, and for
    the names that stand in columns of the same row."""

    word: ClassVar[str] = "redact"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.NULLS})
    preserves: ClassVar[str] = "the rest of the text"
    loses: ClassVar[str] = "e-mails, phones, IBANs, URLs, IPs and the row's own names"
    example: ClassVar[Example] = Example(
        "{mask: redact, names_from: [first_name]}",
        "Camille asks for a call at 06 12 34 56 78",
        "[name] asks for a call at [phone]",
        row={"first_name": "Camille"},
    )

    names_from: tuple[str, ...] = Field((), description="columns of the same row that hold names")

    def reads(self) -> tuple[str, ...]:
        return self.names_from

    def functions(self) -> tuple[str, ...]:
        return (REDACTED,)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        names: ColumnElement[Any] = null()
        if self.names_from:
            names = array([Collated(context.row(name)) for name in self.names_from])
        return fitted(work_function("redacted", value, cast(names, ARRAY(Text))), length)
