"""Folders for engines under test: in memory where there is room, because a data directory has 1,500 files."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a private folder in it)
_ENOUGH = 2 << 30  # bytes free


@contextmanager
def engine_folder() -> Iterator[Path]:
    """A folder that everybody may pass through, with a space in its name, removed in the end."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    folder = Path(tempfile.mkdtemp(prefix="snapveil test ", dir=_MEMORY if has_room else None))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
