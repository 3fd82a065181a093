"""`make try` with other calendar systems: Noa, who has none yet, connects each stand-in as the greeting says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from sandbox.tryout import Sandbox, greeting, running
from sandbox.workspace.scripted_rep import ScriptedRep
from tests.scheduling.calendars.google_kit import back_from
from tests.scheduling.calendars.graph_kit import at_the_page

NOA = "noa@demo.example"


@pytest.fixture(scope="module")
def started(tmp_path_factory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def noa(started) -> ScriptedRep:
    return started.stage.workspace.rep("U0NOA", patience=15.0)


@pytest.fixture
def browser() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False, timeout=30) as browser:
        yield browser


def link(person: ScriptedRep, words: str) -> str:
    """The address behind a button, by way of App Home."""
    person.open_home()
    person.wait_for("Connect")
    person.press("Connect")
    button = next(c for c in person.wait_for("Other CalDAV").controls if c.words == words)
    person.close()
    person.leave_home()
    return str(button.element["url"])


def told(sandbox: Sandbox, system: str) -> re.Match[str]:
    """User name and password of a system, as printed."""
    line = next(line for line in greeting(sandbox, 1.0).splitlines() if line.startswith(f"  {system} "))
    said = re.search(r"(\S+@\S+),(?: user name (?P<user>\S+),)? password (?P<password>\S+)", line)
    assert said is not None
    return said


def typed(browser: httpx2.Client, address: str, **fields: str) -> httpx2.Response:
    """The /connect page, filled in and sent."""
    browser.get(address).raise_for_status()
    return browser.post(address, data=fields, headers={"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(address))})


def health_on_home(person: ScriptedRep, system: str) -> str:
    """What App Home says of the one calendar in this system."""
    begin = f"{system} · {NOA}"
    person.open_home()
    screen = person.wait_for(begin)
    person.leave_home()
    [line] = [line for line in screen.lines if line.startswith(begin)]
    return line.rpartition(" · ")[2]


def test_google_calendar(started, noa, browser):
    there = browser.get(link(noa, "Google Calendar")).headers["location"]

    page = browser.get(there)
    back = browser.get(back_from(there, NOA))

    assert there.startswith(started.systems.google.url)
    assert "stand-in" in page.text
    assert back.status_code == 200
    assert health_on_home(noa, "Google Calendar") == "connected"


def test_office_365(started, noa, browser):
    there = browser.get(link(noa, "Office 365")).headers["location"]

    page = browser.get(there)
    form = at_the_page(there, NOA)
    back = browser.post(f"{started.app.url}/oauth/microsoft/callback", data=form, follow_redirects=True)

    assert there.startswith(started.systems.microsoft.url)
    assert "stand-in" in page.text
    assert back.status_code == 200
    assert health_on_home(noa, "Office 365") == "connected"


def test_exchange(started, noa, browser):
    said = told(started, "Exchange/Outlook")

    page = typed(
        browser,
        link(noa, "Exchange/Outlook (on-premises)"),
        email=said[1],
        user_name=said["user"],
        password=said["password"],
    )

    assert page.status_code == 200
    assert started.systems.exchange.calls
    assert health_on_home(noa, "Exchange/Outlook (on-premises)") == "connected"


def test_icloud(started, noa, browser):
    said = told(started, "iCloud")

    page = typed(browser, link(noa, "iCloud"), email=said[1], password=said["password"])

    assert page.status_code == 200
    assert started.systems.icloud.seen
    assert health_on_home(noa, "iCloud") == "connected"


def test_everybody_has_a_week_and_there_is_a_room_in_each_system(started):
    systems = started.systems
    google = {address: len(calendar.events) for address, calendar in systems.google.accounts.calendars.items()}
    microsoft = {address: len(box.events) for address, box in systems.microsoft.directory.mailboxes.items()}
    exchange = {address: len(box.items) for address, box in systems.exchange.directory.mailboxes.items()}

    empty = {address for address, events in google.items() if events == 0}

    assert google == microsoft == exchange
    assert empty == {"oslo@demo.example"}
    assert set(google) - empty == {f"{name}@demo.example" for name in ("dana", "priya", "sam", "noa")}


def test_the_starting_process_reads_none_of_the_apps_large_libraries():
    code = "import sys, sandbox.tryout, sandbox.other_systems; print({'exchangelib', 'sqlmodel'} & sys.modules.keys())"
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "set()"
