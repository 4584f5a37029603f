"""Endpoints that rank points: query, query in batches, and the older search."""

from typing import Any, Dict, List, Optional, Tuple

import qdrant_edge as edge
from starlette.requests import Request
from starlette.routing import Route

from .collection import Collection
from .encode import payload_selector, scored, vector_selector
from .errors import FormatError, no_variant, not_found, unsupported, wrong_input
from .filters import parse_filter
from .http import call, whole
from .ids import PointId, point_id
from .routes_points import collection_of, order_by

_POINTS = "/collections/{name}/points"


def _query(request: Request, body: Dict[str, Any]) -> Any:
    return {"points": _ranked(collection_of(request), body)}


def _query_batch(request: Request, body: Dict[str, Any]) -> Any:
    collection = collection_of(request)
    if not isinstance(body.get("searches"), list):
        raise FormatError("missing field `searches`")
    return [{"points": _ranked(collection, one)} for one in body["searches"]]


def _ranked(collection: Collection, body: Any) -> List[Dict[str, Any]]:
    if not isinstance(body, dict):
        raise no_variant("QueryRequestInternal")
    for name in ("prefetch", "lookup_from"):
        if body.get(name):
            raise unsupported(name)
    using = body.get("using")
    query, itself = _query_of(collection, body.get("query"), using)
    chosen = parse_filter(body.get("filter"))
    if itself is not None:
        # A query by id never finds the point it asks with.
        chosen = edge.Filter(must=[chosen] if chosen else None, must_not=[edge.HasIdCondition({itself})])
    return _run(collection, body, query, chosen, whole(body, "limit", 10, 1))


def _query_of(collection: Collection, raw: Any, using: Optional[str]) -> Tuple[Any, Optional[PointId]]:
    if raw is None:
        return None, None
    if isinstance(raw, dict) and len(raw) == 1:
        if "order_by" in raw:
            return order_by(raw["order_by"]), None
        if raw.get("sample") == "random":
            return edge.Sample.Random, None
        if "nearest" not in raw and "indices" not in raw:
            raise unsupported(f"query {next(iter(raw))}")
        raw = raw.get("nearest", raw)
    if isinstance(raw, (str, int)):
        itself = point_id(raw)
        return _nearest(collection, _vector_of(collection, itself, using), using), itself
    return _nearest(collection, raw, using), None


def _vector_of(collection: Collection, wanted: PointId, using: Optional[str]) -> Any:
    with collection.held("read") as shard:
        found = shard.retrieve([wanted], False, True)
    if not found:
        raise not_found(f"No point with id {wanted} found")
    vector = found[0].vector
    return vector.get(using or "") if isinstance(vector, dict) else vector


def _nearest(collection: Collection, raw: Any, using: Optional[str]) -> Any:
    if not isinstance(raw, (list, dict)):
        raise no_variant("QueryInterface")
    checked = collection.check({using: raw})[using] if using else collection.check(raw)
    try:
        return edge.Query.Nearest(checked, using)
    except TypeError as error:
        raise no_variant("QueryInterface") from error


def _run(collection: Collection, body: Dict[str, Any], query: Any, chosen: Any, limit: int) -> List[Dict[str, Any]]:
    params = body.get("params") or {}
    threshold = body.get("score_threshold")
    if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, (int, float))):
        raise FormatError("invalid type for `score_threshold`, expected f32")
    wanted = edge.QueryRequest(
        limit=limit,
        offset=whole(body, "offset", 0),
        query=query,
        filter=chosen,
        score_threshold=threshold,
        with_payload=payload_selector(body.get("with_payload"), False),
        with_vector=vector_selector(body.get("with_vector", body.get("with_vectors"))),
        params=edge.SearchParams(hnsw_ef=params.get("hnsw_ef"), exact=bool(params.get("exact"))),
    )
    with collection.held("read") as shard:
        return [scored(point) for point in shard.query(wanted)]


def _search(request: Request, body: Dict[str, Any]) -> Any:
    collection = collection_of(request)
    raw, using = body.get("vector"), None
    if isinstance(raw, dict) and set(raw) == {"name", "vector"}:
        raw, using = raw["vector"], raw["name"]
    if not isinstance(raw, list):
        raise no_variant("NamedVectorStruct")
    if not raw:
        raise wrong_input("Vector dimension error: expected dim: 1, got 0")
    query = _nearest(collection, raw, using)
    return _run(collection, body, query, parse_filter(body.get("filter")), whole(body, "limit", None, 1))


def routes() -> List[Route]:
    """All endpoints of this module."""
    return [
        Route(_POINTS + "/query", call(_query, "QueryRequest"), methods=["POST"]),
        Route(_POINTS + "/query/batch", call(_query_batch, "QueryRequestBatch"), methods=["POST"]),
        Route(_POINTS + "/search", call(_search, "SearchRequest"), methods=["POST"]),
    ]
