"""Collection configs: what a client may ask for, what the engine gets, and what is echoed back."""

import copy
from typing import Any, Dict

import qdrant_edge as edge

from .errors import FormatError, no_variant, unsupported, wrong_input

# What a Qdrant 1.18 server fills in and echoes when a client asks for nothing.
_HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000, "max_indexing_threads": 0, "on_disk": False}
_OPTIMIZER = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 2,
    "max_segment_size": None,
    "memmap_threshold": None,
    "indexing_threshold": 10000,
    "flush_interval_sec": 5,
    "max_optimization_threads": None,
    "prevent_unoptimized": None,
}
_WAL = {"wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1}

_DISTANCES = {
    "Cosine": edge.Distance.Cosine,
    "Euclid": edge.Distance.Euclid,
    "Dot": edge.Distance.Dot,
    "Manhattan": edge.Distance.Manhattan,
}
_DATATYPES = {
    "float32": edge.VectorStorageDatatype.Float32,
    "float16": edge.VectorStorageDatatype.Float16,
    "uint8": edge.VectorStorageDatatype.Uint8,
}
_LARGEST_DIM = 65536


def new_config(body: Dict[str, Any]) -> Dict[str, Any]:
    """Check the body of a create call and return the full config, in the form that is echoed and stored."""
    if body.get("quantization_config") is not None:
        raise unsupported("quantization_config")
    params: Dict[str, Any] = {"vectors": _vectors(body.get("vectors"))}
    if body.get("sparse_vectors"):
        params["sparse_vectors"] = _sparse(body["sparse_vectors"])
    for name, default in (("shard_number", 1), ("replication_factor", 1), ("write_consistency_factor", 1)):
        params[name] = body.get(name) or default
    if params["shard_number"] != 1:
        raise unsupported("more than one shard")
    params["on_disk_payload"] = body.get("on_disk_payload") if body.get("on_disk_payload") is not None else True
    return {
        "params": params,
        "hnsw_config": _merged(_HNSW, body.get("hnsw_config"), "HnswConfigDiff"),
        "optimizer_config": _merged(_OPTIMIZER, body.get("optimizers_config"), "OptimizersConfigDiff"),
        "wal_config": _merged(_WAL, body.get("wal_config"), "WalConfigDiff"),
        "quantization_config": None,
    }


def updated_config(config: Dict[str, Any], body: Dict[str, Any]) -> Dict[str, Any]:
    """Apply the body of a collection update; vectors stay as they are."""
    if body.get("quantization_config") is not None or body.get("vectors") is not None:
        raise unsupported("changing vectors or quantization of a collection")
    changed = copy.deepcopy(config)
    changed["hnsw_config"] = _merged(changed["hnsw_config"], body.get("hnsw_config"), "HnswConfigDiff")
    changed["optimizer_config"] = _merged(
        changed["optimizer_config"], body.get("optimizers_config"), "OptimizersConfigDiff"
    )
    changed["params"] = _merged(changed["params"], body.get("params"), "CollectionParamsDiff")
    return changed


def _merged(defaults: Dict[str, Any], given: Any, struct: str) -> Dict[str, Any]:
    if given is not None and not isinstance(given, dict):
        raise FormatError(f"invalid type, expected struct {struct}")
    return {**defaults, **{name: value for name, value in (given or {}).items() if value is not None}}


def _vectors(raw: Any) -> Dict[str, Any]:
    if raw is None:
        return {}
    if isinstance(raw, dict) and "size" in raw:
        return _dense(raw)
    if isinstance(raw, dict) and all(isinstance(one, dict) for one in raw.values()):
        return {name: _dense(one) for name, one in raw.items()}
    raise no_variant("VectorsConfig")


def _dense(raw: Dict[str, Any]) -> Dict[str, Any]:
    size, distance = raw.get("size"), raw.get("distance")
    if type(size) is not int or size < 0 or distance not in _DISTANCES:
        raise no_variant("VectorsConfig")
    if raw.get("datatype") not in (None, *_DATATYPES):
        raise no_variant("VectorsConfig")
    if not 1 <= size <= _LARGEST_DIM:
        raise wrong_input(f"Vector size must be between 1 and {_LARGEST_DIM}, got {size}", 422)
    for name in ("quantization_config", "multivector_config"):
        if raw.get(name) is not None:
            raise unsupported(name)
    kept = ("size", "distance", "hnsw_config", "on_disk", "datatype")
    return {name: raw[name] for name in kept if raw.get(name) is not None}


def _sparse(raw: Any) -> Dict[str, Any]:
    if not isinstance(raw, dict) or not all(isinstance(one, dict) for one in raw.values()):
        raise FormatError("invalid type, expected struct SparseVectorParams")
    for one in raw.values():
        if one.get("modifier") not in (None, "none", "idf"):
            raise FormatError("unknown variant of modifier, expected `none` or `idf`")
    return raw


def dense_vectors(config: Dict[str, Any]) -> Dict[str, Dict[str, Any]]:
    """Dense vectors by name; the unnamed one has the empty name."""
    vectors = config["params"]["vectors"]
    return {"": vectors} if "size" in vectors else vectors


def sparse_names(config: Dict[str, Any]) -> Dict[str, Any]:
    """Sparse vectors by name."""
    return config["params"].get("sparse_vectors", {})


def engine_config(config: Dict[str, Any]) -> edge.EdgeConfig:
    """The part of a collection config that the storage engine acts on."""
    hnsw, wants = config["hnsw_config"], config["optimizer_config"]
    dense = {
        name: edge.EdgeVectorParams(
            size=one["size"],
            distance=_DISTANCES[one["distance"]],
            on_disk=one.get("on_disk"),
            datatype=_DATATYPES.get(one.get("datatype", "")),
        )
        for name, one in dense_vectors(config).items()
    }
    sparse = {
        name: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf if one.get("modifier") == "idf" else None)
        for name, one in sparse_names(config).items()
    }
    return edge.EdgeConfig(
        vectors=dense,
        sparse_vectors=sparse or None,
        hnsw_config=edge.HnswIndexConfig(
            m=hnsw["m"], ef_construct=hnsw["ef_construct"], full_scan_threshold=hnsw["full_scan_threshold"]
        ),
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=wants["indexing_threshold"]),
    )
