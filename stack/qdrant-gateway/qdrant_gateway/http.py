"""Requests and answers: reading bodies, running handlers in threads, and the envelope around results."""

import time
from typing import Any, Awaitable, Callable, Dict, Optional

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .errors import ApiError, FormatError

# A Qdrant server's own limit for JSON bodies.
MAX_JSON = 32 * 1024 * 1024
# How much of a refused body is still read, so that the client gets to see the answer instead of a broken pipe.
_DRAINED = 8 * MAX_JSON

Handler = Callable[[Request, Dict[str, Any]], Any]


def reply(started: float, code: int = 200, **parts: Any) -> Response:
    """The JSON envelope, with the time taken."""
    content = {**parts, "time": time.perf_counter() - started}
    return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), code, media_type="application/json")


def refusal(started: float, error: ApiError) -> Response:
    """The JSON envelope of an error."""
    return reply(started, error.status, status={"error": error.message})


async def read_body(request: Request) -> bytes:
    """The whole body, or 413 where it is larger than a server takes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _DRAINED:
            break
        if size <= MAX_JSON:
            chunks.append(chunk)
    if size > MAX_JSON:
        raise ApiError(413, f"Payload error: JSON payload ({size} bytes) is larger than allowed (limit: {MAX_JSON} bytes).")
    return b"".join(chunks)


def _parsed(raw: bytes, struct: str) -> Dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        at_end = error.pos >= len(raw.decode(errors="replace").rstrip())
        why = "EOF while parsing a value" if at_end else "expected value"
        where = f"at line {error.lineno} column {max(error.colno - 1, 0) if at_end else error.colno}"
        raise ApiError(400, f"Format error in JSON body: {why} {where}") from error
    if isinstance(body, dict):
        return body
    raise FormatError(f"invalid type: {_shown(body)}, expected struct {struct}")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"string {orjson.dumps(value).decode()}"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if value is None:
        return "null"
    if isinstance(value, list):
        return "sequence"
    return f"{'integer' if isinstance(value, int) else 'floating point'} `{value}`"


def _positioned(error: FormatError, raw: bytes) -> ApiError:
    where = ""
    if error.positioned and raw:
        last = raw.rsplit(b"\n", 1)[-1]
        where = f" at line {raw.count(10) + 1} column {len(last)}"
    return ApiError(400, f"Format error in JSON body: {error.message}{where}")


def call(handler: Handler, struct: Optional[str] = None) -> Callable[[Request], Awaitable[Response]]:
    """
    An endpoint around a plain function, which runs in a thread: the engine lets go of Python's global lock
    while it works. `struct` is the name under which a Qdrant server knows the body; None: it takes no body.
    """

    def work(request: Request, raw: bytes, started: float) -> Response:
        try:
            result = handler(request, _parsed(raw, struct) if struct else {})
            return result if isinstance(result, Response) else reply(started, result=result, status="ok")
        except FormatError as error:
            return refusal(started, _positioned(error, raw))
        except ApiError as error:
            return refusal(started, error)

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        try:
            raw = await read_body(request)
        except ApiError as error:
            return refusal(started, error)
        return await run_in_threadpool(work, request, raw, started)

    return endpoint


def whole(body: Dict[str, Any], name: str, default: Optional[int], least: int = 0) -> int:
    """An unsigned number out of a body."""
    value = body.get(name)
    if value is None:
        value = default
    if value is None:
        raise FormatError(f"missing field `{name}`")
    if type(value) is not int or value < 0:
        raise FormatError(f"invalid type or value for `{name}`, expected usize")
    if value < least:
        raise ApiError(422, f"Validation error in JSON body: [{name}: value {value} invalid, must be {least} or larger]")
    return value


def flag(request: Request, name: str, default: bool) -> bool:
    """A boolean out of the query string."""
    raw = request.query_params.get(name)
    if raw not in (None, "true", "false"):
        raise ApiError(400, "Invalid query parameters: Query deserialize error: provided string was not `true` or `false`")
    return default if raw is None else raw == "true"
