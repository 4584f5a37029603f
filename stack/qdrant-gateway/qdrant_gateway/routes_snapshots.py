"""Endpoints about snapshots."""

import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from .durable import remove_tree
from .errors import ApiError, FormatError
from .http import call, flag, refusal, reply
from .recovery import check_checksum, check_priority, file_checksum, locate, recover
from .registry import Registry
from .routes_points import collection_of
from .snapshots import Snapshots
from .upload import receive_snapshot

_ONE = "/collections/{name}/snapshots/{snapshot}"


def _snapshots(request: Request) -> Snapshots:
    return request.app.state.snapshots


def _registry(request: Request) -> Registry:
    return request.app.state.registry


def _waited(request: Request, work: Callable[[], Any]) -> Any:
    """Do the work now, or answer 202 and do it after."""
    if flag(request, "wait", True):
        return work()
    threading.Thread(target=_quietly, args=(work,), daemon=True).start()
    return reply(time.perf_counter(), 202, status="accepted")


def _quietly(work: Callable[[], Any]) -> None:
    try:
        work()
    except ApiError as error:
        # Nobody waits for the answer any more; the log is the only place left to say it.
        print(f"A request that did not wait failed: {error.message}", flush=True)


def _create(request: Request, _body: Dict[str, Any]) -> Any:
    collection = collection_of(request)
    return _waited(request, lambda: _snapshots(request).create(collection))


def _delete(request: Request, _body: Dict[str, Any]) -> Any:
    collection, name = collection_of(request), request.path_params["snapshot"]
    _snapshots(request).find(collection, name)

    def work() -> bool:
        _snapshots(request).delete(collection, name)
        return True

    return _waited(request, work)


class _Download(FileResponse):
    # Starlette's 64 KB pieces cost one hop to a thread each.
    chunk_size = 1 << 20


async def _download(request: Request) -> Response:
    try:
        path = await run_in_threadpool(
            lambda: _snapshots(request).find(collection_of(request), request.path_params["snapshot"])
        )
    except ApiError as error:
        return PlainTextResponse(error.message, error.status)
    return _Download(path, media_type="application/octet-stream", filename=path.name)


def _recover_location(request: Request, body: Dict[str, Any]) -> Any:
    if "location" not in body:
        raise FormatError("missing field `location`")
    check_priority(body.get("priority"))
    state = request.app.state
    path = locate(body["location"], state.snapshots, {*state.own_hosts, request.headers.get("host", "")})

    def work() -> bool:
        if body.get("checksum"):
            check_checksum(file_checksum(path), body["checksum"])
        recover(_registry(request), request.path_params["name"], path)
        return True

    return _waited(request, work)


async def _upload(request: Request) -> Response:
    started = time.perf_counter()
    path: Path = request.app.state.registry.uploads / f"{time.time_ns()}-{id(request)}"
    handed_over = False
    try:
        try:
            check_priority(request.query_params.get("priority"))
        except FormatError as error:
            raise ApiError(400, f"Invalid query parameters: Query deserialize error: {error.message}") from error
        checksum = await receive_snapshot(request, path)
        check_checksum(checksum, request.query_params.get("checksum"))

        def work() -> bool:
            try:
                recover(_registry(request), request.path_params["name"], path)
            finally:
                remove_tree(path)
            return True

        handed_over = True
        result = await run_in_threadpool(_waited, request, work)
        return result if isinstance(result, Response) else reply(started, result=result, status="ok")
    except ApiError as error:
        return refusal(started, error)
    finally:
        if not handed_over:
            remove_tree(path)


def routes() -> List[Route]:
    """All endpoints of this module."""
    every = "/collections/{name}/snapshots"
    return [
        Route(every, call(lambda r, _body: _snapshots(r).list(collection_of(r))), methods=["GET"]),
        Route(every, call(_create), methods=["POST"]),
        Route(every + "/upload", _upload, methods=["POST"]),
        Route(every + "/recover", call(_recover_location, "SnapshotRecover"), methods=["PUT"]),
        Route(_ONE, _download, methods=["GET"]),
        Route(_ONE, call(_delete), methods=["DELETE"]),
        Route("/snapshots", call(lambda _request, _body: []), methods=["GET"]),
    ]
