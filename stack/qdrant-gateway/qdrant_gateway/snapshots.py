"""Snapshots of collections: creating, listing, finding and deleting them."""

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import quote

import qdrant_edge as edge

from . import archive
from .collection import Collection
from .durable import remove_tree, sync_dir, write_bytes
from .errors import from_engine, internal, not_found
from .registry import Registry

_SUFFIX = ".snapshot"
_PART = ".part"


class Snapshots:
    """The snapshot folders, one per collection name; they outlive their collections, as in Qdrant."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._root = registry.snapshots
        self._names = threading.Lock()
        self._taken: Dict[str, datetime] = {}
        for leftover in self._root.glob(f"*/*{_PART}"):
            remove_tree(leftover)
        for orphan in self._root.glob("*/*.checksum"):
            if not orphan.with_suffix("").exists():
                remove_tree(orphan)

    @property
    def root(self) -> Path:
        """The folder above all snapshots."""
        return self._root

    def folder(self, name: str) -> Path:
        """The snapshot folder of a collection name."""
        return self._root / quote(name, safe=" ").replace(".", "%2E")

    def create(self, collection: Collection) -> Dict[str, Any]:
        """Freeze the collection, archive it under a temporary name, then give the archive its name."""
        folder = self.folder(collection.name)
        folder.mkdir(exist_ok=True)
        with collection.held("freeze") as shard:
            path = folder / self._fresh_name(collection.name, folder)
            part = path.with_name(path.name + _PART)
            try:
                shard.flush()
                collection.dirty = False
                checksum = archive.write(part, collection.shard_folder, self._facts(collection))
            except OSError as error:
                remove_tree(part)
                raise internal(f"File IO error: {error}") from error
            # The checksum goes first: a listed snapshot always has one.
            write_bytes(_checksum_file(path), checksum.encode())
            part.rename(path)
            sync_dir(folder)
        return self._describe(path)

    def _facts(self, collection: Collection) -> Dict[str, Any]:
        kept = {name: collection.meta[name] for name in ("config", "index_params")}
        return {"format": 1, "collection": collection.name, **kept}

    def _fresh_name(self, name: str, folder: Path) -> str:
        """
        A name never used before. Names have a resolution of one second, and a Qdrant server lets the second
        snapshot within one overwrite the first; here the second one gets the next second.
        """
        with self._names:
            moment = datetime.now(timezone.utc).replace(microsecond=0)
            last = self._taken.get(name)
            if last is not None and moment <= last:
                moment = last + timedelta(seconds=1)
            while (folder / self._name_at(name, moment)).exists():
                moment += timedelta(seconds=1)
            self._taken[name] = moment
            return self._name_at(name, moment)

    def _name_at(self, name: str, moment: datetime) -> str:
        return f"{name}-{self._registry.peer_id}-{moment:%Y-%m-%d-%H-%M-%S}{_SUFFIX}"

    def list(self, collection: Collection) -> List[Dict[str, Any]]:
        """All snapshots of a collection, oldest first."""
        return [self._describe(path) for path in sorted(self.folder(collection.name).glob(f"*{_SUFFIX}"))]

    def _describe(self, path: Path) -> Dict[str, Any]:
        facts = path.stat()
        made = datetime.fromtimestamp(int(facts.st_mtime), timezone.utc)
        side = _checksum_file(path)
        return {
            "name": path.name,
            "creation_time": f"{made:%Y-%m-%dT%H:%M:%S}",
            "size": facts.st_size,
            "checksum": side.read_text() if side.exists() else None,
        }

    def find(self, collection: Collection, name: str) -> Path:
        """The file of a snapshot."""
        path = self.folder(collection.name) / name
        if "/" in name or not name.endswith(_SUFFIX) or not path.is_file():
            raise not_found(f"Snapshot {name} not found")
        return path

    def delete(self, collection: Collection, name: str) -> None:
        """Delete a snapshot."""
        path = self.find(collection, name)
        path.unlink()
        remove_tree(_checksum_file(path))
        sync_dir(path.parent)


def _checksum_file(path: Path) -> Path:
    return path.with_name(path.name + ".checksum")


def open_shard(folder: Path) -> edge.EdgeShard:
    """Open an unpacked shard and prove that it can be read."""
    try:
        shard = edge.EdgeShard.load(str(folder))
        shard.count(edge.CountRequest(exact=True))
        return shard
    except Exception as error:  # the engine's own class is plain Exception
        raise from_engine(error) from error
