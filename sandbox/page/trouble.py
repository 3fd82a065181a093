"""The switches that make outside systems fail, to see what the app says then."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.mailbox import Mailbox
from sandbox.page.relay import EVERYBODY, CalendarRelay
from sandbox.workspace.state import Workspace

SLOW_SECONDS = 3.0
LATE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Trouble:
    """One switch (`is_on` tells its state), or with `is_on` None something that happens once per press."""

    name: str
    label: str
    hint: str
    turn: Callable[[bool], None]
    is_on: Callable[[], bool] | None = None


class Troubles:
    """All of them, by name."""

    def __init__(self, workspace: Workspace, mailbox: Mailbox, relay: CalendarRelay) -> None:
        self._relay = relay
        self._workspace = workspace
        faults = workspace.faults
        found = [
            *(self._failing(person.name) for person in workspace.people.values() if person.name in relay.users),
            Trouble(
                "slow",
                f"Calendars answer {SLOW_SECONDS:g} s late",
                "Find times shows that it is looking, and fills in afterwards.",
                self._slow,
                lambda: EVERYBODY in relay.slow,
            ),
            Trouble(
                "mail",
                "Refuse the next mail",
                "The mail server says 550 No such user. The rep is told, the meeting stands.",
                lambda _on: mailbox.refuse_next(550),
            ),
            Trouble(
                "mail_later",
                "Put off the next 3 mails",
                "The mail server says 451 Try again later. They come a little later.",
                lambda _on: mailbox.refuse_next(451, times=3),
            ),
            Trouble(
                "rate",
                "Answer the next call with 429",
                "The workspace says too many requests. The app waits and calls again.",
                lambda _on: faults.rate_limit("*", retry_after=1),
            ),
            Trouble(
                "lost",
                "Lose the answer to the next click",
                "The app answered, but it never arrived: “We had some trouble connecting.”",
                lambda _on: faults.drop_ack("interactive"),
            ),
            Trouble(
                "late",
                f"Answers to Submit take effect {LATE_SECONDS:g} s late",
                "A faster update must not be overwritten by a slower answer.",
                self._late,
                lambda: faults.apply_acks_late > 0,
            ),
        ]
        self.known = {trouble.name: trouble for trouble in found}

    def _failing(self, user: str) -> Trouble:
        name = user.capitalize()
        hint = f"{name} counts as unknown, never as free."
        return Trouble(
            f"fails_{user}",
            f"{name}'s calendar fails",
            hint,
            lambda on: (self._relay.failing.add if on else self._relay.failing.discard)(user),
            lambda: user in self._relay.failing,
        )

    def _slow(self, on: bool) -> None:
        self._relay.slow = {EVERYBODY: SLOW_SECONDS} if on else {}

    def _late(self, on: bool) -> None:
        self._workspace.faults.apply_acks_late = LATE_SECONDS if on else 0.0

    def turn(self, name: str, on: bool) -> None:
        """Switch one; the page hears of it."""
        with self._workspace.changing():
            self.known[name].turn(on)

    def seen(self) -> list[dict[str, Any]]:
        """What the page shows."""
        return [
            {"name": t.name, "label": t.label, "hint": t.hint, "on": t.is_on() if t.is_on is not None else None}
            for t in self.known.values()
        ]
