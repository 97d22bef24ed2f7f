"""Masks for free text."""

from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Text, cast, null
from sqlalchemy.dialects.postgresql import ARRAY, array

from services.anonymize.worker.masks.base import MaskContext, TextMask
from services.anonymize.worker.masks.functions import REDACTED
from services.anonymize.worker.masks.names import fitted
from services.anonymize.worker.sql import Collated, TextElement, work_function


class Redact(TextMask):
    """The text with a placeholder for every e-mail, telephone number, IBAN, URL and IP address in it, and for
    the names that stand in columns of the same row."""

    word: ClassVar[str] = "redact"
    preserves: ClassVar[str] = "the rest of the text, NULL and empty values"

    names_from: tuple[str, ...] = ()

    def reads(self) -> tuple[str, ...]:
        return self.names_from

    def functions(self) -> tuple[str, ...]:
        return (REDACTED,)

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        names: ColumnElement[Any] = null()
        if self.names_from:
            names = array([Collated(context.row(name)) for name in self.names_from])
        return fitted(work_function("redacted", value, cast(names, ARRAY(Text))), length)
