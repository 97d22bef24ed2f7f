"""Masks for free text."""

from typing import ClassVar

from sqlalchemy import Text, func, literal

from services.anonymize.worker.masks.base import MaskContext, TextMask
from services.anonymize.worker.masks.names import fitted
from services.anonymize.worker.shapes import EMAIL, IBAN, IPV4, PHONE, URL
from services.anonymize.worker.sql import Collated, TextElement

# In this order: an address may stand inside a URL, and an IP address begins like some telephone numbers.
PLACEHOLDERS = ((URL, "[url]"), (EMAIL, "[email]"), (IBAN, "[iban]"), (IPV4, "[ip]"), (PHONE, "[phone]"))
NEVER = "(?!)"


class Redact(TextMask):
    """The text with a placeholder for every e-mail, telephone number, IBAN, URL and IP address in it, and for the names
    that stand in columns of the same row."""

    word: ClassVar[str] = "redact"
    preserves: ClassVar[str] = "the rest of the text, NULL and empty values"

    names_from: tuple[str, ...] = ()

    def reads(self) -> tuple[str, ...]:
        return self.names_from

    def fake(self, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
        text: TextElement = value
        for pattern, placeholder in PLACEHOLDERS:
            text = func.regexp_replace(text, literal(pattern), literal(placeholder), literal("gi"), type_=Text)
        for column in self.names_from:
            name = func.btrim(Collated(context.row(column)), type_=Text)
            plain = func.regexp_replace(name, literal(r"([^[:alnum:][:space:]])"), literal(r"\\\1"), literal("g"))
            # a NULL pattern would make the whole text NULL; one letter would take every such letter for a name
            named = func.substring(plain, literal("^..+$"), type_=Text)
            pattern_here = func.coalesce(literal(r"\m") + named + literal(r"\M"), literal(NEVER))
            text = func.regexp_replace(text, pattern_here, literal("[name]"), literal("gi"), type_=Text)
        return fitted(text, length)
