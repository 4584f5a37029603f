"""The API key: the same header, the same exceptions and the same answers as a Qdrant server's."""

import hmac
from typing import Optional

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# What says that a server is there, and no more, stays open.
_OPEN = {"/", "/healthz", "/readyz", "/livez"}


class ApiKey:
    """ASGI middleware that lets only requests with the key through; without a key set it lets all through."""

    def __init__(self, app: ASGIApp, key: Optional[str]) -> None:
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http" or not self._key or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        given = _given(Request(scope))
        if given is None:
            refusal = PlainTextResponse("Must provide an API key or an Authorization bearer token", 401)
        elif not hmac.compare_digest(given.encode(), self._key.encode()):
            refusal = PlainTextResponse("Invalid API key or JWT", 401)
        else:
            await self._app(scope, receive, send)
            return
        await refusal(scope, receive, send)


def _given(request: Request) -> Optional[str]:
    if "api-key" in request.headers:
        return request.headers["api-key"]
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
