"""One walk through a real calendar account with real calls: what an operator sees before people rely on it.

try_out    sign in on the terminal, walk, give the access back
walk       the steps of one account that is open: pure, every call with a deadline of its own

Nobody is invited, no title is shown, nothing is stored, and the test event is removed whatever happens.
Knows no vendor.
"""

import getpass
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

from doctor import Finding, Verdict
from loopback import Loopback
from scheduling.calendars.base import (
    OWN,
    Account,
    BookingKey,
    CalendarInfo,
    CalendarProvider,
    Deadline,
    EventSpec,
)
from scheduling.calendars.systems import CalendarSystem, OAuthSystem, PasswordSystem, Secret
from scheduling.clock import Clock, utc_now
from scheduling.domain import Busy, BusyStatus, EventRef, Interval
from scheduling.errors import ConsentMissing, HostRefused, OutsideError, Unsupported
from web.connect_form import ConnectForm

TITLE = "Schedule For: test event, safe to delete"
AHEAD = timedelta(days=30)
ZONE = "America/New_York"
CALL_SECONDS = 30.0
PAGE_SECONDS = 300.0
"""For the person at the sign-in page."""

PORT = 8765
LOOKS = 4
"""At an own calendar whose busy times may follow a write late; with LOOK_SECONDS between."""

LOOK_SECONDS = 2.0


class Stumbled(Exception):
    """A step ended otherwise than it has to; the text says how."""

    def __init__(self, words: str, verdict: Verdict = Verdict.TO_DO) -> None:
        super().__init__(words)
        self.verdict = verdict


# --- the walk -------------------------------------------------------------------------------------------------------


