"""What people look after beside meetings, and the forms that survive."""

from datetime import timedelta

from scheduling.domain import ConnectionState, EventSettings, Prefill, WorkspaceChoices
from scheduling.errors import AuthExpired
from scheduling.secrets import KeyUnfit, SecretBox
from tests.scheduling.calendars.fake_calendar import WORK
from tests.scheduling.service.conftest import DANA, SAM, TEAM, TUESDAY_9


def test_a_calendar_that_is_disconnected_is_forgotten_and_given_back(world):
    world.connect("U0DANA", "dana")

    world.scheduling.office.disconnect(SAM, "c-dana")
    still_there = world.service.connections(DANA)
    world.scheduling.office.disconnect(DANA, "c-dana")

    assert [connection.account for connection in still_there] == ["dana"]
    assert world.service.connections(DANA) == ()
    assert world.accounts.revoked == ["dana"]


def test_a_calendar_whose_secret_no_key_opens_is_forgotten_all_the_same(world, monkeypatch):
    world.connect("U0DANA", "dana")

    def lost(*_):
        raise KeyUnfit("a stored secret opens with none of the keys")

    monkeypatch.setattr(SecretBox, "open", lost)
    world.scheduling.office.disconnect(DANA, "c-dana")

    assert world.service.connections(DANA) == ()
    assert world.accounts.revoked == []


def test_a_calendar_that_shuts_us_out_is_reported_once_and_named_on_the_screen(world):
    calendar = world.connect("U0DANA", "dana")
    calendar.fail("availability", AuthExpired("password"))
    draft = world.filled()

    first = world.service.propose(DANA, draft.id)
    again = world.service.propose(DANA, draft.id)
    world.run()

    assert [(unread.name, unread.why) for unread in first.unread] == [("Dana Reyes", "auth")]
    assert (first.connected, [c.account for c in first.shut_out]) == (True, ["dana"])
    assert (again.connected, [c.account for c in again.shut_out]) == (False, ["dana"])
    assert world.service.connections(DANA)[0].state is ConnectionState.NEEDS_RECONNECT
    assert [connection.account for connection in world.notices.reconnects] == ["dana"]


def test_connecting_tells_the_owner_and_the_form_that_led_there(world):
    draft = world.filled()
    links = world.service.connect_links(DANA, draft.id)

    token = links["caldav"].rpartition("/")[2]
    world.scheduling.connecting.connect(token, {"server": "", "user_name": "dana", "password": "right"})
    world.run()

    assert world.notices.connected == [("dana", draft.id)]


def test_defaults_are_the_reps_own_and_fill_new_forms(world):
    settings = EventSettings(private=True, reminder_minutes=15)

    world.scheduling.office.keep_defaults(DANA, settings)

    assert world.service.open_draft(DANA, Prefill()).draft.form.settings == settings
    assert world.service.open_draft(SAM, Prefill()).draft.form.settings == EventSettings()


def test_targets_are_the_writable_calendars_the_default_first(world):
    world.connect("U0DANA", "dana")

    (target,) = world.scheduling.office.targets(DANA)

    assert (target.calendar_id, target.name, target.is_default) == (WORK.id, "Work", True)


def test_a_bare_command_offers_the_form_that_was_left(world):
    left = world.filled()
    world.service.close_draft(DANA, left.id)

    bare = world.service.open_draft(DANA, Prefill())
    with_words = world.service.open_draft(DANA, Prefill(name="Somebody else"))
    of_sam = world.service.open_draft(SAM, Prefill())

    assert bare.resumable.id == left.id
    assert (with_words.resumable, of_sam.resumable) == (None, None)


def test_a_form_that_was_booked_or_is_old_is_not_offered(world):
    world.connect("U0DANA", "dana")
    world.submitted(TUESDAY_9)
    world.run()
    after_booking = world.service.open_draft(DANA, Prefill()).resumable
    world.filled()
    world.clock.advance(days=8)

    assert after_booking is None
    assert world.service.open_draft(DANA, Prefill()).resumable is None


def test_a_known_customer_fills_the_empty_fields_of_the_same_rep_only(world):
    world.connect("U0DANA", "dana")
    world.submitted()
    world.run()

    known = world.service.open_draft(DANA, Prefill(email="Buyer@acme.example"))
    typed = world.service.open_draft(DANA, Prefill(email="buyer@acme.example", name="A. Buyer"))
    stranger = world.service.open_draft(SAM, Prefill(email="buyer@acme.example"))

    assert (known.draft.form.customer.name, known.last_meeting.subject) == ("Acme Buyer", "Pricing call")
    assert typed.draft.form.customer.name == "A. Buyer"
    assert (stranger.draft.form.customer.name, stranger.last_meeting) == ("", None)


def test_a_colleague_is_recognised_by_address_within_the_workspace(world):
    world.connect("U0DANA", "dana")
    world.service.propose(DANA, world.filled(members=("U0DANA", "U0PRIYA")).id)

    found = world.scheduling.office.colleague_with(DANA, "PRIYA@demo.example")

    assert found.name == "Priya Nair"
    assert world.scheduling.office.colleague_with(DANA, "buyer@acme.example") is None


def test_the_workspaces_choices_are_kept(world):
    choices = WorkspaceChoices(announce_channel="C0DEALS", card_shows_description=True)

    world.scheduling.office.choose(TEAM, choices)

    assert world.scheduling.office.choices(TEAM) == choices
    assert world.scheduling.office.choices("T0OTHER") == WorkspaceChoices()


def test_the_shown_week_moves_and_ends_at_the_horizon(world):
    world.connect("U0DANA", "dana")
    draft = world.filled()

    now = world.service.propose(DANA, draft.id)
    far = world.filled(week_of=(world.clock() + timedelta(days=400)).date().isoformat())
    last = world.service.propose(DANA, far.id)

    assert (now.has_earlier, now.has_later) == (False, True)
    assert (last.has_earlier, last.has_later) == (True, False)
