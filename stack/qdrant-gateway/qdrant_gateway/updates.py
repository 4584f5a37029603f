"""Updates: from Qdrant's JSON to the engine's operations, with every check made before the engine sees them."""

from typing import Any, Callable, Dict, List

import qdrant_edge as edge

from . import config as configs
from .errors import FormatError, no_variant, wrong_input
from .filters import parse_filter
from .ids import bad_id, point_id, point_ids

_MODES = {
    "upsert": edge.UpdateMode.Upsert,
    "insert_only": edge.UpdateMode.InsertOnly,
    "update_only": edge.UpdateMode.UpdateOnly,
}


class VectorCheck:
    """
    Checks vectors against a collection's config.

    The engine logs an update before it applies it: one that fails half-way would be applied again, half, at
    every later start. Nothing wrong may reach it.
    """

    def __init__(self, config: Dict[str, Any]) -> None:
        self._dims = {name: one["size"] for name, one in configs.dense_vectors(config).items()}
        self._sparse = configs.sparse_names(config)
        self._plain = self._dims.get("")

    def __call__(self, raw: Any) -> Any:
        """Return the vector as the engine takes it, or raise what Qdrant would answer."""
        if isinstance(raw, list):
            if self._plain is None:
                raise wrong_input("Not existing vector name error: ")
            return self._dense("", raw)
        if isinstance(raw, dict):
            return {name: self._named(name, one) for name, one in raw.items()}
        raise no_variant("VectorStruct")

    def _named(self, name: str, raw: Any) -> Any:
        if name in self._sparse and isinstance(raw, dict) and set(raw) == {"indices", "values"}:
            return edge.SparseVector(raw["indices"], raw["values"])
        if name not in self._dims:
            raise wrong_input(f"Not existing vector name error: {name}")
        if not isinstance(raw, list):
            raise no_variant("VectorStruct")
        return self._dense(name, raw)

    def _dense(self, name: str, raw: List[Any]) -> List[Any]:
        if len(raw) != self._dims[name]:
            raise wrong_input(f"Vector dimension error: expected dim: {self._dims[name]}, got {len(raw)}")
        return raw


def _point(raw_id: Any, vector: Any, payload: Any, check: VectorCheck) -> edge.Point:
    if payload is not None and not isinstance(payload, dict):
        raise no_variant("PointInsertOperations")
    # Text ids go to the engine as they are: it parses UUIDs faster than Python does.
    known = raw_id if isinstance(raw_id, str) else point_id(raw_id)
    try:
        return edge.Point(id=known, vector=check(vector), payload=payload)
    except ValueError as error:
        raise bad_id(raw_id) from error
    except (TypeError, OverflowError) as error:
        raise no_variant("PointInsertOperations") from error


def upsert(body: Dict[str, Any], check: VectorCheck) -> edge.UpdateOperation:
    """Both forms of an upsert: `points`, a list, or `batch`, columns."""
    if isinstance(body.get("points"), list):
        rows = body["points"]
        if not all(isinstance(row, dict) and "id" in row and "vector" in row for row in rows):
            raise no_variant("PointInsertOperations")
        points = [_point(row["id"], row["vector"], row.get("payload"), check) for row in rows]
    elif isinstance(body.get("batch"), dict):
        points = _columns(body["batch"], check)
    else:
        raise no_variant("PointInsertOperations")
    mode = _MODES.get(body.get("update_mode") or "upsert")
    if mode is None:
        raise no_variant("PointInsertOperations")
    return edge.UpdateOperation.upsert_points(points, parse_filter(body.get("update_filter")), mode)


def _columns(batch: Dict[str, Any], check: VectorCheck) -> List[edge.Point]:
    ids, vectors, payloads = batch.get("ids"), batch.get("vectors"), batch.get("payloads")
    if not isinstance(ids, list) or not isinstance(vectors, (list, dict)):
        raise no_variant("PointInsertOperations")
    if isinstance(vectors, dict):
        columns = list(vectors.items())
        vectors = [{name: column[row] for name, column in columns} for row in range(min(map(len, vectors.values())))]
    if payloads is None:
        payloads = [None] * len(ids)
    if not isinstance(payloads, list) or len(vectors) != len(ids) or len(payloads) != len(ids):
        raise wrong_input("number of ids, vectors and payloads must be equal", 422)
    return [_point(*row, check) for row in zip(ids, vectors, payloads)]


def _selected(body: Dict[str, Any], by_ids: Callable, by_filter: Callable, *rest: Any) -> edge.UpdateOperation:
    if body.get("points") is not None:
        return by_ids(point_ids(body["points"]), *rest)
    chosen = parse_filter(body.get("filter"))
    if chosen is None:
        raise no_variant("PointsSelector")
    return by_filter(chosen, *rest)


def delete(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Delete points by ids or by filter."""
    return _selected(body, edge.UpdateOperation.delete_points, edge.UpdateOperation.delete_points_by_filter)


def set_payload(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Merge keys into payloads."""
    make = edge.UpdateOperation
    return _selected(body, make.set_payload, make.set_payload_by_filter, _payload(body), body.get("key"))


def overwrite_payload(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Replace payloads."""
    make = edge.UpdateOperation
    return _selected(body, make.overwrite_payload, make.overwrite_payload_by_filter, _payload(body), body.get("key"))


def _payload(body: Dict[str, Any]) -> Dict[str, Any]:
    if not isinstance(body.get("payload"), dict):
        raise FormatError("missing field `payload`" if "payload" not in body else "invalid type, expected a map")
    return body["payload"]


def _strings(body: Dict[str, Any], name: str) -> List[str]:
    if not isinstance(body.get(name), list) or not all(isinstance(key, str) for key in body[name]):
        raise FormatError(f"missing field `{name}`" if name not in body else "invalid type, expected a sequence")
    return body[name]


def delete_payload(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Remove keys from payloads."""
    make = edge.UpdateOperation
    return _selected(body, make.delete_payload, make.delete_payload_by_filter, _strings(body, "keys"))


def clear_payload(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Remove payloads whole."""
    return _selected(body, edge.UpdateOperation.clear_payload, edge.UpdateOperation.clear_payload_by_filter)


def update_vectors(body: Dict[str, Any], check: VectorCheck) -> edge.UpdateOperation:
    """Replace vectors of existing points."""
    rows = body.get("points")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise FormatError("missing field `points`")
    try:
        pairs = [edge.PointVectors(id=point_id(row["id"]), vector=check(row.get("vector"))) for row in rows]
    except (TypeError, OverflowError) as error:
        raise no_variant("VectorStruct") from error
    return edge.UpdateOperation.update_vectors(pairs, parse_filter(body.get("update_filter")))


def delete_vectors(body: Dict[str, Any], _check: VectorCheck) -> edge.UpdateOperation:
    """Remove named vectors from points."""
    make = edge.UpdateOperation
    return _selected(body, make.delete_vectors, make.delete_vectors_by_filter, _strings(body, "vector"))


# The names under which the batch endpoint carries each operation.
OPERATIONS: Dict[str, Callable[[Dict[str, Any], VectorCheck], edge.UpdateOperation]] = {
    "upsert": upsert,
    "delete": delete,
    "set_payload": set_payload,
    "overwrite_payload": overwrite_payload,
    "delete_payload": delete_payload,
    "clear_payload": clear_payload,
    "update_vectors": update_vectors,
    "delete_vectors": delete_vectors,
}
