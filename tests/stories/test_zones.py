"""Clock changes and far zones: the same instant on the screen, in the mails and in the ICS.

Without sockets, to be fast: the service is real, on SQLite; calendars, Slack's directory and the mail server stand in
memory.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from bot.modals import confirm, times
from scheduling.assembly import assemble
from scheduling.config import SchedulingConfig
from scheduling.domain import Connection, ConnectionState, Customer, Person, Prefill, Rep, Screen
from scheduling.store import connections
from tests.scheduling.calendars.fake_calendar import WORK, FakeCalendar
from tests.scheduling.service.conftest import TEAM, FakeAccounts, FakeDirectory, FakeNotices, FakeTransport

REP = Rep(TEAM, "U0DANA")
CHANGES = {
    # zone: (Monday before, Monday after) a change, as dates
    "Europe/Berlin autumn": ("Europe/Berlin", (2026, 10, 19), (2026, 10, 26)),
    "Europe/Berlin spring": ("Europe/Berlin", (2027, 3, 22), (2027, 3, 29)),
    "America/New_York autumn": ("America/New_York", (2026, 10, 26), (2026, 11, 2)),
    "America/New_York spring": ("America/New_York", (2027, 3, 8), (2027, 3, 15)),
    "Australia/Sydney spring": ("Australia/Sydney", (2026, 9, 28), (2026, 10, 5)),
    "Australia/Sydney autumn": ("Australia/Sydney", (2027, 3, 29), (2027, 4, 5)),
    "Australia/Lord_Howe half an hour": ("Australia/Lord_Howe", (2026, 9, 28), (2026, 10, 5)),
}


class Zones:
    """The service, and people who live where the test says."""

    def __init__(self, store, clock) -> None:
        self.store, self.clock = store, clock
        self.directory, self.transport, self.accounts = FakeDirectory(), FakeTransport(), FakeAccounts()
        self.scheduling = assemble(
            store=store,
            directory=self.directory,
            notices=FakeNotices(),
            transport=self.transport,
            accounts=self.accounts,
            config=SchedulingConfig(mail_from="meetings@demo.example", horizon=timedelta(days=400)),
            clock=clock,
        )
        self.service = self.scheduling.service

    def at_home(self, user_id: str, zone: str) -> None:
        """This person lives there and has connected a calendar."""
        name = user_id[2:].lower()
        self.directory.people_known[user_id] = Person(TEAM, user_id, name.title(), f"{name}@demo.example", zone)
        self.accounts.calendars[name] = FakeCalendar()
        account = Connection(f"c-{name}", TEAM, user_id, "caldav", name, ConnectionState.OK, target_calendar=WORK.id)
        self.store.transact(lambda tx: connections.save(tx, account, {"account": name}, (WORK,)))

    def times(self, zone_of_customer: str | None = None, members=("U0DANA",), week_of: str | None = None):
        """A draft with its proposal and the times screen."""
        opened = self.service.open_draft(REP, Prefill()).draft
        form = opened.form.model_copy(
            update={
                "customer": Customer(name="Acme Buyer", email="buyer@acme.example", zone=zone_of_customer),
                "subject": "Pricing call",
                "members": members,
                "week_of": week_of,
            }
        )
        draft = self.service.save(REP, opened.id, form, Screen.TIMES)
        proposal = self.service.propose(REP, draft.id)
        return draft, proposal, times.build(proposal, draft)

    def run(self) -> None:
        self.scheduling.outbox.run_until_idle(advance=self.clock.set)


@pytest.fixture
def zones(sqlite_store, clock) -> Iterator[Zones]:
    made = Zones(sqlite_store, clock)
    yield made
    made.scheduling.outbox.stop()
    made.scheduling.close()


def slot_words(view) -> list[str]:
    elements = [e for block in view["blocks"] for e in block.get("elements", ()) if isinstance(e, dict)]
    return [e["text"]["text"] for e in elements if str(e.get("action_id", "")).startswith("slot.")]


def first_line(view) -> str:
    return next(b["text"]["text"] for b in view["blocks"] if b["type"] == "section")


@pytest.mark.parametrize("change", CHANGES)
def test_nine_in_the_morning_stays_nine_on_both_sides_of_a_clock_change(zones, clock, change):
    """7e. On both clock-change days a 09:00 start stays 09:00 local."""
    zone, before, after = CHANGES[change]
    clock.set(datetime(*before, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(days=1))
    zones.at_home("U0DANA", zone)

    starts, offsets = {}, {}
    for monday in (before, after):
        day = datetime(*monday, tzinfo=ZoneInfo(zone))
        _, proposal, view = zones.times(week_of=day.date().isoformat())
        of_day = [s.start.astimezone(ZoneInfo(zone)) for s in proposal.slots]
        starts[monday] = [f"{s:%H:%M}" for s in of_day if s.date() == day.date()]
        offsets[monday] = day.replace(hour=9).utcoffset()
        assert slot_words(view)[:2] == ["09:00", "09:30"]

    assert starts[before] == starts[after] == [f"{h:02}:{m:02}" for h in range(9, 17) for m in (0, 30)]
    assert offsets[before] != offsets[after]


def test_skipped_times_are_not_offered_and_repeated_ones_are_told_apart(zones, clock):
    """7e. Skipped times are not offered, repeated ones are told apart."""
    # Cairo changes its clocks at midnight, while Los Angeles works: the rep sits in one, the member in the other.
    zones.at_home("U0DANA", "Africa/Cairo")
    zones.at_home("U0SAM", "America/Los_Angeles")
    clock.set(datetime(2026, 10, 26, 6, tzinfo=UTC))
    _, autumn, view = zones.times(members=("U0SAM",), week_of="2026-10-29")
    clock.set(datetime(2027, 4, 26, 6, tzinfo=UTC))
    _, spring, _ = zones.times(members=("U0SAM",), week_of="2027-04-29")

    cairo = ZoneInfo("Africa/Cairo")
    words = slot_words(view)
    assert [w for w in words if w.startswith("23:")][:4] == ["23:00 EEST", "23:30 EEST", "23:00 EET", "23:30 EET"]
    assert len({slot.start for slot in autumn.slots}) == len(autumn.slots)
    local = [f"{slot.start.astimezone(cairo):%a %d %H:%M}" for slot in spring.slots]
    assert "Thu 29 23:30" in local
    assert "Fri 30 00:00" not in local
    assert "Fri 30 00:30" not in local
    assert "Fri 30 01:00" in local


FAR = [
    ("America/New_York", "Mon 7 Dec 09:00–09:30 EST", "New York (EST, UTC−5)", datetime(2026, 12, 7, 14, tzinfo=UTC)),
    ("Australia/Sydney", "Mon 7 Dec 09:00–09:30 AEDT", "Sydney (AEDT, UTC+11)", datetime(2026, 12, 6, 22, tzinfo=UTC)),
    (
        "Australia/Lord_Howe",
        "Mon 7 Dec 09:00–09:30 UTC+11",
        "Lord Howe (UTC+11)",
        datetime(2026, 12, 6, 22, tzinfo=UTC),
    ),
    (
        "Pacific/Kiritimati",
        "Mon 7 Dec 09:00–09:30 UTC+14",
        "Kiritimati (UTC+14)",
        datetime(2026, 12, 6, 19, tzinfo=UTC),
    ),
    # British Columbia stays at UTC-7 from 2026 on: an operating system's older rules would say 17:00.
    ("America/Vancouver", "Mon 7 Dec 09:00–09:30 MST", "Vancouver (MST, UTC−7)", datetime(2026, 12, 7, 16, tzinfo=UTC)),
]


@pytest.mark.parametrize(("zone", "when", "named", "instant"), FAR, ids=[row[0] for row in FAR])
def test_a_rep_far_away_sees_one_instant_on_screen_in_mail_and_in_the_ics(zones, clock, zone, when, named, instant):
    """7b, X1. Zone and time right on screen, in the customer's and the rep's mail, in the ICS (B19, B20)."""
    clock.set(datetime(2026, 12, 4, 6, tzinfo=UTC))
    zones.at_home("U0DANA", zone)
    draft, proposal, view = zones.times("Europe/Berlin", week_of="2026-12-07")
    chosen = proposal.slots[0].start

    held = zones.service.hold(REP, draft.id, chosen)
    confirmation = str(confirm.build(held, zone, clock()))
    zones.service.submit(REP, draft.id, on_event=True, by_mail=True)
    zones.run()

    mails = dict(zones.transport.sent)
    berlin = instant.astimezone(ZoneInfo("Europe/Berlin"))
    until = berlin + timedelta(minutes=30)
    (event,) = Calendar.from_ical(
        next(
            part.get_payload(decode=True)
            for part in mails["buyer@acme.example"].walk()
            if part.get_content_type() == "text/calendar"
        )
    ).walk("VEVENT")
    assert chosen == instant
    assert first_line(view).startswith(f"Your time: {named} · customer: Berlin (CET, UTC+1)")
    assert when in confirmation
    to_rep = mails["dana@demo.example"].get_body(("plain",)).get_content()
    to_customer = mails["buyer@acme.example"].get_body(("plain",)).get_content()
    assert "09:00–09:30 (30 minutes)" in to_rep
    assert named.rpartition("UTC")[2].rstrip(")") in to_rep
    assert f"{berlin:%H:%M}–{until:%H:%M} (30 minutes)" in to_customer
    assert "Berlin time (CET, UTC+1)" in to_customer
    assert event["dtstart"].to_ical().decode() == f"{instant:%Y%m%dT%H%M%SZ}"


def test_on_a_day_with_twenty_three_hours_an_all_day_event_blocks_just_that_day(zones, clock):
    """7e, 7c. An all-day block on the day of the change (B17)."""
    clock.set(datetime(2027, 3, 26, 6, tzinfo=UTC))
    zones.at_home("U0DANA", "Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    calendar = zones.accounts.calendars["dana"]
    calendar.occupy(
        datetime(2027, 3, 28, tzinfo=berlin).astimezone(UTC), datetime(2027, 3, 29, tzinfo=berlin).astimezone(UTC)
    )

    _, proposal, _ = zones.times(week_of="2027-03-29")

    assert proposal.slots[0].start == datetime(2027, 3, 29, 7, tzinfo=UTC)
