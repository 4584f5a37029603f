"""Endpoints about collections, aliases and the service itself."""

from contextlib import suppress
from typing import Any, Dict, Iterator, List

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from . import config as configs
from .engine import ENGINE
from .errors import ApiError
from .http import call
from .registry import Registry
from .routes_points import collection_of


def _registry(request: Request) -> Registry:
    return request.app.state.registry


def _name(request: Request) -> str:
    return request.path_params["name"]


def _list(request: Request, _body: Dict[str, Any]) -> Any:
    return {"collections": [{"name": name} for name in _registry(request).names()]}


def _create(request: Request, body: Dict[str, Any]) -> bool:
    _registry(request).create(_name(request), body)
    return True


def _change(request: Request, body: Dict[str, Any]) -> bool:
    collection = collection_of(request)
    with collection.held("freeze"):
        collection.change_meta(config=configs.updated_config(collection.config, body))
    return True


def _aliases(found: Dict[str, str]) -> Any:
    return {"aliases": [{"alias_name": alias, "collection_name": target} for alias, target in found.items()]}


def _change_aliases(request: Request, body: Dict[str, Any]) -> bool:
    _registry(request).change_aliases(body.get("actions"))
    return True


def _aliases_of(request: Request, _body: Dict[str, Any]) -> Any:
    own = collection_of(request).name
    return _aliases({alias: target for alias, target in _registry(request).aliases().items() if target == own})


def _collection_cluster(request: Request, _body: Dict[str, Any]) -> Any:
    points = collection_of(request).info()["points_count"]
    return {
        "peer_id": _registry(request).peer_id,
        "shard_count": 1,
        "local_shards": [{"shard_id": 0, "points_count": points, "state": "Active"}],
        "remote_shards": [],
        "shard_transfers": [],
    }


def _telemetry(request: Request, _body: Dict[str, Any]) -> Any:
    collections: Dict[str, Any] = {"number_of_collections": len(_registry(request).names())}
    # A server shows the shards from this level on; its summaries of the levels below are not kept here.
    if _details_level(request) >= 3:
        collections["collections"] = list(_shard_telemetry(_registry(request)))
    return {
        "id": str(_registry(request).peer_id),
        "app": {"name": "qdrant", "version": request.app.state.version, "engine": ENGINE},
        "collections": collections,
    }


def _details_level(request: Request) -> int:
    raw = request.query_params.get("details_level", "0")
    if not (raw.isascii() and raw.isdigit()):
        raise ApiError(400, "Invalid query parameters: Query deserialize error: invalid digit found in string")
    return int(raw)


def _shard_telemetry(registry: Registry) -> Iterator[Dict[str, Any]]:
    for collection in registry.all():
        # One that is deleted meanwhile is not missed.
        with suppress(ApiError):
            yield collection.telemetry()


async def _root(request: Request) -> JSONResponse:
    return JSONResponse(
        {
            "title": "qdrant - vector search engine",
            "version": request.app.state.version,
            "commit": "edge-gateway",
            "gateway": "hybridflow edge gateway",
            "engine": ENGINE,
        }
    )


def _says(text: str) -> Any:
    async def endpoint(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(text)

    return endpoint


def routes() -> List[Route]:
    """All endpoints of this module."""
    one = "/collections/{name}"
    get, post, put = ["GET"], ["POST"], ["PUT"]
    return [
        Route("/", _root, methods=get),
        Route("/healthz", _says("healthz check passed"), methods=get),
        Route("/livez", _says("healthz check passed"), methods=get),
        Route("/readyz", _says("all shards are ready"), methods=get),
        Route("/telemetry", call(_telemetry), methods=get),
        Route("/cluster", call(lambda _request, _body: {"status": "disabled"}), methods=get),
        Route("/aliases", call(lambda request, _body: _aliases(_registry(request).aliases())), methods=get),
        Route("/collections", call(_list), methods=get),
        Route("/collections/aliases", call(_change_aliases, "ChangeAliasesOperation"), methods=post),
        Route(one, call(lambda request, _body: collection_of(request).info()), methods=get),
        Route(one, call(_create, "CreateCollection"), methods=put),
        Route(one, call(_change, "UpdateCollection"), methods=["PATCH"]),
        Route(one, call(lambda request, _body: _registry(request).delete(_name(request))), methods=["DELETE"]),
        Route(one + "/exists", call(lambda r, _body: {"exists": _registry(r).exists(_name(r))}), methods=get),
        Route(one + "/aliases", call(_aliases_of), methods=get),
        Route(one + "/cluster", call(_collection_cluster), methods=get),
    ]
