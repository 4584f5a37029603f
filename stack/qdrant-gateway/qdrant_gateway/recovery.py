"""Recovery: from a snapshot file to a collection, in place of the present one or as a new one."""

import hashlib
import uuid
from pathlib import Path
from typing import Any, Dict, Optional
from urllib.parse import unquote, urlsplit

from . import archive
from .config import dense_vectors, sparse_names
from .durable import remove_tree
from .errors import ApiError, FormatError, bad_request, internal, wrong_input
from .registry import Registry
from .snapshots import Snapshots, open_shard

PRIORITIES = ("no_sync", "snapshot", "replica")


def check_priority(raw: Any) -> None:
    """Refuse an unknown priority. With one node and one replica they all mean the snapshot's data."""
    if raw not in (None, *PRIORITIES):
        raise FormatError(f"unknown variant `{raw}`, expected one of `no_sync`, `snapshot`, `replica`")


def check_checksum(actual: str, wanted: Optional[str]) -> None:
    """Compare checksums. The sentence names them the wrong way round, as Qdrant's does."""
    if wanted and wanted.lower() != actual:
        raise ApiError(400, f"Checksum mismatch: expected {actual}, actual {wanted}")


def file_checksum(path: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def locate(location: Any, snapshots: Snapshots, own_hosts: set) -> Path:
    """
    The file that a location names. Only the gateway's own snapshots: files below its snapshot folder, and
    URLs of itself, which it reads from disk; it never calls out.
    """
    if not isinstance(location, str) or "://" not in location:
        raise FormatError("relative URL without a base")
    url = urlsplit(location)
    if url.scheme == "file":
        return _local_file(Path(unquote(url.path)), snapshots)
    if url.scheme not in ("http", "https"):
        raise bad_request(f"URL {location} with scheme {url.scheme} is not supported")
    if url.netloc not in own_hosts:
        raise ApiError(403, "Forbidden: the edge gateway recovers only from its own snapshots or by upload")
    parts = [unquote(part) for part in url.path.split("/")]
    if len(parts) == 5 and parts[1] == "collections" and parts[3] == "snapshots" and parts[4] not in ("", ".", ".."):
        path = snapshots.folder(parts[2]) / parts[4]
        if path.is_file() and path.suffix == ".snapshot":
            return path
    raise bad_request(f"Failed to download snapshot from {location}: status - 404 Not Found")


def _local_file(path: Path, snapshots: Snapshots) -> Path:
    real = path.resolve()
    if not real.is_file():
        raise bad_request(f'Snapshot file "{path}" does not exist')
    if snapshots.root.resolve() not in real.parents:
        raise ApiError(403, f'Forbidden: Snapshot file "{path}" must be inside the snapshots directory')
    return real


def recover(registry: Registry, name: str, path: Path) -> None:
    """
    Build a shard beside what is there, open it, and only then swap it in: a bad archive changes nothing, and
    a crash at any moment leaves the old collection or the new one.
    """
    target = registry.get(name) if registry.exists(name) else None
    if target is None:
        registry.check_new_name(name)
    folder = target.folder if target else registry.folder_of(name)
    generation = uuid.uuid4().hex
    unpacked = folder / generation
    unpacked.mkdir(parents=True)
    shard = None
    try:
        facts = _unpack(path, unpacked)
        if target is not None:
            _check_fit(target.config, facts["config"])
        real_name = target.name if target else name
        meta = {
            "format": 1,
            "name": real_name,
            "generation": generation,
            "config": facts["config"],
            "index_params": facts["index_params"],
        }
        shard = open_shard(unpacked)
        if target is not None:
            target.swap(meta, shard)
        else:
            registry.adopt(name, folder, meta, shard)
    except BaseException:
        if shard is not None:
            shard.close()
        remove_tree(unpacked)
        if target is None and not registry.exists(name):
            remove_tree(folder)
        raise


def _unpack(path: Path, folder: Path) -> Dict[str, Any]:
    try:
        facts = archive.unpack(path, folder)
    except archive.BadArchive as error:
        raise internal("File IO error: Malformed tar archive, reached unknown entry") from error
    if facts.get("format") != 1:
        raise internal("File IO error: this snapshot was made by a newer gateway")
    return facts


def _check_fit(present: Dict[str, Any], coming: Dict[str, Any]) -> None:
    ours, theirs = (_shape(one) for one in (present, coming))
    if ours != theirs:
        raise wrong_input(
            f"Snapshot is not compatible with existing collection: Collection vectors: {ours} Snapshot Vectors: {theirs}"
        )


def _shape(config: Dict[str, Any]) -> Dict[str, Any]:
    dense = {name: [one["size"], one["distance"]] for name, one in dense_vectors(config).items()}
    return {**dense, **dict.fromkeys(sparse_names(config), "sparse")}
