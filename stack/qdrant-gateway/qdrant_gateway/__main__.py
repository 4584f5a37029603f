"""Start the gateway: `python -m qdrant_gateway --storage DIR`."""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import List, Optional

import uvicorn

from . import QDRANT_VERSION
from .app import build
from .engine import ENGINE
from .registry import Registry, StorageBusy


def main(arguments: Optional[List[str]] = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    options = _options().parse_args(arguments)
    # uvicorn hands the signal on when it is done; the default action would end the process with the signal's
    # number instead of 0.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    listener = None
    try:
        listener = _listen(options.host, options.port)
        registry = Registry(Path(options.storage).resolve())
    except StorageBusy as error:
        return _fail(f"Cannot start: {error}.")
    except OSError as error:
        if listener is not None:
            return _fail(f"Cannot use the storage folder {options.storage}: {error}.")
        return _fail(f"Cannot listen on {options.host}:{options.port}: {error.strerror or error}.")
    port = listener.getsockname()[1]
    key = os.environ.get("QDRANT__SERVICE__API_KEY") or None
    own_hosts = {f"{host}:{port}" for host in (options.host, "127.0.0.1", "localhost")}
    app = build(registry, options.version_label, key, own_hosts)
    print(
        f"Edge gateway for development (not a Qdrant server) on http://{options.host}:{port}, "
        f"storage {registry.storage}, {ENGINE}, {'API key required' if key else 'no API key'}",
        flush=True,
    )
    settings = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        # Longer than any client keeps an idle connection, so that none is closed just as its next request is written.
        timeout_keep_alive=75,
        # A download nobody reads must not keep the process alive.
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(settings).run(sockets=[listener])
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="qdrant_gateway", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6333, help="0 takes a free one and prints it")
    parser.add_argument("--storage", required=True, help="folder for collections and snapshots")
    parser.add_argument("--version-label", default=QDRANT_VERSION, help="the Qdrant version to answer with")
    return parser


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Listening at once, not when the server runs, is what makes a second process fail here and now.
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def _leave(_signal: int, _frame: Optional[FrameType]) -> None:
    raise SystemExit(0)


def _fail(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
