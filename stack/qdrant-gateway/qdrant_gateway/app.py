"""The ASGI application."""

import threading
from contextlib import asynccontextmanager
from typing import AsyncIterator, Optional, Set

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from . import routes_collections, routes_points, routes_search, routes_snapshots
from .auth import ApiKey
from .errors import ApiError, internal
from .http import refusal
from .registry import Registry
from .snapshots import Snapshots

# As often as a Qdrant server does it by default.
_FLUSH_SECONDS = 5
# Requests wait for locks inside threads; enough of them keep reads going meanwhile.
_THREADS = 64


def build(registry: Registry, version: str, key: Optional[str], own_hosts: Set[str]) -> Starlette:
    """Put endpoints, API key and the background flush together around an open storage folder."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        stop = threading.Event()
        flusher = threading.Thread(target=_flush_now_and_then, args=(registry, stop), daemon=True)
        flusher.start()
        yield
        stop.set()
        await run_in_threadpool(flusher.join)
        await run_in_threadpool(registry.close)

    # More specific paths first: `{name}` in the others would match `aliases`.
    routes = [
        *routes_collections.routes(),
        *routes_points.routes(),
        *routes_search.routes(),
        *routes_snapshots.routes(),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(ApiKey, key=key)],
        exception_handlers={HTTPException: _unknown, Exception: _broken},
    )
    app.router.redirect_slashes = False
    app.state.registry = registry
    app.state.snapshots = Snapshots(registry)
    app.state.version = version
    app.state.own_hosts = own_hosts
    return app


def _flush_now_and_then(registry: Registry, stop: threading.Event) -> None:
    while not stop.wait(_FLUSH_SECONDS):
        for collection in registry.all():
            try:
                collection.flush()
            except ApiError as error:
                print(f"Flushing {collection.name} failed: {error.message}", flush=True)


async def _unknown(_request: Request, _error: Exception) -> Response:
    # An unknown route, or a known one with another method: Qdrant's framework answers both with nothing.
    return Response(status_code=404)


async def _broken(_request: Request, error: Exception) -> Response:
    return refusal(0.0, internal(f"{type(error).__name__}: {error}"))