def walk(
    provider: CalendarProvider,
    deadline: Callable[[], Deadline],
    clock: Clock,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Every step of the provider protocol as soon as it is done; closing the iterator early removes the event too."""
    visit = _Visit(provider, deadline, clock, pause)
    yield step("calendars", visit.list_calendars)
    yield step("next 7 days", visit.read_the_week)
    if visit.calendar is not None:
        try:
            yield from visit.through_an_event(visit.calendar)
        finally:
            removed = step("removed", visit.remove)
        yield removed
    if provider.capabilities.rooms:
        yield step("rooms", lambda: _rooms(provider, deadline))


def step(about: str, work: Callable[[], str]) -> Finding:
    """What a step came to: its words, or the class and code of what went wrong."""
    try:
        return Finding(Verdict.OK, about, work())
    except Stumbled as stumbled:
        return Finding(stumbled.verdict, about, str(stumbled))
    except Exception as error:
        return Finding(Verdict.TO_DO, about, _named(error))


def _named(error: Exception) -> str:
    """Class and code. The text of an error that is none of ours may hold what was typed: its place is shown instead."""
    match error:
        case Stumbled():
            return str(error)
        case HostRefused():
            return f"HostRefused ({error.reason})"
        case ConsentMissing():
            return f"ConsentMissing ({error.code}) {', '.join(error.missing)} {error.admin_url or ''}".strip()
        case OutsideError(retry_after=None):
            return f"{type(error).__name__} ({error.code})"
        case OutsideError():
            return f"{type(error).__name__} ({error.code}), wait {error.retry_after:.0f} s"
        case _:
            return f"{type(error).__name__} in {_place(error)}: please report it"


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "nowhere" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _rooms(provider: CalendarProvider, deadline: Callable[[], Deadline]) -> str:
    try:
        return f"{len(provider.list_rooms(deadline()))} listed"
    except Unsupported as error:  # a permission that only administrators grant; all else works without it
        raise Stumbled(f"not listed for this account: {_named(error)}", Verdict.NOTE) from error


class _Visit:
    """One walk: what was found and made so far."""

    def __init__(
        self,
        provider: CalendarProvider,
        deadline: Callable[[], Deadline],
        clock: Clock,
        pause: Callable[[float], None],
    ) -> None:
        self.calendar: CalendarInfo | None = None
        self._provider = provider
        self._deadline = deadline
        self._now = clock()
        self._pause = pause
        self._spec: EventSpec | None = None
        self._made: dict[str, EventRef] = {}

    def list_calendars(self) -> str:
        calendars = self._provider.list_calendars(self._deadline())
        fit = [calendar for calendar in calendars if calendar.writable and calendar.counts_as_busy]
        if not fit:
            raise Stumbled(f"{len(calendars)} found, but none that can be written and counts as busy")
        self.calendar = next((calendar for calendar in fit if calendar.primary), fit[0])
        return f"{len(calendars)} found, {len(fit)} for meetings"

    def read_the_week(self) -> str:
        return f"{len(self._busy(Interval(self._now, self._now + timedelta(days=7))))} busy stretches"

    def through_an_event(self, calendar: CalendarInfo) -> Iterator[Finding]:
        """The life of an event that invites nobody. Without it there is nothing to find, change or cancel."""
        start = (self._now + AHEAD).replace(minute=0, second=0, microsecond=0)
        booking = secrets.token_hex(16)
        spec = self._spec = EventSpec(
            key=BookingKey(booking),
            uid=f"{booking}-1@schedule-for.example",
            calendar_id=calendar.id,
            interval=Interval(start, start + timedelta(minutes=30)),
            zone=ZONE,
            title=TITLE,
            description="Made by python app.py doctor --live, which removes it again.",
        )
        later = Interval(spec.interval.start + timedelta(hours=1), spec.interval.end + timedelta(hours=1))
        moved = replace(spec, interval=later, sequence=1)
        yield step("create", lambda: self._create(spec))
        if not self._made:
            return
        ref = next(iter(self._made.values()))
        yield step("create again", lambda: self._create_again(spec, ref))
        yield step("find", lambda: self._find(spec, ref))
        yield step("read", lambda: self._read(ref, spec.interval))
        changed = step("update", lambda: self._update(ref, moved))
        yield changed
        now_at = later if changed.verdict is Verdict.OK else spec.interval
        yield step("seen as busy", lambda: self._seen(ref, now_at))
        yield step("cancel", lambda: self._cancel(ref, "gone"))
        yield step("cancel again", lambda: self._cancel(ref, "fine, it was gone already"))
        yield step("find no more", lambda: self._find_none(spec))

    def remove(self) -> str:
        """Whatever was made, known to us or not; each of it is tried twice before a person is asked to do it."""
        tries = [self._twice(partial(self._cancel, ref, "")) for ref in tuple(self._made.values())]
        tries.append(self._twice(self._cancel_what_is_found))
        failed = [done.words for done in tries if done.verdict is not Verdict.OK]
        if failed and self._spec is not None:
            day = f"{self._spec.interval.start:%Y-%m-%d}"
            raise Stumbled(f"{failed[0]}: look for {TITLE!r} on {day} and delete it by hand")
        return "nothing of it is left"

    def _twice(self, work: Callable[[], str]) -> Finding:
        done = step("removed", work)
        if done.verdict is Verdict.OK:
            return done
        self._pause(LOOK_SECONDS)
        return step("removed", work)

    def _cancel_what_is_found(self) -> str:
        if self._spec is None:
            return ""
        for _ in range(LOOKS):
            left = self._provider.find_event(self._spec, self._deadline())
            if left is None:
                return ""
            self._provider.cancel_event(left, None, self._deadline())
        raise Stumbled("still there")

    def _create(self, spec: EventSpec) -> str:
        ref = self._provider.create_event(spec, self._deadline())
        self._made[ref.event_id] = ref
        return f"{TITLE!r} on {spec.interval.start:%Y-%m-%d at %H:%M} UTC"

    def _create_again(self, spec: EventSpec, first: EventRef) -> str:
        again = self._provider.create_event(spec, self._deadline())
        self._made.setdefault(again.event_id, again)
        if again.event_id != first.event_id:
            raise Stumbled("the same key made a second event")
        return "the same event"

    def _find(self, spec: EventSpec, ref: EventRef) -> str:
        found = self._provider.find_event(spec, self._deadline())
        if found is None or found.event_id != ref.event_id:
            raise Stumbled("not found by its key" if found is None else "another event was found by its key")
        return "by its key"

    def _read(self, ref: EventRef, expected: Interval) -> str:
        state = self._provider.get_event(ref, self._deadline())
        if state.cancelled or state.interval != expected:
            raise Stumbled("cancelled" if state.cancelled else "at another time than it was created for")
        if state.responses:
            raise Stumbled("somebody is invited")
        return "at its time, nobody invited"

    def _update(self, ref: EventRef, moved: EventSpec) -> str:
        changed = self._provider.update_event(ref, moved, self._deadline())
        self._made[ref.event_id] = changed
        state = self._provider.get_event(changed, self._deadline())
        if state.interval != moved.interval:
            raise Stumbled("accepted, but it is where it was")
        return "an hour later"

    def _seen(self, ref: EventRef, interval: Interval) -> str:
        for look in range(LOOKS):
            if look:
                self._pause(LOOK_SECONDS)
            if any(_is_ours(busy, ref, interval) for busy in self._busy(interval)):
                return "by our own reading" if not look else f"by our own reading, at look {look + 1}"
        raise Stumbled("its time reads as free")

    def _cancel(self, ref: EventRef, words: str) -> str:
        self._provider.cancel_event(self._made.get(ref.event_id, ref), None, self._deadline())
        return words

    def _find_none(self, spec: EventSpec) -> str:
        if self._provider.find_event(spec, self._deadline()) is not None:
            raise Stumbled("an event is still there under its key")
        return "not there"

    def _busy(self, window: Interval) -> tuple[Busy, ...]:
        (answer,) = self._provider.availability((OWN,), window, self._deadline(), default_zone=ZONE)
        if answer.error is not None:
            raise answer.error
        return answer.busy


def _is_ours(busy: Busy, ref: EventRef, interval: Interval) -> bool:
    covers = busy.interval.start <= interval.start and interval.end <= busy.interval.end
    return covers and busy.status is BusyStatus.BUSY and busy.uid in (None, ref.uid)


# --- signing in on the terminal -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terminal:
    """How the operator is spoken to. Typed passwords are not shown; where that cannot be, they are not asked for."""

    say: Callable[[str], None]
    ask: Callable[[str], str] = input
    ask_secret: Callable[[str], str] = getpass.getpass

    def typed(self, label: str, *, secret: bool) -> str:
        """An answer. Raises Stumbled where nobody can give one."""
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return (self.ask_secret if secret else self.ask)(f"{label}: ")
            except (EOFError, getpass.GetPassWarning):
                raise Stumbled("nothing can be typed here: run it in a terminal") from None


def try_out(
    provider: str,
    systems: Mapping[str, CalendarSystem],
    forms: Mapping[str, ConnectForm],
    terminal: Terminal,
    port: int = PORT,
    clock: Clock = utc_now,
) -> Iterator[Finding]:
    """Sign in, walk, give the access back; a sign-in that fails ends it. `port` is for the answer of a sign-in page."""
    system = systems.get(provider)
    if system is None:
        yield Finding(
            Verdict.TO_DO, "sign in", f"set {provider.upper()}_CLIENT_ID and {provider.upper()}_CLIENT_SECRET"
        )
        return
    accounts: list[Account] = []

    def sign_in() -> str:
        if hasattr(system, "begin"):
            accounts.append(at_the_page(cast("OAuthSystem", system), provider, terminal, port))
        else:
            accounts.append(by_typing(cast("PasswordSystem", system), forms[provider], terminal))
        return f"as {accounts[0].label}"

    yield step("sign in", sign_in)
    if not accounts:
        return
    newest: list[Secret] = [accounts[0].secret]
    try:
        yield from walk(system.open(newest[0], newest.append), soon, clock)
    finally:
        given_back = step("give back", lambda: _give_back(system, newest[-1]))
    yield given_back


def _give_back(system: CalendarSystem, secret: Secret) -> str:
    system.revoke(secret, soon())
    return "nothing of the access is kept here"


def soon() -> Deadline:
    """For one call."""
    return Deadline.after(CALL_SECONDS)


def by_typing(system: PasswordSystem, form: ConnectForm, terminal: Terminal) -> Account:
    """The fields of the page that people connect at, asked one by one. The password is tried once."""
    typed: dict[str, str] = {}
    for field in form.fields:
        if field.hint:
            terminal.say(field.hint)
        typed[field.name] = terminal.typed(field.label, secret=field.secret)
    fields = form.read(typed)
    wrong = form.check(fields)
    if wrong:
        raise Stumbled(" ".join(wrong.fields.values()))
    return system.connect(fields, soon())


def at_the_page(system: OAuthSystem, provider: str, terminal: Terminal, port: int) -> Account:
    """The provider's own page, opened by hand; its answer is awaited on this computer."""
    state = secrets.token_urlsafe(32)
    try:
        loopback = Loopback(f"/oauth/{provider}/callback", port, state)
    except (OSError, OverflowError):
        raise Stumbled(f"port {port} cannot be listened on: name another one with --port") from None
    with loopback:
        there = system.begin(loopback.uri, state, None)
        terminal.say(f"This redirect URI must be registered, exactly like this: {loopback.uri}")
        terminal.say(f"Open this address in a browser on this computer, and sign in:\n{there.url}")
        params = loopback.wait(PAGE_SECONDS)
    if params is None:
        raise Stumbled("nobody came back from the sign-in page in time")
    return system.finish(there.flow, params, loopback.uri, soon())
