"""The page's own protocol: who may speak it, what it sends, what it refuses. Over real sockets, with no app behind."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.calendar_server import CalendarServer
from sandbox.clock import MovableClock
from sandbox.mailbox import Mailbox
from sandbox.page import Page
from sandbox.seed import WEEKS, fill_calendars, talk, weeks_of
from sandbox.stage import PEOPLE
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

ROOT = Path(__file__).parents[3]
VENDORED = {
    "sandbox/static/vendor/preact-htm.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
    "tests/browser/vendor/axe.min.js": "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
}


class Desk:
    """A served page, and one connection to it after another."""

    def __init__(self, local: LocalWorkspace, page: Page, calendars: CalendarServer) -> None:
        self.local = local
        self.page = page
        self.calendars = calendars
        self.state: dict[str, object] = {}
        self._socket: ClientConnection | None = None
        self._number = 0
        self.ends = ExitStack()

    def open(self, user: str = "U0DANA", **headers: str) -> ClientConnection:
        url = self.local.url.replace("http", "ws")
        opening = connect(f"{url}/live?as={user}", additional_headers=headers, proxy=None)
        self._socket = self.ends.enter_context(opening)
        return self._socket

    def until(self, happened) -> dict[str, object]:
        """Read news until the state, section by section, is as wanted."""
        while not happened(self.state):
            frame = json.loads(self._socket.recv(timeout=10))
            self.state |= frame.get("news", {})
        return self.state

    def ask(self, act: str, **more: object) -> dict[str, object]:
        """Send a frame and wait for its answer; news on the way are kept."""
        self._number += 1
        self._socket.send(json.dumps({"act": act, "id": self._number, **more}))
        while True:
            frame = json.loads(self._socket.recv(timeout=10))
            self.state |= frame.get("news", {})
            if frame.get("re") == self._number:
                return frame


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[tuple[LocalWorkspace, Page, CalendarServer]]:
    workspace = Workspace()
    talk(workspace)
    with Mailbox.start() as mailbox, CalendarServer.start(tmp_path_factory.mktemp("radicale"), PEOPLE) as calendars:
        fill_calendars(calendars, workspace)
        page = Page(workspace, mailbox, list(PEOPLE))
        manifest = json.loads((ROOT / "manifest.json").read_text())
        with LocalWorkspace.start(workspace=workspace, manifest=manifest, routes=page.routes()) as local:
            page.start(local, calendars, MovableClock(tmp_path_factory.mktemp("clock") / "ahead"))
            yield local, page, calendars
            page.stop()


@pytest.fixture
def desk(served) -> Iterator[Desk]:
    desk = Desk(*served)
    with desk.ends:
        yield desk


def test_the_page_may_load_only_its_own_files_and_talk_only_to_its_own_server(desk):
    answer = httpx2.get(f"{desk.local.url}/")

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert re.findall(r'(?:src|href)="([^"]+)"', answer.text) == [
        "/static/icon.svg",
        "/static/base.css",
        "/static/app.css",
        "/static/modal.css",
        "/static/rail.css",
        "/static/app.js",
    ]
    assert "<script>" not in answer.text


@pytest.mark.parametrize("path", ["/static/../seed.py", "/static/%2e%2e/seed.py", "/static/vendor", "/static/none.js"])
def test_nothing_but_the_pages_files_is_served(desk, path):
    assert httpx2.get(f"{desk.local.url}{path}").status_code == 404


def test_a_name_that_merely_points_here_is_refused(desk):
    answer = httpx2.get(f"{desk.local.url}/", headers={"Host": "evil.example"})

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
def test_another_sites_page_cannot_speak_to_the_workspace(desk, origin):
    with pytest.raises(InvalidStatus):
        desk.open(Origin=origin)


def test_a_person_sees_channels_people_and_messages_on_their_own_clock(desk):
    desk.open("U0PRIYA")

    state = desk.until(lambda state: "me" in state and "messages" in state)

    me = state["me"]
    assert [person["name"] for person in me["people"]] == ["Dana Reyes", "Priya Nair", "Sam Okafor", "Noa Levi"]
    assert [channel["name"] for channel in me["channels"]] == ["general", "sales"]
    assert me["commands"] == ["/schedule-for"]
    lead, answer = state["messages"]["C0DEMOSALES"][-2:]
    assert lead["author"] == "Sam Okafor"
    assert {"t": "Acme Buyer", "b": 1} in lead["spans"]
    assert answer["thread"] == lead["ts"]
    clock = datetime.fromtimestamp(float(lead["ts"]), ZoneInfo("Asia/Kolkata"))
    assert lead["at"].endswith(f"{clock:%H:%M}")


def test_what_one_writes_is_escaped_and_seen_by_the_others(desk):
    desk.open()
    desk.until(lambda state: "me" in state)
    words = "1 < 2 & <!channel> *not bold"

    desk.ask("write", text=words, channel="C0DEMOGENERAL")
    desk.ask("person", user="U0SAM")

    state = desk.until(lambda state: state["me"]["user"] == "U0SAM")
    assert state["messages"]["C0DEMOGENERAL"][-1]["spans"] == [{"t": words}]


def test_a_command_that_the_app_does_not_answer_ends_in_slacks_own_words(desk):
    desk.open()

    desk.ask("write", text="/schedule-for", channel="C0DEMOSALES")

    state = desk.until(lambda state: state.get("me", {}).get("notices"))
    assert state["me"]["notices"] == ['/schedule-for failed with the error "dispatch_failed"']
    desk.ask("dismiss")
    assert desk.until(lambda state: not state["me"]["notices"])["me"]["notices"] == []
    assert any(line["bad"] and line["what"] == "/schedule-for" for line in state["traffic"])


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("click", {"on": "V0NOTHERE", "block": "b", "action": "a"}),
        ("write", {"text": "hello", "channel": "C0ELSEWHERE"}),
        ("message_shortcut", {"name": "Schedule on behalf", "message": "C0DEMOSALES:1.0"}),
        ("set", {}),
        ("fly", {}),
        ("week", {"user": "nobody"}),
        ("mail", {"n": 99}),
        ("jump", {"name": "back"}),
        ("person", {"user": "U0NOBODY"}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words_and_the_connection_lives_on(desk, act, more):
    desk.open()

    refused = desk.ask(act, **more)

    assert refused["refused"]
    assert desk.ask("dismiss")["answer"] is None


def test_a_week_shows_meetings_private_ones_and_whole_days_on_the_persons_clock(desk):
    desk.open()
    monday = desk.ask("week", user="dana", monday="2026-01-05")["answer"]["monday"]
    this = desk.ask("week", user="dana")["answer"]

    titles = {event["title"]: event for day in this["days"] for event in day["events"]}
    assert monday == "2026-01-05"
    assert this["zone"] == "Europe/Berlin"
    assert (titles["Lunch"]["from"], titles["Lunch"]["to"]) == (12 * 60 + 15, 13 * 60)
    assert titles["Physiotherapy"]["private"] is True


def test_an_event_is_put_in_on_the_persons_clock_noticed_and_taken_out(desk):
    desk.open()
    desk.until(lambda state: len(state.get("calendars", {})) == len(PEOPLE))

    desk.ask("event", user="sam", title="Dentist", date="2026-07-06", time="14:00", minutes="45", private=True)

    seen = desk.until(lambda state: state["calendars"]["sam"]["new"])["calendars"]["sam"]
    week = desk.ask("week", user="sam", monday=seen["week_of"])["answer"]
    (event,) = week["days"][0]["events"]
    assert (event["title"], event["from"], event["to"], event["private"]) == ("Dentist", 840, 885, True)
    assert [event["href"]] == seen["new"]
    desk.ask("remove", user="sam", href=event["href"])
    assert desk.until(lambda state: not state["calendars"]["sam"]["new"])["calendars"]["sam"]["new"] == []


def test_after_a_jump_the_day_is_another_and_people_go_on_with_their_habits(desk):
    desk.open("U0SAM")
    before = desk.until(lambda state: state.get("clock") and len(state.get("calendars", {})) == len(PEOPLE))["clock"]

    desk.ask("jump", name="change")

    after = desk.until(lambda state: state["clock"]["today"] != before["today"])["clock"]
    assert (before["ahead"], after["ahead"][-3:]) == ("", "min")
    assert datetime.fromisoformat(after["today"]).strftime("%A") == "Friday"
    week = desk.ask("week", user="sam", monday=after["today"])["answer"]
    titles = {event["title"]: event["from"] for day in week["days"] for event in day["events"]}
    assert titles["1:1 with Dana"] == 9 * 60
    assert desk.until(lambda state: state["calendars"])["calendars"]["sam"]["new"] == []


def test_nobodys_event_is_taken_out_through_an_address_that_is_not_theirs(desk):
    desk.open()
    before = desk.page.live.weeks.starts("dana")

    desk.ask("remove", user="sam", href=next(iter(before)))

    assert desk.page.live.weeks.starts("dana") == before


def test_a_failing_calendar_fails_for_its_owner_only(desk):
    desk.open()

    def look(user: str) -> int:
        url = f"{desk.local.url}/{user}/calendar/"
        return httpx2.request("PROPFIND", url, headers={"Depth": "0"}, auth=(user, user)).status_code

    desk.ask("trouble", name="fails_priya", on=True)
    failing, other = look("priya"), look("dana")
    desk.ask("trouble", name="fails_priya", on=False)

    assert (failing, other, look("priya")) == (503, 207, 207)


def test_the_calendar_server_keeps_its_passwords_behind_the_relay(desk):
    assert httpx2.get(f"{desk.local.url}/dana/calendar/").status_code == 401


# --- seeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("today", ["2026-01-01", "2026-03-27", "2026-10-23", "2026-11-29"])
def test_seeded_weeks_keep_their_wall_clock_over_clock_changes(today):
    zone = ZoneInfo("Europe/Berlin")
    calendar = weeks_of("dana", zone, datetime.fromisoformat(f"{today}T10:00:00").replace(tzinfo=UTC))

    lunches = [event.decoded("dtstart") for event in calendar.walk("VEVENT") if event["summary"] == "Lunch"]

    assert len(lunches) == 5 * len(WEEKS)
    assert {f"{lunch.astimezone(zone):%H:%M}" for lunch in lunches} == {"12:15"}


# --- what others made -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "expected"), VENDORED.items())
def test_vendored_files_are_exactly_what_was_reviewed_and_carry_their_licences(file, expected):
    path = ROOT / file

    assert hashlib.sha256(path.read_bytes()).hexdigest() == expected
    assert any(path.parent.glob("*LICENSE*"))


def test_the_pages_code_has_no_address_of_another_computer():
    files = [*(ROOT / "sandbox" / "static").glob("*.js"), *(ROOT / "sandbox" / "static").glob("*.css")]
    assert len(files) > 15

    foreign = {f.name: re.findall(r"https?://[\w.]+", f.read_text(encoding="utf-8")) for f in files}

    assert {name: found for name, found in foreign.items() if found} == {}
