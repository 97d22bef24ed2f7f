"""Identifiers as most are written, in an expression that calls a short function; others go to the long one.

Both make the same fake of a number, which a test holds them to.
"""

from typing import Any

from sqlalchemy import literal_column

from services.anonymize.worker.engines.mysql.functions_permuting import fake_dni
from services.anonymize.worker.engines.mysql.sql import compiled
from services.anonymize.worker.masks import Mask, MaskContext
from services.anonymize.worker.masks.identifiers import Nif
from services.anonymize.worker.sql import TextElement


def nif(mask: Nif, value: TextElement, length: int | None, context: MaskContext) -> TextElement:
    """Most Spanish tax numbers are a DNI, written as it is."""
    slow = mask.fake(value, length, context)
    return literal_column(f"COALESCE({fake_dni(compiled(value))}, {compiled(slow)})", slow.type)


FAKES: dict[type[Mask], Any] = {Nif: nif}
