"""Receiving a snapshot: from a multipart stream to a file, without ever holding it in memory."""

import hashlib
from pathlib import Path
from typing import List

from python_multipart.multipart import MultipartParser, parse_options_header
from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from .errors import ApiError

# Pieces of the network's size would cost one hop to a thread each.
_PIECE = 4 << 20


class _Parts:
    """Follows the parser's callbacks and keeps the bytes of the part named `snapshot`."""

    def __init__(self) -> None:
        self.seen = False
        self.kept: List[bytes] = []
        self._wanted = False
        self._field = b""
        self._value = b""

    def callbacks(self) -> dict:
        """What the multipart parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_part_data": self._on_data,
        }

    def _begin(self) -> None:
        self._wanted = False

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._wanted = options.get(b"name") == b"snapshot"
            self.seen = self.seen or self._wanted
        self._field = self._value = b""

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self.kept.append(data[start:end])


async def receive_snapshot(request: Request, path: Path) -> str:
    """Write the uploaded file to `path`; returns its SHA-256."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ApiError(400, "Multipart error: could not find multipart boundary")
    parts, digest = _Parts(), hashlib.sha256()
    parser = MultipartParser(options[b"boundary"], parts.callbacks())  # type: ignore[arg-type]
    with open(path, "wb") as file:

        def store(piece: bytes) -> None:
            file.write(piece)
            digest.update(piece)

        size = 0
        try:
            async for chunk in request.stream():
                parser.write(chunk)
                size += len(chunk)
                if size >= _PIECE:
                    await run_in_threadpool(store, b"".join(parts.kept))
                    parts.kept.clear()
                    size = 0
            parser.finalize()
        except FormParserError as error:
            raise ApiError(400, f"Multipart error: {error}") from error
        await run_in_threadpool(store, b"".join(parts.kept))
    if not parts.seen:
        raise ApiError(400, "Multipart error: field `snapshot` is missing")
    return digest.hexdigest()
