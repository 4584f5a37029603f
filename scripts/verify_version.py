#!/usr/bin/env python3
"""Checks a version's folder without the program that made it: python3 verify_version.py <folder>

Needs nothing but Python 3.10. Every file is hashed and held against checksums.txt and manifest.json; the content of
metadata.db and neo4j.jsonl.gz is fingerprinted anew, as docs/fingerprints.md defines it, and compared chapter by chapter
with the lists beside them. (A Qdrant snapshot can be read by a Qdrant server only: its bytes are checked, and the list of points
that was made of the same collection is held against its list of fingerprints.)
A folder of the archive (<backups>/archived/<version id>) is checked as it lies there, against archived.json; then it is
unpacked into a temporary folder (TMPDIR names another one where that is too small) and its content checked in the same way.
Exit code 0: all is as it was sealed. 1: something is not, and every such thing is told. 2: not called with a folder.
"""

import gzip
import json
import re
import shutil
import sqlite3
import struct
import sys
import tempfile
import zlib
from collections import defaultdict
from hashlib import sha256
from pathlib import Path

VERSIONING = (
    "version_registry",
    "operation_log",
    "write_fence",
    "switch_journal",
    "version_pins",
    "chapter_metadata_staging",
)
VERSION_LABEL = re.compile(r"v[0-9]+_(baseline|minor|major)")
LEFT_OUT = ("staging", "__HybridFlowFence")
DOWN = ("HAS_SECTION", "HAS_SUBSECTION", "HAS_SUBSUBSECTION", "HAS_PARAGRAPH")


def net(*fields):
    """Netstrings, one after another; a text is its UTF-8."""
    texts = (f.encode("utf-8", "surrogatepass") if isinstance(f, str) else f for f in fields)
    return b"".join(b"%d:%s," % (len(t), t) for t in texts)


class Groups:
    """Digests of items by group, and the list that they make."""

    def __init__(self):
        self.digests = defaultdict(list)

    def add(self, group, item):
        self.put(group, sha256(item).digest())

    def put(self, group, digest):
        self.digests[group].append(digest)

    def listed(self):
        lines = {}
        for name, digests in self.digests.items():
            escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
            lines[escaped] = (sha256(b"".join(sorted(digests))).hexdigest(), str(len(digests)))
        return lines


def text_of(lines):
    names = sorted(lines, key=lambda name: name.encode("utf-8", "surrogatepass"))
    return "".join(f"{lines[name][0]}  {lines[name][1]}  {name}\n" for name in names)


# SQLite


def typed(value, kind):
    if kind == b"text":
        return b"t" + value
    if kind == b"blob":
        return b"b" + value.hex().encode()
    if kind == b"real":
        return b"f" + struct.pack(">d", value).hex().encode()
    return b"null" if value is None else b"i%d" % value


def sqlite_groups(file):
    groups = Groups()
    # Immutable: the file is read as it is, and nothing is put beside it.
    db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    db.text_factory = bytes  # a text may be no valid UTF-8
    marks = ",".join("?" * len(VERSIONING))
    objects = db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        rf" AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND lower(tbl_name) NOT IN ({marks})",
        VERSIONING,
    ).fetchall()
    for kind, name, table, sql in objects:
        groups.add("(schema)", net(kind, name, table, sql))
        if kind == b"table" and not re.match(rb"CREATE\s+VIRTUAL", sql, re.I):
            add_rows(db, name.decode(), groups)
    db.close()
    return groups.listed()


def add_rows(db, table, groups):
    quoted = lambda name: '"' + name.replace('"', '""') + '"'
    names = [row[1].decode() for row in db.execute(f"PRAGMA table_info({quoted(table)})")]
    names.sort(key=str.encode)
    lower = [name.lower() for name in names]
    chapters = table.lower() == "chapter_metadata" and {"textbook_id", "chapter_number"} <= set(lower)
    picked = ", ".join(f"{quoted(name)}, typeof({quoted(name)})" for name in names)
    plain = lambda value: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    for row in db.execute(f"SELECT {picked} FROM {quoted(table)}"):
        group = f"(table {table})"
        book, number = (row[2 * lower.index(c)] for c in ("textbook_id", "chapter_number")) if chapters else (None, None)
        if book is not None and number is not None:
            number = plain(number)
            group = f"{plain(book)}:{number if number.startswith('ch') else 'ch' + number}"
        groups.add(group, b"".join(net(name, typed(row[2 * i], row[2 * i + 1])) for i, name in enumerate(names)))


# Neo4j


