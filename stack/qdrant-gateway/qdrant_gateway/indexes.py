"""Payload indexes: from Qdrant's JSON to the engine's parameters."""

from typing import Any, Dict, Tuple

import qdrant_edge as edge

from .errors import no_variant

_PLAIN = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "geo": edge.PayloadSchemaType.Geo,
    "text": edge.PayloadSchemaType.Text,
    "bool": edge.PayloadSchemaType.Bool,
    "datetime": edge.PayloadSchemaType.Datetime,
    "uuid": edge.PayloadSchemaType.Uuid,
}
_WITH_PARAMS = {
    "keyword": edge.KeywordIndexParams,
    "integer": edge.IntegerIndexParams,
    "float": edge.FloatIndexParams,
    "geo": edge.GeoIndexParams,
    "text": edge.TextIndexParams,
    "bool": edge.BoolIndexParams,
    "datetime": edge.DatetimeIndexParams,
    "uuid": edge.UuidIndexParams,
}
_TOKENIZERS = {
    "prefix": edge.TokenizerType.Prefix,
    "whitespace": edge.TokenizerType.Whitespace,
    "word": edge.TokenizerType.Word,
    "multilingual": edge.TokenizerType.Multilingual,
}


def parse_schema(raw: Any) -> Tuple[Any, Dict[str, Any]]:
    """Return the engine's schema and the parameters to echo (empty for the plain form)."""
    if isinstance(raw, str) and raw in _PLAIN:
        return _PLAIN[raw], {}
    if not isinstance(raw, dict) or raw.get("type") not in _PLAIN:
        raise no_variant("PayloadFieldSchema")
    kind = raw["type"]
    given = {name: value for name, value in raw.items() if name != "type" and value is not None}
    if not given and kind != "text":
        return _PLAIN[kind], {"type": kind}
    try:
        if kind == "text":
            tokenizer = _TOKENIZERS[given.get("tokenizer", "word")]
            return edge.TextIndexParams(**{**given, "tokenizer": tokenizer}), raw
        if kind == "integer":
            given = {"lookup": True, "range": True, **given}
        return _WITH_PARAMS[kind](**given), raw
    except (TypeError, KeyError) as error:
        raise no_variant("PayloadFieldSchema") from error


def schema_name(data_type: Any) -> str:
    """The engine's data type under the name that Qdrant's REST API gives it."""
    for name, kind in _PLAIN.items():
        if kind == data_type:
            return name
    return str(data_type).rsplit(".", 1)[-1].lower()
