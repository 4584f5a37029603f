"""File operations that survive a crash: a reader sees the old content or the new one, never a mixture."""

import os
import shutil
from pathlib import Path
from typing import Any

import orjson


def sync_dir(folder: Path) -> None:
    """Make renames and new names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write by temporary name, fsync and rename."""
    write_bytes(path, orjson.dumps(value, option=orjson.OPT_INDENT_2))


def write_bytes(path: Path, content: bytes) -> None:
    """Write by temporary name, fsync and rename."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_dir(path.parent)


def read_json(path: Path) -> Any:
    """Parse a file written by write_json."""
    return orjson.loads(path.read_bytes())


def remove_tree(path: Path) -> None:
    """Delete a folder or a file; it may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
