"""
Snapshot archives: an uncompressed tar with sparse members (the engine preallocates its files) and a seal.

The seal is the last member and lists every file with its size and CRC, so that an archive that was cut short
or damaged is found out before anything is built on it. GNU tar and Python's tarfile read the sparse form
(PAX 1.0), but Python does not write it; hence the writer here.
"""

import hashlib
import os
import tarfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, Tuple

import orjson

_PAGE = 4096
_CHUNK = 1 << 20
_ZEROS = bytes(_PAGE)
CONFIG = "config.json"
SEAL = "seal.json"


class BadArchive(Exception):
    """The file is not a whole snapshot archive."""


def write(part: Path, shard: Path, config: Dict[str, Any]) -> str:
    """Archive a flushed shard folder that nothing changes meanwhile; returns the SHA-256 of the archive."""
    with open(part, "wb") as raw:
        out = _Hashed(raw)
        seal: Dict[str, List[int]] = {}
        _add_bytes(out, CONFIG, orjson.dumps(config))
        for path in sorted(shard.rglob("*")):
            name = "shard/" + path.relative_to(shard).as_posix()
            if path.is_dir():
                out.write(_header(name + "/", 0, {}, tarfile.DIRTYPE))
            elif path.is_file():
                seal[name] = _add_file(out, name, path)
        _add_bytes(out, SEAL, orjson.dumps({"files": seal}))
        out.write(bytes(1024))
        raw.flush()
        os.fsync(raw.fileno())
        return out.digest.hexdigest()


class _Hashed:
    def __init__(self, raw: BinaryIO) -> None:
        self.raw = raw
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self.raw.write(content)
        self.digest.update(content)


def _header(name: str, size: int, pax: Dict[str, str], kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.pax_headers = size, kind, pax
    info.mode = 0o700 if kind == tarfile.DIRTYPE else 0o600
    return info.tobuf(tarfile.PAX_FORMAT)


def _add_bytes(out: _Hashed, name: str, content: bytes) -> None:
    out.write(_header(name, len(content), {}))
    out.write(_padded(content))


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def _add_file(out: _Hashed, name: str, path: Path) -> List[int]:
    size = path.stat().st_size
    with open(path, "rb") as file:
        extents = _extents(file, size)
        layout = "".join(f"{number}\n" for number in (len(extents), *(n for extent in extents for n in extent)))
        table = _padded(layout.encode())
        data = sum(length for _, length in extents)
        pax = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": name,
            "GNU.sparse.realsize": str(size),
        }
        # The real name is in the extended header only: tarfile lets a long name here win over it.
        out.write(_header(f"GNUSparseFile.0/{path.name}"[:100], len(table) + data, pax))
        out.write(table)
        crc = 0
        for start, length in extents:
            file.seek(start)
            for chunk in _exactly(file, length):
                crc = zlib.crc32(chunk, crc)
                out.write(chunk)
        out.write(bytes(-data % 512))
    return [size, crc]


def _extents(file: BinaryIO, size: int) -> List[Tuple[int, int]]:
    """The parts of a file that are not zero, in whole pages; ends with an empty one at the end, as tar wants it."""
    found: List[List[int]] = []
    for offset in range(0, size, _CHUNK):
        chunk = file.read(_CHUNK)
        if chunk.count(0) == len(chunk):
            continue
        for start in range(0, len(chunk), _PAGE):
            page = chunk[start : start + _PAGE]
            if page == _ZEROS[: len(page)]:
                continue
            if found and sum(found[-1]) == offset + start:
                found[-1][1] += len(page)
            else:
                found.append([offset + start, len(page)])
    return [(start, length) for start, length in found] + [(size, 0)]


def _exactly(file: Any, length: int) -> Iterator[bytes]:
    while length:
        chunk = file.read(min(length, _CHUNK))
        if not chunk:
            raise BadArchive("unexpected end of file")
        length -= len(chunk)
        yield chunk


def unpack(archive: Path, target: Path) -> Dict[str, Any]:
    """Unpack an archive into an empty folder and check it against its seal; returns its config."""
    found: Dict[str, List[int]] = {}
    small: Dict[str, Any] = {}
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                if member.name in (CONFIG, SEAL) and member.isreg() and member.size < 64 * _CHUNK:
                    small[member.name] = orjson.loads(tar.extractfile(member).read())  # type: ignore[union-attr]
                elif member.isdir():
                    _inside(target, member.name).mkdir(parents=True, exist_ok=True)
                elif member.isfile():
                    found[member.name] = _unpack_file(tar, member, _inside(target, member.name))
                else:
                    raise BadArchive(f"unexpected kind of entry: {member.name}")
    except (tarfile.TarError, ValueError, EOFError, OSError) as error:
        raise BadArchive(str(error)) from error
    if CONFIG not in small or small.get(SEAL, {}).get("files") != found:
        raise BadArchive("incomplete or damaged")
    return small[CONFIG]


def _inside(target: Path, name: str) -> Path:
    """The only door to the disk: a member goes below the target folder or nowhere."""
    parts = name.split("/")
    if parts[0] != "shard" or any(part in ("..", ".") or "\\" in part or "\0" in part for part in parts):
        raise BadArchive(f"entry outside of the archive: {name}")
    return target.joinpath(*[part for part in parts[1:] if part])


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> List[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = tar.fileobj
    source.seek(member.offset_data)  # type: ignore[union-attr]
    crc = 0
    with open(path, "xb") as out:
        for start, length in getattr(member, "sparse", None) or [(0, member.size)]:
            out.seek(start)
            for chunk in _exactly(source, length):
                crc = zlib.crc32(chunk, crc)
                out.write(chunk)
        out.truncate(member.size)
        out.flush()
        os.fsync(out.fileno())
    return [member.size, crc]
