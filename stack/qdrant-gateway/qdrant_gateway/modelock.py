"""One lock per collection that lets through what may run side by side."""

import threading
from contextlib import contextmanager
from typing import Dict, FrozenSet, Iterator, List

# Reads go on while a snapshot is written; updates do not; recovery and deletion are alone.
_SIDE_BY_SIDE: Dict[str, FrozenSet[str]] = {
    "read": frozenset({"read", "update", "freeze"}),
    "update": frozenset({"read", "update"}),
    "freeze": frozenset({"read"}),
    "alone": frozenset(),
}


class ModeLock:
    """
    A lock with modes: `read`, `update`, `freeze` (nothing may change) and `alone`.

    Served in order of arrival: a newcomer never overtakes a waiter it would keep waiting, so a stream of
    upserts cannot starve a snapshot.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._active: List[str] = []
        self._waiting: List[List[str]] = []

    @contextmanager
    def held(self, mode: str) -> Iterator[None]:
        """Hold the lock in one mode for the length of a `with` block."""
        ticket = [mode]
        with self._condition:
            self._waiting.append(ticket)
            self._condition.wait_for(lambda: self._may_enter(ticket))
            self._waiting.remove(ticket)
            self._active.append(mode)
            self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._active.remove(mode)
                self._condition.notify_all()

    def _may_enter(self, ticket: List[str]) -> bool:
        friends = _SIDE_BY_SIDE[ticket[0]]
        if any(mode not in friends for mode in self._active):
            return False
        for other in self._waiting:
            if other is ticket:
                return True
            if other[0] not in friends:
                return False
        return True
