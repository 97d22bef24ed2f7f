"""Reads what files hold in another form: compressed, as digits, in base64 or UTF-16, cut by a log's blocks.

MySQL's data dictionary has a table's description as compressed JSON (SDI), values of instant columns as
digits, and those of histograms and defaults in base64.
"""

import base64
import re
import zlib
from collections.abc import Iterator

PAGE = 16384
SDI_BLOB = 18  # FIL_PAGE_SDI_BLOB
BLOB_HEAD = 46  # the page's head, the part's length and the next part's page
MOST = 1 << 20
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_STEP = 32


def readings(content: bytes, mark: bytes) -> Iterator[bytes]:
    """A file's content, and around each `mark` of another form its text, with eight bytes behind it."""
    for plain in (content, *_unblocked(content), *_inflated(content)):
        yield plain
        yield from _from_digits(plain, mark)
        yield from _from_base64(plain, mark)
        yield from _from_utf16(plain, mark)


def _unblocked(content: bytes) -> Iterator[bytes]:
    """A redo log without the heads and sums of its blocks; of other files nothing that matters."""
    if len(content) % 512 == 0 and content[16:32].startswith((b"MySQL", b"MEB", b"MariaDB")):
        yield b"".join(content[at + 12 : at + 508] for at in range(2048, len(content), 512))


def _inflated(content: bytes) -> Iterator[bytes]:
    for match in _ZLIB.finditer(content):
        if plain := _inflate(_stream(content, match.start())):
            yield plain


def _stream(content: bytes, at: int) -> bytes:
    """What follows; in a page of SDI the parts in other pages too."""
    page, read, pages = at // PAGE, b"", 0
    if int.from_bytes(content[page * PAGE + 24 : page * PAGE + 26]) != SDI_BLOB:
        return content[at : at + MOST]
    while page and pages < 64 and (start := page * PAGE) < len(content):
        length = int.from_bytes(content[start + 38 : start + 42])
        read += content[max(at, start + BLOB_HEAD) : start + BLOB_HEAD + min(length, PAGE)]
        page, at, pages = int.from_bytes(content[start + 42 : start + 46]), 0, pages + 1
        if page == 0xFFFFFFFF:
            break
    return read


def _inflate(stream: bytes) -> bytes:
    """As much of it as can be read: its end may have been written over."""
    reader, plain = zlib.decompressobj(), b""
    try:
        for at in range(0, len(stream), _STEP):
            plain += reader.decompress(stream[at : at + _STEP])
            if reader.eof:
                break
    except zlib.error:
        pass
    return plain


def _from_digits(content: bytes, mark: bytes) -> Iterator[bytes]:
    for match in re.finditer(mark.hex().encode() + rb"(?:[0-9a-f]{2}){0,8}", content, re.IGNORECASE):
        yield bytes.fromhex(match[0].decode())


def _from_utf16(content: bytes, mark: bytes) -> Iterator[bytes]:
    """Columns may be in UTF-16; either order of bytes."""
    for order in ("utf-16-be", "utf-16-le"):
        wide = mark.decode().encode(order)
        for match in re.finditer(re.escape(wide) + rb".{0,16}", content, re.DOTALL):
            yield match[0].replace(b"\0", b"")


def _from_base64(content: bytes, mark: bytes) -> Iterator[bytes]:
    """Base64 of a text depends on where in three bytes it begins."""
    for before in range(3):
        first = -(-before * 8 // 6)  # the first letter that the bytes before have no part in
        fixed = base64.b64encode(b"\0" * before + mark)[first : (before + len(mark)) * 8 // 6]
        for match in re.finditer(re.escape(fixed), content):
            begun = match.start() - first
            if begun >= 0:
                letters = re.match(rb"[A-Za-z0-9+/]*", content[begun : begun + 20])
                whole = letters[0][: len(letters[0]) // 4 * 4] if letters else b""
                yield base64.b64decode(whole)
