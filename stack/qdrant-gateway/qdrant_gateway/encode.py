"""Between the engine's points and JSON: selectors going in, records coming out."""

from typing import Any, Dict, Union

import numpy as np
import qdrant_edge as edge

from .errors import no_variant


def payload_selector(raw: Any, default: bool) -> Any:
    """What `with_payload` asks for, in the engine's terms."""
    if raw is None:
        return default
    if isinstance(raw, bool):
        return raw
    if _names(raw):
        return edge.PayloadSelector.Include(raw)
    if isinstance(raw, dict) and len(raw) == 1:
        ((kind, keys),) = raw.items()
        if kind in ("include", "exclude") and _names(keys):
            return (edge.PayloadSelector.Include if kind == "include" else edge.PayloadSelector.Exclude)(keys)
    raise no_variant("WithPayloadInterface")


def vector_selector(raw: Any) -> Union[bool, list]:
    """What `with_vector` asks for, in the engine's terms."""
    if raw is None:
        return False
    if isinstance(raw, bool) or _names(raw):
        return raw
    raise no_variant("WithVector")


def _names(raw: Any) -> bool:
    return isinstance(raw, list) and all(isinstance(name, str) for name in raw)


def record(point: Any) -> Dict[str, Any]:
    """One retrieved or scrolled point."""
    shown: Dict[str, Any] = {"id": point.id}
    return _rest(point, shown)


def scored(point: Any) -> Dict[str, Any]:
    """One point of a query's answer."""
    shown = {"id": point.id, "version": point.version, "score": np.float32(point.score)}
    return _rest(point, shown)


def _rest(point: Any, shown: Dict[str, Any]) -> Dict[str, Any]:
    payload = point.payload
    if payload is not None:
        shown["payload"] = payload
    vector = point.vector
    if vector is not None:
        shown["vector"] = _vector(vector)
    if point.order_value is not None:
        shown["order_value"] = point.order_value
    return shown


def _vector(vector: Any) -> Any:
    # Vectors are 32-bit floats; as such they print like a Qdrant server prints them (0.6666667), and in half the bytes.
    if isinstance(vector, list):
        return np.asarray(vector, dtype=np.float32)
    if isinstance(vector, dict):
        return {name: _vector(one) for name, one in vector.items()}
    return {"indices": list(vector.indices), "values": np.asarray(vector.values, dtype=np.float32)}