class Tree:
    """Where nodes stand below the chapters: see "The path" in docs/fingerprints.md."""

    def __init__(self):
        self.ids, self.chapters, self.below, self.textbook = {}, [], defaultdict(list), {}

    def add(self, kind, start, end):
        if kind == "CONTAINS" and end in self.textbook:
            book = self.ids[start].encode("utf-8", "surrogatepass")
            if self.textbook[end] is None or book < self.textbook[end]:
                self.textbook[end] = book
        elif kind in DOWN and end not in self.textbook:
            self.below[start].append(end)

    def places(self):
        """Of each node that a chapter leads to: the chapter's id and the path, without the node itself."""
        places, down = {}, {c: (self.ids[c], net(self.textbook[c] or b"", self.ids[c])) for c in self.chapters}
        while down:
            found = {}
            for node, (chapter, path) in down.items():
                for child in self.below[node]:
                    if child not in places and (child not in found or path < found[child][1]):
                        found[child] = (chapter, path)
            places.update(found)
            down = {node: (chapter, path + net(self.ids[node])) for node, (chapter, path) in found.items()}
        return places


def id_of(properties):
    key = properties.get("id")
    if isinstance(key, str):
        return key
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else ""


def neo4j_groups(file):
    groups, tree, digests, paragraphs = Groups(), Tree(), {}, []
    running, previous = sha256(), None
    with gzip.open(file) as lines:
        for raw in lines:
            if previous is not None:
                running.update(previous)
            previous = raw
            line = json.loads(raw)
            properties = raw[raw.find(b',"p":') + 5 : -2]  # up to the brace before the line feed
            if line["t"] == "c":
                groups.add("(schema)", net("constraint", line["ddl"]))
            elif line["t"] == "x" and line["kind"] == "own":
                groups.add("(schema)", net("index", line["ddl"]))
            elif line["t"] == "n" and not any(label in LEFT_OUT for label in line["l"]):
                labels = [label for label in line["l"] if not VERSION_LABEL.fullmatch(label)]
                item = net(str(len(labels)), *labels, properties)
                digests[line["id"]] = sha256(item).digest()
                tree.ids[line["id"]] = "" if "Paragraph" in labels else id_of(line["p"])
                if "Chapter" in labels:
                    tree.chapters.append(line["id"])
                    tree.textbook[line["id"]] = None
                if "Paragraph" in labels:
                    paragraphs.append(line["id"])
                else:
                    groups.add("(other nodes)", item)
            elif line["t"] == "r" and line["s"] in digests and line["e"] in digests:
                item = net(line["y"], digests[line["s"]], digests[line["e"]], properties)
                groups.add("(relationships)", item)
                tree.add(line["y"], line["s"], line["e"])
    if previous is None or line["t"] != "end" or line["sha256"] != running.hexdigest():
        raise ValueError("it was cut short, or changed: its last line does not fit")
    places = tree.places()
    for node in paragraphs:
        chapter, path = places.get(node, ("", b""))
        groups.add(chapter or "(no chapter)", net(digests[node], path))
    return groups.listed()


# Qdrant

POINTS = "textbook_chunks.chunks.txt.gz"
WRITTEN = {"\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\t": "\t"}


def qdrant_groups(file):
    groups = Groups()
    with gzip.open(file) as lines:
        for raw in lines:
            if not raw.endswith(b"\n"):
                raise ValueError("it was cut short")
            digest, _, _, group = raw[:-1].decode("utf-8", "surrogatepass").split("\t")
            groups.put(re.sub(r"\\[\\nrt]", lambda found: WRITTEN[found[0]], group), bytes.fromhex(digest))
    return groups.listed()


# The folder


def hash_of(file):
    digest = sha256()
    with open(file, "rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_list(file):
    """The lines of a list of fingerprints, by group."""
    text = file.read_bytes().decode("utf-8", "surrogatepass")
    lines = {}
    for line in text.split("\n")[:-1]:
        digest, items, name = line.split("  ", 2)
        lines[name] = (digest, items)
    if text_of(lines) != text:
        raise ValueError("it is no list of fingerprints, or was cut short")
    return lines


def check_content(name, compute, artifact, listed, say):
    try:
        recorded, found = read_list(listed), compute(artifact)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, sqlite3.Error) as error:
        return say(f"content of {name} cannot be read: {error}")
    for group in sorted(recorded.keys() | found.keys()):
        if recorded.get(group) != found.get(group):
            items = [lines[group][1] if group in lines else "absent" for lines in (recorded, found)]
            say(f"content of {name} differs in {group}: {items[0]} items recorded, {items[1]} found")


