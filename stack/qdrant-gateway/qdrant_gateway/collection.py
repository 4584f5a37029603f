"""One collection: a shard of the engine, its config and the lock that orders what happens to it."""

import threading
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import qdrant_edge as edge

from . import config as configs
from .durable import read_json, remove_tree, sync_dir, write_json
from .errors import ApiError, from_engine, no_collection
from .indexes import schema_name
from .modelock import ModeLock
from .updates import VectorCheck

META = "collection.json"


class Collection:
    """
    A collection on disk: `collection.json` names the folder (the generation) that holds the shard.

    Replacing that one small file is what creates a collection and what swaps a recovered one in, so a crash
    leaves either the old state or the new one; folders that it does not name are leftovers.
    """

    def __init__(self, name: str, folder: Path, meta: Dict[str, Any], shard: edge.EdgeShard) -> None:
        self.name = name
        self.folder = folder
        self.lock = ModeLock()
        self.dropped = False
        self.dirty = False
        self._count = threading.Lock()
        self._adopt(meta, shard)

    def _adopt(self, meta: Dict[str, Any], shard: edge.EdgeShard) -> None:
        self.meta = meta
        self.shard = shard
        self.check = VectorCheck(self.config)
        self._operations = highest_version(shard)

    @property
    def config(self) -> Dict[str, Any]:
        """The full config, in the form that is echoed."""
        return self.meta["config"]

    @property
    def shard_folder(self) -> Path:
        """Where the engine keeps this collection now."""
        return self.folder / self.meta["generation"]

    @classmethod
    def create(cls, name: str, folder: Path, config: Dict[str, Any]) -> "Collection":
        """Make an empty collection; it exists once its metadata file does."""
        meta = {"format": 1, "name": name, "generation": uuid.uuid4().hex, "config": config, "index_params": {}}
        folder.mkdir(parents=True, exist_ok=True)
        shard = edge.EdgeShard.create(str(folder / meta["generation"]), configs.engine_config(config))
        # A server counts its operations from 1 on; so do point versions after this empty one.
        shard.update(edge.UpdateOperation.delete_points([]))
        write_json(folder / META, meta)
        sync_dir(folder.parent)
        return cls(name, folder, meta, shard)

    @classmethod
    def load(cls, folder: Path) -> Optional["Collection"]:
        """Open a collection, replaying what was not flushed; None (and no folder left) if it was never finished."""
        if not (folder / META).exists():
            remove_tree(folder)
            return None
        meta = read_json(folder / META)
        for leftover in folder.iterdir():
            if leftover.name not in (META, meta["generation"]):
                remove_tree(leftover)
        return cls(meta["name"], folder, meta, edge.EdgeShard.load(str(folder / meta["generation"])))

    @contextmanager
    def held(self, mode: str) -> Iterator[edge.EdgeShard]:
        """Hold the collection in a mode of its lock; what the engine raises becomes an answer."""
        with self.lock.held(mode):
            if self.dropped:
                raise no_collection(self.name)
            try:
                yield self.shard
            except ApiError:
                raise
            except Exception as error:  # the engine's own class is plain Exception
                raise from_engine(error) from error

    def update(self, operations: List[edge.UpdateOperation]) -> List[int]:
        """Apply operations in order; they are in the engine's log, and so survive a kill, when this returns."""
        numbers = []
        with self.held("update") as shard:
            for operation in operations:
                with self._count:
                    self._operations += 1
                    numbers.append(self._operations)
                self.dirty = True
                shard.update(operation)
        return numbers

    def flush(self) -> None:
        """Write out what the log still holds, so that the log stays short; quiet where nothing changed."""
        if not self.dirty or self.dropped:
            return
        with self.held("freeze") as shard:
            self.dirty = False
            shard.flush()

    def change_meta(self, **changes: Any) -> None:
        """Replace parts of the metadata, durably."""
        meta = {**self.meta, **changes}
        write_json(self.folder / META, meta)
        self.meta = meta

    def swap(self, meta: Dict[str, Any], shard: edge.EdgeShard) -> None:
        """Put a recovered shard (already open, in this folder) in the place of the present one."""
        with self.held("alone") as old:
            leftover = self.shard_folder
            write_json(self.folder / META, meta)
            self._adopt(meta, shard)
            self.dirty = False
            # The swap is done and durable: trouble with the old shard must not undo it.
            with suppress(Exception):
                old.close()
                remove_tree(leftover)

    def close(self) -> None:
        """Flush and let go of the shard."""
        with self.lock.held("alone"):
            if not self.dropped:
                self.dropped = True
                self.shard.flush()
                self.shard.close()

    def info(self) -> Dict[str, Any]:
        """The answer to GET /collections/{name}."""
        with self.held("read") as shard:
            facts = shard.info()
            points = shard.count(edge.CountRequest(exact=True))
        schema = {}
        for field, index in sorted(facts.payload_schema.items()):
            schema[field] = {"data_type": schema_name(index.data_type)}
            if self.meta["index_params"].get(field):
                schema[field]["params"] = self.meta["index_params"][field]
            schema[field]["points"] = index.points
        return {
            "status": "green",
            "optimizer_status": "ok",
            "indexed_vectors_count": facts.indexed_vectors_count,
            "points_count": points,
            "segments_count": facts.segments_count,
            "config": self.config,
            "payload_schema": schema,
            "update_queue": {"length": 0},
        }

    def telemetry(self) -> Dict[str, Any]:
        """This collection in the answer to GET /telemetry; its shard with the number of the last applied write."""
        # Frozen: a number that is given out already may belong to a write that is not done yet.
        with self.held("freeze") as shard:
            applied, points = self._operations, shard.count(edge.CountRequest(exact=True))
        local = {
            "status": "green",
            "total_optimized_points": 0,
            "num_points": points,
            "optimizations": {"status": "ok", "optimizations": {"count": 0}},
            "update_queue": {"length": 0, "op_num": applied},
        }
        config = {**self.config, "uuid": str(uuid.UUID(self.meta["generation"]))}
        shards = [{"id": 0, "key": None, "local": local, "remote": [], "replicate_states": {}}]
        return {"id": self.name, "init_time_ms": 0, "config": config, "shards": shards, "transfers": [], "resharding": []}


def highest_version(shard: edge.EdgeShard) -> int:
    """The number of the last operation that the shard has seen."""
    return max([0, *(segment.get("segment_version") or 0 for segment in shard.snapshot_manifest().values())])
