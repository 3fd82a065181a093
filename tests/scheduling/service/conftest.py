"""The assembled scheduling service with people, calendars and a mail server of the test's own."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from scheduling.assembly import Scheduling, assemble
from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.config import SchedulingConfig
from scheduling.domain import (
    Booking,
    Conference,
    Connection,
    ConnectionState,
    Customer,
    Draft,
    Person,
    Prefill,
    Rep,
    Room,
    Screen,
    WorkspaceChoices,
)
from scheduling.errors import AuthExpired, MailError, NoticeError, OutsideError
from scheduling.ports import Outcome, OutcomeKind, Undone
from scheduling.store import Store, connections
from tests.scheduling.calendars.fake_calendar import WORK, FakeCalendar

TEAM = "T0DEMO"
DANA = Rep(TEAM, "U0DANA")
SAM = Rep(TEAM, "U0SAM")
PEOPLE = {
    "U0DANA": Person(TEAM, "U0DANA", "Dana Reyes", "dana@demo.example", "Europe/Berlin"),
    "U0PRIYA": Person(TEAM, "U0PRIYA", "Priya Nair", "priya@demo.example", "Asia/Kolkata"),
    "U0SAM": Person(TEAM, "U0SAM", "Sam Okafor", "sam@demo.example", "Europe/London"),
}
TUESDAY_9 = datetime(2026, 11, 3, 8, tzinfo=UTC)
"""Tue 3 Nov 09:00 in Berlin, the day after the clock's."""


class FakeDirectory:
    """Slack's directory: `people` are known, `failure` is raised while it is set."""

    def __init__(self) -> None:
        self.people_known = dict(PEOPLE)
        self.failure: NoticeError | None = None
        self.asked: list[tuple[str, ...]] = []

    def people(self, team_id: str, user_ids: tuple[str, ...]) -> dict[str, Person]:
        self.asked.append(user_ids)
        if self.failure is not None:
            raise self.failure
        return {user: self.people_known[user] for user in user_ids if user in self.people_known}