def read_checksums(folder):
    lines = (folder / "checksums.txt").read_text("utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def check_bytes(folder, manifest, other, others, say):
    """Every file against the manifest, and against what the other source states."""
    stated = defaultdict(dict)
    for artifact in manifest["artifacts"]:
        stated[artifact["file"]]["manifest.json"] = artifact["sha256"]
        for kind in ("fingerprint", "deepFingerprint"):
            if artifact.get(kind):
                stated[artifact[kind]["file"]]["manifest.json"] = artifact[kind]["sha256"]
    for name, digest in others.items():
        # An archive keeps reports and the like too, which are not the manifest's to vouch for.
        if other == "checksums.txt" or name in stated:
            stated[name][other] = digest
    for name, hashes in sorted(stated.items()):
        for source in ("manifest.json", other):
            if source not in hashes:
                say(f"{source} does not name {name}")
        if Path(name).name != name or not (folder / name).is_file():
            say(f"{name} is missing")
        elif set(hashes.values()) != {found := hash_of(folder / name)}:
            say(f"{name} has SHA-256 {found}, other than stated")


def check_root(manifest, say):
    parts = {a["store"]: a["fingerprint"]["sha256"] for a in manifest["artifacts"] if a.get("fingerprint")}
    if len(parts) < 3:
        return print("This version was sealed without fingerprints: its bytes alone are checked.")
    root = sha256("".join(f"{parts[store]}  {store}\n" for store in sorted(parts)).encode()).hexdigest()
    if manifest.get("fingerprint") != root:
        say(f"manifest.json states the fingerprint {manifest.get('fingerprint')}, its parts make {root}")


# The archive


def check_stored(folder, record, say):
    """What lies in the archive is what was put there."""
    sums = read_checksums(folder)
    for entry in record["files"]:
        name, digest = entry["stored"], entry["storedSha256"]
        if sums.pop(name, None) != digest:
            say(f"checksums.txt and archived.json differ about {name}")
        if Path(name).name != name or not (folder / name).is_file():
            say(f"{name} is missing")
        elif digest != (found := hash_of(folder / name)):
            say(f"{name} has SHA-256 {found}, other than stated")
    for name in sums:
        say(f"checksums.txt names {name}, which archived.json does not")


def unpack(folder, record, target, say):
    """The files as they were; one that cannot be unpacked to its end lies there as far as it could be."""
    for entry in record["files"]:
        source, file = folder / Path(entry["stored"]).name, target / Path(entry["file"]).name
        try:
            if entry["compression"] == "none":
                file.symlink_to(source.resolve())
                continue
            with gzip.open(source) as packed, open(file, "wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            say(f"{entry['stored']} cannot be unpacked: {error}")
        except FileNotFoundError:
            pass  # said already


def check_archive(folder, say):
    """An archived version: what lies there, then what it holds."""
    try:
        record = json.loads((folder / "archived.json").read_bytes())
        check_stored(folder, record, say)
        with tempfile.TemporaryDirectory(prefix="hfv-unpacked-") as scratch:
            unpack(folder, record, Path(scratch), say)
            manifest = check_content_of(
                Path(scratch), "archived.json", {entry["file"]: entry["sha256"] for entry in record["files"]}, say
            )
        if manifest and manifest["versionId"] != record["versionId"]:
            say(f"archived.json is that of {record['versionId']}, the manifest that of {manifest['versionId']}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"the archive cannot be checked to its end: {type(error).__name__} {error}")


def check(folder):
    """Prints everything that is wrong, and returns how much that is."""
    problems = []
    say = lambda problem: (problems.append(problem), print(f"WRONG  {problem}"))
    if (folder / "archived.json").exists():
        check_archive(folder, say)
    else:
        check_folder(folder, say)
    return len(problems)


def check_folder(folder, say):
    try:
        others = read_checksums(folder)
    except (OSError, ValueError) as error:
        return say(f"checksums.txt cannot be read: {error}")
    check_content_of(folder, "checksums.txt", others, say)


def check_content_of(folder, other, others, say):
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        check_bytes(folder, manifest, other, others, say)
        check_root(manifest, say)
        artifacts = {artifact["store"]: artifact for artifact in manifest["artifacts"]}
        for store, name, compute in (("sqlite", "SQLite", sqlite_groups), ("neo4j", "Neo4j", neo4j_groups)):
            artifact = artifacts[store]
            if artifact.get("fingerprint"):
                listed = folder / artifact["fingerprint"]["file"]
                check_content(name, compute, folder / artifact["file"], listed, say)
        points = artifacts["qdrant"].get("fingerprint")
        if points and (folder / POINTS).is_file():
            check_content("Qdrant's list of points", qdrant_groups, folder / POINTS, folder / points["file"], say)
        return manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        say(f"the folder cannot be checked to its end: {type(error).__name__} {error}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    wrong = check(Path(sys.argv[1]))
    print(f"{wrong} problems" if wrong else "OK")
    sys.exit(1 if wrong else 0)
