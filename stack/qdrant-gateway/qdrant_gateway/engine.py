"""Which engine this is."""

from importlib.metadata import PackageNotFoundError, version


def _engine() -> str:
    try:
        return f"qdrant-edge-py {version('qdrant-edge-py')}"
    except PackageNotFoundError:
        return "qdrant-edge-py"


ENGINE = _engine()
