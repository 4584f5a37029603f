"""Endpoints that write and read points."""

from typing import Any, Callable, Dict, List

import qdrant_edge as edge
from starlette.requests import Request
from starlette.routing import Route

from .collection import Collection
from .encode import payload_selector, record, vector_selector
from .errors import FormatError, no_variant, not_found
from .filters import parse_filter
from .http import call, flag, whole
from .ids import path_id, point_id, point_ids
from .indexes import parse_schema
from .updates import OPERATIONS

_POINTS = "/collections/{name}/points"


def collection_of(request: Request) -> Collection:
    """The collection that the path names, itself or through an alias."""
    return request.app.state.registry.get(request.path_params["name"])


def _done(request: Request, number: int) -> Dict[str, Any]:
    # Every update is complete when it is answered; a client that did not wait is told what it expects to hear.
    return {"operation_id": number, "status": "completed" if flag(request, "wait", False) else "acknowledged"}


def _update(kind: str) -> Callable[[Request, Dict[str, Any]], Any]:
    def handler(request: Request, body: Dict[str, Any]) -> Any:
        collection = collection_of(request)
        operation = OPERATIONS[kind](body, collection.check)
        return _done(request, collection.update([operation])[0])

    return handler


def _batch(request: Request, body: Dict[str, Any]) -> List[Dict[str, Any]]:
    collection = collection_of(request)
    if not isinstance(body.get("operations"), list):
        raise FormatError("missing field `operations`")
    operations = []
    for item in body["operations"]:
        kind, inner = next(iter(item.items())) if isinstance(item, dict) and len(item) == 1 else ("", None)
        if kind not in OPERATIONS or not isinstance(inner, (dict, list)):
            raise no_variant("UpdateOperation")
        operations.append(OPERATIONS[kind](inner if isinstance(inner, dict) else {"points": inner}, collection.check))
    return [_done(request, number) for number in collection.update(operations)]


def _create_index(request: Request, body: Dict[str, Any]) -> Any:
    collection = collection_of(request)
    field = body.get("field_name")
    if not isinstance(field, str):
        raise FormatError("missing field `field_name`")
    schema, echoed = parse_schema(body.get("field_schema"))
    number = collection.update([edge.UpdateOperation.create_field_index(field, schema)])[0]
    with collection.held("freeze"):
        collection.change_meta(index_params={**collection.meta["index_params"], field: echoed})
    return _done(request, number)


def _delete_index(request: Request, _body: Dict[str, Any]) -> Any:
    collection = collection_of(request)
    operation = edge.UpdateOperation.delete_field_index(request.path_params["field"])
    return _done(request, collection.update([operation])[0])


def _retrieve(request: Request, body: Dict[str, Any]) -> Any:
    if "ids" not in body:
        raise FormatError("missing field `ids`")
    ids = point_ids(body["ids"])
    with collection_of(request).held("read") as shard:
        found = shard.retrieve(ids, payload_selector(body.get("with_payload"), True), vector_selector(_vectors(body)))
    return [record(point) for point in found]


def _get_point(request: Request, _body: Dict[str, Any]) -> Any:
    wanted = path_id(request.path_params["id"])
    with collection_of(request).held("read") as shard:
        found = shard.retrieve([wanted], True, True)
    if not found:
        raise not_found(f"Point with id {wanted} does not exists!")
    return record(found[0])


def _vectors(body: Dict[str, Any]) -> Any:
    # The JavaScript client's types allow both spellings, and so do servers.
    return body.get("with_vector", body.get("with_vectors"))


def _count(request: Request, body: Dict[str, Any]) -> Any:
    wanted = edge.CountRequest(exact=body.get("exact") is not False, filter=parse_filter(body.get("filter")))
    with collection_of(request).held("read") as shard:
        return {"count": shard.count(wanted)}


def _scroll(request: Request, body: Dict[str, Any]) -> Any:
    order = order_by(body.get("order_by"))
    wanted = edge.ScrollRequest(
        offset=None if body.get("offset") is None else point_id(body["offset"]),
        limit=whole(body, "limit", 10, 1),
        filter=parse_filter(body.get("filter")),
        with_payload=payload_selector(body.get("with_payload"), True),
        with_vector=vector_selector(_vectors(body)),
        order_by=order,
    )
    with collection_of(request).held("read") as shard:
        found, following = shard.scroll(wanted)
    return {"points": [record(point) for point in found], "next_page_offset": None if order else following}


def order_by(raw: Any) -> Any:
    """An `order_by` clause: a field name or an object."""
    if raw is None:
        return None
    if isinstance(raw, str):
        return edge.OrderBy(raw)
    if not isinstance(raw, dict) or not isinstance(raw.get("key"), str):
        raise no_variant("OrderByInterface")
    direction = {None: None, "asc": edge.Direction.Asc, "desc": edge.Direction.Desc}
    if raw.get("direction") not in direction:
        raise no_variant("OrderByInterface")
    return edge.OrderBy(raw["key"], direction[raw.get("direction")], raw.get("start_from"))


def _facet(request: Request, body: Dict[str, Any]) -> Any:
    if not isinstance(body.get("key"), str):
        raise FormatError("missing field `key`")
    limit, exact = whole(body, "limit", 10, 1), body.get("exact") is True
    wanted = edge.FacetRequest(body["key"], limit, exact, parse_filter(body.get("filter")))
    with collection_of(request).held("read") as shard:
        return {"hits": [{"value": hit.value, "count": hit.count} for hit in shard.facet(wanted).hits]}


def routes() -> List[Route]:
    """All endpoints of this module."""
    post, put, get, delete = ["POST"], ["PUT"], ["GET"], ["DELETE"]
    return [
        Route(_POINTS, call(_update("upsert"), "PointInsertOperations"), methods=put),
        Route(_POINTS, call(_retrieve, "PointRequest"), methods=post),
        Route(_POINTS + "/delete", call(_update("delete"), "PointsSelector"), methods=post),
        Route(_POINTS + "/payload", call(_update("set_payload"), "SetPayload"), methods=post),
        Route(_POINTS + "/payload", call(_update("overwrite_payload"), "SetPayload"), methods=put),
        Route(_POINTS + "/payload/delete", call(_update("delete_payload"), "DeletePayload"), methods=post),
        Route(_POINTS + "/payload/clear", call(_update("clear_payload"), "PointsSelector"), methods=post),
        Route(_POINTS + "/vectors", call(_update("update_vectors"), "UpdateVectors"), methods=put),
        Route(_POINTS + "/vectors/delete", call(_update("delete_vectors"), "DeleteVectors"), methods=post),
        Route(_POINTS + "/batch", call(_batch, "UpdateOperations"), methods=post),
        Route(_POINTS + "/count", call(_count, "CountRequest"), methods=post),
        Route(_POINTS + "/scroll", call(_scroll, "ScrollRequest"), methods=post),
        Route(_POINTS + "/{id}", call(_get_point), methods=get),
        Route("/collections/{name}/facet", call(_facet, "FacetRequest"), methods=post),
        Route("/collections/{name}/index", call(_create_index, "CreateFieldIndex"), methods=put),
        Route("/collections/{name}/index/{field}", call(_delete_index), methods=delete),
    ]
