"""A mask for files in columns: a tiny valid one of the same kind."""

import struct
import zlib
from typing import Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, case, func, literal, or_

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, Trait
from services.anonymize.worker.masks.dates import as_is
from services.anonymize.worker.schema import Column, Family


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# one grey pixel
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(b"\x00\x80", 9))
    + _chunk(b"IEND", b"")
)


def _pdf() -> bytes:
    """One empty page."""
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    )
    file, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(file))
        file += b"%d 0 obj%sendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 4\n0000000000 65535 f \n" + table
    return file + end + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(file)


# What pictures begin with: PNG, GIF, WebP, TIFF of both orders, and JPEG of any maker.
PICTURES = ("89504e47", "47494638", "52494646", "49492a00", "4d4d002a")
JPEG = "ffd8ff"
FILES = {"png": PNG, "pdf": _pdf(), "empty": b""}


class Placeholder(Mask):
    """A tiny valid file: one grey pixel, one empty page, or no bytes at all."""

    word: ClassVar[str] = "placeholder"
    accepts: ClassVar[frozenset[Family]] = frozenset({Family.BYTES})
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.NULLS})
    preserves: ClassVar[str] = "a file that viewers open; with `kind: keep`, PNG or PDF as before"
    example: ClassVar[Example] = Example("{mask: placeholder, kind: empty}", "\\x414243", "\\x", "bytea")

    kind: Literal["keep", "png", "pdf", "empty"] = Field(
        "keep", description="keep: a PDF for a PDF, a PNG for any picture, no bytes for anything else"
    )

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        own = as_is(value, column)
        size = func.length(own)
        if self.kind != "keep":
            return case((size > literal(0), _bytes(FILES[self.kind])), else_=own)
        start = func.encode(func.substr(own, 1, 4), literal("hex"))
        picture = or_(start.in_([literal(magic) for magic in PICTURES]), func.left(start, 6) == literal(JPEG))
        return case(
            (start == literal("25504446"), _bytes(FILES["pdf"])),
            (picture, _bytes(FILES["png"])),
            (size >= literal(0), _bytes(b"")),
            else_=own,
        )


def _bytes(file: bytes) -> ColumnElement[Any]:
    return func.decode(literal(file.hex()), literal("hex"))
