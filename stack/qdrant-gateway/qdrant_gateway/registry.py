"""All collections of one storage folder, and their aliases."""

import fcntl
import random
import re
import threading
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import quote

from . import config as configs
from .collection import META, Collection
from .durable import read_json, remove_tree, sync_dir, write_json
from .errors import ApiError, FormatError, no_collection, no_variant, not_found, wrong_input

_NAME = re.compile(r"[^<>:\"/\\|?*\x00-\x1f]{1,255}")


class StorageBusy(Exception):
    """Another process has the storage folder."""


class Registry:
    """
    Opens a storage folder, alone, and finds the way from names to collections.

    Lock order: a collection's own lock first, then `self._lock`; never the other way round.
    """

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.uploads = storage / "uploads"
        self.snapshots = storage / "snapshots"
        self._folder = storage / "collections"
        for folder in (self._folder, self.snapshots):
            folder.mkdir(parents=True, exist_ok=True)
        self._take(storage / ".lock")
        remove_tree(self.uploads)
        self.uploads.mkdir()
        self._lock = threading.RLock()
        self.peer_id = self._peer()
        self._collections: Dict[str, Collection] = {}
        for path in sorted(self._folder.iterdir()):
            found = Collection.load(path)
            if found:
                self._collections[found.name] = found
        saved = read_json(storage / "aliases.json") if (storage / "aliases.json").exists() else {}
        self._aliases: Dict[str, str] = {a: c for a, c in saved.items() if c in self._collections}

    def _take(self, path: Path) -> None:
        self._lock_file = open(path, "w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageBusy(f"the storage folder {self.storage} is in use by another gateway") from error

    def _peer(self) -> int:
        path = self.storage / "peer.json"
        if not path.exists():
            write_json(path, {"peer_id": random.randrange(10**15, 2**53)})
        return read_json(path)["peer_id"]

    def folder_of(self, name: str) -> Path:
        """Where a collection of this name lives; names may hold characters that folders may not."""
        return self._folder / quote(name, safe=" ").replace(".", "%2E")

    def names(self) -> List[str]:
        """All collection names, sorted."""
        return sorted(self._collections)

    def all(self) -> List[Collection]:
        """All collections."""
        with self._lock:
            return list(self._collections.values())

    def get(self, name: str) -> Collection:
        """A collection by its name or by an alias of it."""
        with self._lock:
            found = self._collections.get(self._aliases.get(name, name))
        if found is None:
            raise no_collection(name)
        return found

    def exists(self, name: str) -> bool:
        """Is there a collection or an alias of this name?"""
        with self._lock:
            return name in self._collections or name in self._aliases

    def check_new_name(self, name: str) -> None:
        """Refuse a name that is taken or that no collection may have."""
        if not _NAME.fullmatch(name) or name in (".", ".."):
            raise ApiError(422, f"Validation error in path parameters: [name: collection name {name!r} is not valid]")
        if name in self._aliases:
            raise wrong_input(f"Can't create collection with name {name}. Alias with the same name already exists")
        if name in self._collections:
            raise wrong_input(f"Collection `{name}` already exists!", 409)

    def create(self, name: str, body: Dict[str, Any]) -> None:
        """Create an empty collection."""
        with self._lock:
            self.check_new_name(name)
            self._collections[name] = Collection.create(name, self.folder_of(name), configs.new_config(body))

    def adopt(self, name: str, folder: Path, meta: Dict[str, Any], shard: Any) -> None:
        """Register a recovered shard, whose files are in `folder` already, as a new collection."""
        with self._lock:
            self.check_new_name(name)
            write_json(folder / META, meta)
            sync_dir(folder.parent)
            self._collections[name] = Collection(name, folder, meta, shard)

    def delete(self, name: str) -> bool:
        """Delete a collection with its aliases; its snapshots stay, as they do in Qdrant. False: there was none."""
        found = self._collections.get(name)
        if found is None:
            return False
        with found.lock.held("alone"), self._lock:
            if self._collections.get(name) is not found:
                return False
            (found.folder / META).unlink()
            sync_dir(found.folder)
            del self._collections[name]
            found.dropped = True
            kept = {alias: target for alias, target in self._aliases.items() if target != name}
            if kept != self._aliases:
                self._save_aliases(kept)
            found.shard.close()
            remove_tree(found.folder)
        return True

    def aliases(self) -> Dict[str, str]:
        """Alias to collection name, sorted."""
        with self._lock:
            return dict(sorted(self._aliases.items()))

    def change_aliases(self, actions: Any) -> None:
        """Apply actions in order. Like in Qdrant, what was done before a failing action stays done."""
        if not isinstance(actions, list):
            raise FormatError("missing field `actions`")
        steps = [_alias_step(action) for action in actions]
        with self._lock:
            for kind, fields in steps:
                self._save_aliases(self._after(kind, *fields))

    def _after(self, kind: str, first: str, second: str = "") -> Dict[str, str]:
        aliases = dict(self._aliases)
        if kind == "create_alias":
            if first not in self._collections:
                raise no_collection(first)
            if second in self._collections:
                raise wrong_input(f"Collection `{second}` already exists!", 409)
            aliases[second] = first
        elif kind == "delete_alias":
            aliases.pop(first, None)
        else:
            if first not in aliases:
                raise not_found(f"Alias {first} does not exists!")
            if second in self._collections:
                raise wrong_input(f"Collection `{second}` already exists!", 409)
            aliases[second] = aliases.pop(first)
        return aliases

    def _save_aliases(self, aliases: Dict[str, str]) -> None:
        write_json(self.storage / "aliases.json", aliases)
        self._aliases = aliases

    def close(self) -> None:
        """Flush and close every collection and give the folder back."""
        for collection in self.all():
            collection.close()
        self._lock_file.close()


_ALIAS_FIELDS = {
    "create_alias": ("collection_name", "alias_name"),
    "delete_alias": ("alias_name",),
    "rename_alias": ("old_alias_name", "new_alias_name"),
}


def _alias_step(action: Any) -> Any:
    if isinstance(action, dict) and len(action) == 1:
        ((kind, fields),) = action.items()
        wanted = _ALIAS_FIELDS.get(kind)
        if wanted and isinstance(fields, dict) and all(isinstance(fields.get(name), str) for name in wanted):
            return kind, [fields[name] for name in wanted]
    raise no_variant("AliasOperations")