@dataclass
class FakeNotices:
    """What was said in Slack, in order."""

    outcomes: list[Outcome] = field(default_factory=list)
    members: list[tuple[str, str]] = field(default_factory=list)
    cards: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Outcome] = field(default_factory=list)
    reconnects: list[Connection] = field(default_factory=list)
    undelivered: list[tuple[str, str]] = field(default_factory=list)
    connected: list[tuple[str, str | None]] = field(default_factory=list)
    declined: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    links: list[str | None] = field(default_factory=list)
    overlaps: list[tuple[str, ...]] = field(default_factory=list)
    undone: list[tuple[str, str, str]] = field(default_factory=list)

    def show_outcome(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def tell_member(self, booking: Booking, person: Person) -> None:
        self.members.append((booking.id, person.user_id))

    def post_card(self, booking: Booking, channel: str, choices: WorkspaceChoices) -> None:
        self.cards.append((booking.id, channel))

    def tell_problem(self, outcome: Outcome) -> None:
        self.problems.append(outcome)

    def tell_connected(self, connection: Connection, draft: Draft | None) -> None:
        self.connected.append((connection.account, draft.id if draft else None))

    def ask_reconnect(self, connection: Connection) -> None:
        self.reconnects.append(connection)

    def tell_undelivered(self, booking: Booking, address: str, code: str) -> None:
        self.undelivered.append((address, code))

    def tell_room_declined(self, booking: Booking, room: Room, instead: tuple[Room, ...]) -> None:
        self.declined.append((room.name, tuple(each.name for each in instead)))

    def tell_room_changed(self, booking: Booking, left: str, taken: str) -> None:
        self.changed.append((left, taken))

    def tell_link(self, booking: Booking) -> None:
        self.links.append(booking.event.join_url if booking.event else None)

    def tell_undone(self, booking: Booking, what: Undone, name: str, code: str) -> None:
        self.undone.append((what.value, name, code))

    def tell_overlap(self, booking: Booking, who: tuple[str, ...]) -> None:
        self.overlaps.append(who)

    @property
    def shown(self) -> list[OutcomeKind]:
        return [outcome.kind for outcome in self.outcomes]


class FakeTransport:
    """A mail server: what it took, and the errors it answers first."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, EmailMessage]] = []
        self.errors: list[tuple[MailError, bool]] = []

    def send(self, raw: bytes, sender: str, recipient: str) -> None:
        error, delivers = self.errors.pop(0) if self.errors else (None, True)
        if delivers:
            self.sent.append((recipient, message_from_bytes(raw, policy=policy.default)))
        if error is not None:
            raise error

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for recipient, _ in self.sent)


class FakeAccounts:
    """Everybody's calendar account by name; a password other than `right` is refused."""

    def __init__(self) -> None:
        self.calendars: dict[str, FakeCalendar] = {}
        self.revoked: list[str] = []

    def check(self, provider: str, fields: Mapping[str, str], deadline: Deadline) -> Account:
        if fields["password"] != "right":
            raise AuthExpired("password")
        name = fields["user_name"]
        self.calendars.setdefault(name, FakeCalendar())
        return Account(provider, name, f"{name}'s calendar", {"account": name}, (WORK,))

    def open(self, connection: Connection, secret: Mapping[str, str]) -> CalendarProvider:
        return self.calendars[secret["account"]]

    def revoke(self, connection: Connection, secret: Mapping[str, str], deadline: Deadline) -> None:
        self.revoked.append(connection.account)


class FakeZoom:
    """A Zoom account: `errors` are raised first, one for each call."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str, int]] = []
        self.errors: list[OutsideError] = []

    def create(self, topic: str, start: datetime, minutes: int, host: str, deadline: Deadline) -> Conference:
        if self.errors:
            raise self.errors.pop(0)
        self.made.append((topic, host, minutes))
        return Conference(provider="zoom", id=str(len(self.made)), url=f"https://zoom.example/j/{len(self.made)}")

    def delete(self, conference: Conference, deadline: Deadline) -> None:
        self.made.pop()


@dataclass
class World:
    """The service and everything around it."""

    store: Store
    clock: object
    scheduling: Scheduling
    directory: FakeDirectory
    notices: FakeNotices
    transport: FakeTransport
    accounts: FakeAccounts
    zoom: FakeZoom

    @property
    def service(self):
        return self.scheduling.service

    @property
    def outbox(self):
        return self.scheduling.outbox

    def connect(self, user_id: str, name: str) -> FakeCalendar:
        """Give a person a connected calendar."""
        calendar = self.accounts.calendars.setdefault(name, FakeCalendar())
        connection = Connection(f"c-{name}", TEAM, user_id, "caldav", name, ConnectionState.OK, target_calendar=WORK.id)
        self.store.transact(lambda tx: connections.save(tx, connection, {"account": name}, (WORK,)))
        return calendar

    def filled(self, rep: Rep = DANA, members: tuple[str, ...] = ("U0DANA",), **form: object) -> Draft:
        """A draft whose first two screens are filled in."""
        opened = self.service.open_draft(rep, Prefill(email="buyer@acme.example", name="Acme Buyer")).draft
        self.service.attach_view(rep, opened.id, "V0VIEW")
        typed = {
            "customer": Customer(name="Acme Buyer", email="buyer@acme.example"),
            "subject": "Pricing call",
            "members": members,
        }
        return self.service.save(rep, opened.id, opened.form.model_copy(update=typed | form), Screen.TIMES)

    def submitted(self, start: datetime = TUESDAY_9, rep: Rep = DANA, **draft: object) -> Draft:
        """A draft with a slot, after Schedule."""
        filled = self.filled(rep, **draft)
        self.service.propose(rep, filled.id)
        self.service.hold(rep, filled.id, start)
        return self.service.submit(rep, filled.id, on_event=True, by_mail=True)

    def run(self) -> None:
        """Let the outbox work until nothing waits, moving the clock to whatever is due next."""
        self.outbox.run_until_idle(advance=self.clock.set)

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass and the outbox do what is due."""
        self.clock.advance(seconds=seconds)
        self.outbox.run_until_idle()


@pytest.fixture
def world(store, clock):
    directory, notices, transport, accounts = FakeDirectory(), FakeNotices(), FakeTransport(), FakeAccounts()
    scheduling = assemble(
        store=store,
        directory=directory,
        notices=notices,
        transport=transport,
        accounts=accounts,
        config=SchedulingConfig(
            mail_from="meetings@demo.example", public_url="https://meet.demo.example", announce_channel="C0SALES"
        ),
        clock=clock,
        zoom=(zoom := FakeZoom()),
    )
    yield World(store, clock, scheduling, directory, notices, transport, accounts, zoom)
    scheduling.outbox.stop()
    scheduling.close()


def decoded(payload: str) -> bytes:
    return base64.b64decode(payload)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
