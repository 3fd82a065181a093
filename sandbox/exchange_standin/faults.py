"""Ways to misbehave, each for one operation and a number of times."""

from dataclasses import dataclass, field
from threading import Event


@dataclass
class Fault:
    """What the stand-in does instead of answering `operation` properly ("*": any), `times` times.

    `status`, `body` and `headers` are an answer of somebody else's; `code` is a SOAP fault with that response code, and
    `back_off_ms` its wait; `message` is the response code of a message inside a proper answer. `cut` ends the
    connection in the middle of the answer; `after` does the work first. `hang` holds the answer until it is set.
    """

    operation: str = "*"
    times: int = 1
    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    back_off_ms: int | None = None
    message: str | None = None
    cut: bool = False
    after: bool = False
    hang: Event | None = None

    def is_due(self, operation: str) -> bool:
        return self.times > 0 and self.operation in ("*", operation)
