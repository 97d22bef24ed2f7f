"""A zip that is the same, byte for byte, whenever it is made from the same files."""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

_MADE_AT = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip can name
_MODE = 0o644 << 16  # Lambda runs as another user: everybody may read, nobody may execute


def write_zip(path: Path, files: Mapping[str, Path]) -> str:
    """Write files under their names, sorted; return the zip's SHA-256 (hex)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MADE_AT)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes(), compresslevel=9)
    return digest_of(path)


def digest_of(path: Path) -> str:
    """Compute a file's SHA-256 (hex)."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
