"""Troubles that the local workspace makes on demand: refused and slow calls, lost and doubled deliveries, late acks."""

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class CallFault:
    """What happens to the next `times` calls of a method: a status or error, after `delay` seconds."""

    method: str
    times: int = 1
    status: int = 200
    error: str = ""
    delay: float = 0.0
    retry_after: int = 1


@dataclass(slots=True)
class Faults:
    """The troubles switched on. `apply_acks_late`: seconds between an ack's arrival and its effect on the screen."""

    apply_acks_late: float = 0.0
    post_once_a_second: bool = False
    _calls: list[CallFault] = field(default_factory=list)
    _dropped: dict[str, int] = field(default_factory=dict)
    _doubled: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next calls with 429 and Retry-After."""
        self._add(CallFault(method, times, 429, "ratelimited", retry_after=retry_after))

    def fail(self, method: str, times: int = 1, status: int = 500, error: str = "internal_error") -> None:
        """Answer the next calls with a status, or with ok=false where the status is 200."""
        self._add(CallFault(method, times, status, error))

    def slow(self, method: str, seconds: float, times: int = 1) -> None:
        """Answer the next calls late; beyond the caller's own limit this is a time-out."""
        self._add(CallFault(method, times, delay=seconds))

    def drop_ack(self, kind: str, times: int = 1) -> None:
        """Lose the app's next answers to a kind (slash_commands, interactive, events_api); they count as late."""
        self._dropped[kind] = self._dropped.get(kind, 0) + times

    def duplicate(self, kind: str, times: int = 1) -> None:
        """Deliver the next requests of a kind twice."""
        self._doubled[kind] = self._doubled.get(kind, 0) + times

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._calls.clear()
            self._dropped.clear()
            self._doubled.clear()
            self.apply_acks_late = 0.0
            self.post_once_a_second = False

    def take_call(self, method: str) -> CallFault | None:
        """The trouble for this call, counted down."""
        with self._lock:
            for fault in self._calls:
                if fault.method in {method, "*"} and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def take_dropped(self, kind: str) -> bool:
        """Whether this delivery's answer is lost."""
        return self._take(self._dropped, kind)

    def take_doubled(self, kind: str) -> bool:
        """Whether this delivery goes out twice."""
        return self._take(self._doubled, kind)

    def _add(self, fault: CallFault) -> None:
        with self._lock:
            self._calls.append(fault)

    def _take(self, counts: dict[str, int], kind: str) -> bool:
        with self._lock:
            if counts.get(kind, 0) == 0:
                return False
            counts[kind] -= 1
            return True
