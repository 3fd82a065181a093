"""No button leads nowhere: every id that a view or a message of ours carries has a handler that answers."""

import re
from dataclasses import replace
from datetime import date

from bot import cards, homepage
from bot.colleagues import asking
from bot.handlers import ACTIONS, CLOSINGS, OPTIONS, SUBMISSIONS
from bot.home_meetings import Sought
from bot.homepage import Page
from bot.modals import (
    advanced,
    confirm,
    connected,
    connecting,
    details,
    links,
    notifications,
    outcome,
    room,
    times,
    who,
)
from bot.modals.surroundings import Surroundings
from bot.workspace_settings import Settings
from scheduling import LastMeeting, Opening
from scheduling.calendars import REGISTRY
from scheduling.domain import (
    ConferencingKind,
    ConnectionState,
    Customer,
    EventRef,
    Form,
    Obstacle,
    ObstacleKind,
    Proposal,
    Rep,
    Room,
    Unread,
    WorkspaceChoices,
)
from scheduling.office import Host, RoomState
from scheduling.ports import Outcome, OutcomeKind, Undone
from tests.bot.in_memory import CONNECTION, DANA, NOW, SAM, at, booking_with, draft_with, slot
from tests.bot.in_memory_office import HOME, TEAM

ALL_LINKS = {
    name: f"https://schedule.example/{name}" for name in ("google", "microsoft", "exchange", "icloud", "caldav")
}
FORM = Form(
    customer=Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago"),
    subject="Pricing",
    members=("U0DANA", "U0SAM"),
    slot=at(24, 14),
)
DRAFT = draft_with(FORM)
EVENT = EventRef(calendar_id="h", event_id="1", uid="u", join_url="https://m.example", web_url="https://c.example")
BOOKING = booking_with(FORM, event=EVENT)


def every_view():
    meeting = LastMeeting(Customer(name="A", email="a@b.example"), "S", at(3, 9), "Europe/Berlin")
    busy = Obstacle(ObstacleKind.BUSY, "U0SAM", "Sam", "Sync")
    proposal = Proposal(
        draft_id="draft1",
        revision=1,
        zone="Europe/Berlin",
        customer_zone=None,
        week=slot(at(23, 0), minutes=7 * 24 * 60).interval,
        slots=(slot(at(24, 9)),),
        conflicts=(slot(at(24, 10), busy), slot(at(25, 10), busy)),
        unread=(Unread("U0SAM", "Sam", "auth"),),
        has_earlier=True,
        has_later=True,
    )
    shown = draft_with(FORM.model_copy(update={"show_conflicts": True}))
    yield who.build(Opening(DRAFT, (), ALL_LINKS, meeting, DRAFT), NOW)
    yield details.build(DRAFT, NOW)
    yield details.build(draft_with(FORM.model_copy(update={"minutes": 25, "description": "d"})), NOW)
    opened = FORM.model_copy(update={"opened": ("more", "note"), "rooms": ("r1",)})
    google = Host("google", "dana@example.com", "Google Meet", invites=True, carries_members=True)
    yield details.build(draft_with(opened), NOW, Surroundings((Room(id="r1", name="Oslo"),), google, SAM))
    yield times.loading(DRAFT)
    yield times.trouble(DRAFT, "words")
    yield times.not_connected(DRAFT, ALL_LINKS)
    yield connected.build(DRAFT, CONNECTION)
    yield times.build(proposal, shown)
    yield times.build(replace(proposal, slots=()), DRAFT)
    yield times.build(replace(proposal, slots=()), shown, conflict_day=date(2026, 11, 25))
    for kind in (times.CHANGE_ZONE, times.CHANGE_LENGTH):
        yield times.with_picker(times.build(proposal, shown), kind, shown, NOW)
    yield confirm.build(DRAFT, "Europe/Berlin", NOW)
    yield notifications.build(DRAFT)
    yield advanced.build(DRAFT, (HOME, TEAM), NOW)
    for shown_links in (None, ALL_LINKS):
        failed = Outcome(OutcomeKind.FAILED, DRAFT, DANA.zone, reason="auth", connection=CONNECTION)
        yield outcome.build(failed, shown_links)
    for kind in OutcomeKind:
        yield outcome.build(
            Outcome(kind, DRAFT, DANA.zone, booking=BOOKING, alternatives=(slot(at(24, 9)),), connection=CONNECTION)
        )
    lost = replace(CONNECTION, state=ConnectionState.NEEDS_RECONNECT)
    halls = tuple(RoomState(Room(id=f"r{n}", name=f"Room {n}"), lost if n % 2 else None) for n in range(30))
    chosen = WorkspaceChoices(announce_channel="C0SALES")
    yield homepage.build(
        Page(
            Rep("T0DEMO", "U0DANA"),
            (CONNECTION, lost),
            (BOOKING,),
            settings=Settings(chosen, halls, "C0ALL", 10),
            inviting=frozenset({CONNECTION.id}),
            sought=Sought(words="acme"),
        )
    )
    yield links.build("words", ALL_LINKS)
    yield links.told("words")
    yield room.build(None)
    yield room.build(halls[0].room)
    yield room.saving()
    yield room.connect(halls[0].room, ALL_LINKS)
    yield room.saved("words")
    yield room.gone()


