"""Filters: from Qdrant's JSON to the engine's objects."""

from typing import Any, Dict, List, Optional

import qdrant_edge as edge

from .errors import FormatError, no_variant
from .ids import point_id

_CLAUSES = ("should", "min_should", "must", "must_not")
_FIELD_KEYS = {
    "key", "match", "range", "geo_bounding_box", "geo_radius", "geo_polygon", "values_count", "is_empty", "is_null",
}  # fmt: skip
_BOUNDS = {"lt", "gt", "lte", "gte"}


def parse_filter(raw: Any) -> Optional[edge.Filter]:
    """Build the engine's filter; None where the request has none."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise FormatError("invalid type: filter must be an object, expected struct Filter")
    for name in raw:
        if name not in _CLAUSES:
            raise FormatError(f"unknown field `{name}`, expected one of `should`, `min_should`, `must`, `must_not`")
    return edge.Filter(
        must=_conditions(raw.get("must")),
        should=_conditions(raw.get("should")),
        must_not=_conditions(raw.get("must_not")),
        min_should=_min_should(raw.get("min_should")),
    )


def _conditions(raw: Any) -> Optional[List[Any]]:
    if raw is None:
        return None
    return [_condition(item) for item in (raw if isinstance(raw, list) else [raw])]


def _min_should(raw: Any) -> Optional[edge.MinShould]:
    if raw is None:
        return None
    count = raw.get("min_count") if isinstance(raw, dict) else None
    if type(count) is not int or count < 0 or not isinstance(raw.get("conditions"), list):
        raise FormatError("min_should needs `conditions` and `min_count`, expected struct MinShould")
    return edge.MinShould([_condition(item) for item in raw["conditions"]], count)


def _condition(raw: Any) -> Any:
    if not isinstance(raw, dict) or not raw:
        raise no_variant("Condition")
    keys = set(raw)
    if keys <= set(_CLAUSES):
        return parse_filter(raw)
    if keys == {"has_id"} and isinstance(raw["has_id"], list):
        return edge.HasIdCondition({point_id(item) for item in raw["has_id"]})
    if keys == {"has_vector"} and isinstance(raw["has_vector"], str):
        return edge.HasVectorCondition(raw["has_vector"])
    if keys in ({"is_empty"}, {"is_null"}):
        (kind, inner), = raw.items()
        if not isinstance(inner, dict) or not isinstance(inner.get("key"), str):
            raise no_variant("Condition")
        return (edge.IsEmptyCondition if kind == "is_empty" else edge.IsNullCondition)(_path(inner["key"]))
    if keys == {"nested"}:
        return _nested(raw["nested"])
    if keys <= _FIELD_KEYS and isinstance(raw.get("key"), str):
        return _field(raw)
    raise no_variant("Condition")


def _nested(raw: Any) -> edge.NestedCondition:
    inner = parse_filter(raw.get("filter")) if isinstance(raw, dict) else None
    if inner is None or not isinstance(raw.get("key"), str):
        raise no_variant("Condition")
    return edge.NestedCondition(_path(raw["key"]), inner)


def _path(key: str) -> str:
    # The engine parses the path when the condition is built; an empty one matches nothing there.
    if not key:
        raise FormatError("Invalid json path: ''")
    return key


def _field(raw: Dict[str, Any]) -> edge.FieldCondition:
    checks = {name: raw[name] for name in raw if name != "key" and raw[name] is not None}
    if not checks:
        raise no_variant("Condition")
    if any(name.startswith("geo_") for name in checks):
        checks.update({name: _geo(name, value) for name, value in checks.items() if name.startswith("geo_")})
    if "match" in checks:
        checks["match"] = _match(checks["match"])
    if "range" in checks:
        checks["range"] = _range(checks["range"])
    if "values_count" in checks:
        checks["values_count"] = edge.ValuesCount(**_bounds(checks["values_count"], int))
    for name in ("is_empty", "is_null"):
        if name in checks and not isinstance(checks[name], bool):
            raise no_variant("Condition")
    try:
        return edge.FieldCondition(key=_path(raw["key"]), **checks)
    except ValueError as error:
        raise FormatError(str(error)) from error


class _TrulyBool:
    """
    A boolean that is not also a number.

    The engine's binding tries numbers first, and Python's True is one: `match: true` would look for 1. It takes
    NumPy's booleans for what they are, by the name of their type; older NumPy's are numbers too, this one is not.
    """

    def __init__(self, value: bool) -> None:
        self._value = value

    def __bool__(self) -> bool:
        return self._value


_TrulyBool.__module__, _TrulyBool.__name__ = "numpy", "bool_"


def _match(raw: Any) -> Any:
    if not isinstance(raw, dict) or len(raw) != 1:
        raise no_variant("Match")
    ((kind, value),) = raw.items()
    if kind == "value" and isinstance(value, bool):
        return edge.MatchValue(_TrulyBool(value))
    if kind == "value" and isinstance(value, (str, int)):
        return edge.MatchValue(value)
    if kind in ("any", "except") and _one_kind(value):
        return (edge.MatchAny if kind == "any" else edge.MatchExcept)(value)
    texts = {"text": edge.MatchText, "text_any": edge.MatchTextAny, "phrase": edge.MatchPhrase}
    if kind in texts and isinstance(value, str):
        return texts[kind](value)
    raise no_variant("Match")


def _one_kind(value: Any) -> bool:
    return isinstance(value, list) and (
        all(isinstance(item, str) for item in value) or all(type(item) is int for item in value)
    )


def _range(raw: Any) -> Any:
    if isinstance(raw, dict) and any(isinstance(value, str) for value in raw.values()):
        return edge.RangeDateTime(**_bounds(raw, str))
    return edge.RangeFloat(**_bounds(raw, float))


def _bounds(raw: Any, kind: type) -> Dict[str, Any]:
    if not isinstance(raw, dict) or not set(raw) <= _BOUNDS:
        raise no_variant("RangeInterface")
    given = {name: value for name, value in raw.items() if value is not None}
    wanted = (int, float) if kind is float else kind
    if any(isinstance(value, bool) or not isinstance(value, wanted) for value in given.values()):
        raise no_variant("RangeInterface")
    return given


def _geo(name: str, raw: Any) -> Any:
    try:
        if name == "geo_bounding_box":
            return edge.GeoBoundingBox(_place(raw["top_left"]), _place(raw["bottom_right"]))
        if name == "geo_radius":
            return edge.GeoRadius(_place(raw["center"]), float(raw["radius"]))
        rings = [[_place(spot) for spot in ring["points"]] for ring in [raw["exterior"], *(raw.get("interiors") or [])]]
        return edge.GeoPolygon(rings[0], rings[1:])
    except (KeyError, TypeError, ValueError) as error:
        raise no_variant("Condition") from error


def _place(raw: Any) -> edge.GeoPoint:
    return edge.GeoPoint(float(raw["lon"]), float(raw["lat"]))
