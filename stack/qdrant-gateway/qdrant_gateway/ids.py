"""Point ids: an unsigned 64-bit integer or a UUID, nothing else."""

from typing import Any, List, Union
from uuid import UUID

import orjson

from .errors import FormatError

PointId = Union[int, UUID]
_LARGEST = 2**64 - 1


def bad_id(raw: Any) -> FormatError:
    """What Qdrant says about an id that is neither an unsigned integer nor a UUID."""
    shown = raw if isinstance(raw, str) else orjson.dumps(raw).decode()
    return FormatError(
        f"value {shown} is not a valid point ID, valid values are either an unsigned integer or a UUID",
        positioned=False,
    )


def point_id(raw: Any) -> PointId:
    """Check one id and return it as the engine wants it."""
    if type(raw) is int and 0 <= raw <= _LARGEST:
        return raw
    if isinstance(raw, str):
        try:
            return UUID(raw)
        except ValueError:
            pass
    raise bad_id(raw)


def point_ids(raw: Any, enum: str = "PointsSelector") -> List[PointId]:
    """Check a list of ids."""
    if not isinstance(raw, list):
        raise FormatError(f"data did not match any variant of untagged enum {enum}")
    return [point_id(item) for item in raw]


def path_id(raw: str) -> PointId:
    """An id out of a URL, where integers are text as well."""
    return point_id(int(raw) if raw.isascii() and raw.isdigit() else raw)