def every_message():
    failed = Outcome(OutcomeKind.FAILED, DRAFT, DANA.zone)
    yield cards.open_again("text")
    yield cards.member_message(BOOKING, DANA)
    yield cards.channel_card(BOOKING, WorkspaceChoices())
    yield cards.connected_message(CONNECTION)
    yield cards.problem_message(failed)
    yield cards.reconnect_message(CONNECTION, ALL_LINKS)
    yield cards.connect_message(ALL_LINKS)
    yield from (cards.undelivered_message(BOOKING, "a@b.example", code) for code in ("550", "451", "expired"))
    yield cards.link_message(BOOKING)
    yield cards.room_declined_message(BOOKING, Room(id="r1", name="Oslo"), (Room(id="r2", name="Bergen"),))
    yield cards.room_changed_message(BOOKING, "Oslo", "Bergen")
    yield cards.member_message(booking_with(FORM.model_copy(update={"conferencing": ConferencingKind.ZOOM})), DANA)
    yield cards.overlap_message(BOOKING, ("Sam",))
    yield from (cards.undone_message(BOOKING, what, "Oslo", "http_503") for what in Undone)
    yield asking(DRAFT.rep)


def interactive(surface):
    """Elements that send something of their own: not the inputs that wait for the submission."""
    for block in surface["blocks"]:
        if block["type"] == "actions":
            yield from block["elements"]
        elif block["type"] == "section" and "accessory" in block:
            yield block["accessory"]
        elif block["type"] == "input" and block.get("dispatch_action"):
            yield block["element"]


def is_answered(action_id):
    return any(known == action_id or (isinstance(known, re.Pattern) and known.search(action_id)) for known in ACTIONS)


def test_every_control_has_a_handler():
    ids = {e["action_id"] for surface in (*every_view(), *every_message()) for e in interactive(surface)}

    assert len(ids) > 25
    assert [each for each in sorted(ids) if not is_answered(each)] == []


def test_every_handler_has_a_control():
    ids = {e["action_id"] for surface in (*every_view(), *every_message()) for e in interactive(surface)}

    def is_used(known):
        return any(known.search(each) if isinstance(known, re.Pattern) else known == each for each in ids)

    assert [known for known in ACTIONS if not is_used(known)] == []


def test_every_id_has_one_handler():
    ids = {e["action_id"] for surface in (*every_view(), *every_message()) for e in interactive(surface)}

    for each in ids:
        hits = [k for k in ACTIONS if k == each or (isinstance(k, re.Pattern) and k.search(each))]
        assert len(hits) == 1, each


def test_every_form_that_can_be_submitted_or_closed_has_a_handler():
    views = [view for view in every_view() if view["type"] == "modal"]

    assert {view["callback_id"] for view in views if "submit" in view} == set(SUBMISSIONS)
    assert {view["callback_id"] for view in views} == set(CLOSINGS)


def test_every_searchable_select_has_a_handler():
    blocks = [block for view in every_view() for block in view["blocks"]]
    elements = [b.get("element") or b.get("accessory") or {} for b in blocks if b["type"] in ("input", "section")]

    assert {e["action_id"] for e in elements if "external_select" in e.get("type", "")} == set(OPTIONS)


def test_connect_buttons_come_in_the_order_of_the_product():
    view = who.build(Opening(DRAFT, (), dict(reversed(ALL_LINKS.items()))), NOW)

    labels = [e["text"]["text"] for e in interactive(view) if "url" in e]
    assert labels == ["Google Calendar", "Office 365", "Exchange/Outlook (on-premises)", "iCloud", "Other CalDAV"]


def test_every_calendar_system_has_a_visible_name():
    assert list(connecting.NAMES) == list(REGISTRY)
