"""`python app.py doctor --live` as a whole: signing in on the terminal, and the walk at every system's stand-in."""

import getpass
import os
import pty
import select
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from cryptography.fernet import Fernet

from doctor import Finding, Verdict
from live import TITLE, Terminal, try_out
from loopback import Loopback
from sandbox.calendar_server import CalendarServer
from sandbox.exchange_standin import ExchangeStandin
from sandbox.google_standin import GoogleStandIn
from sandbox.microsoft_standin import MicrosoftStandIn
from scheduling.calendars.caldav.account import CalDavSystem, ICloudSystem
from scheduling.calendars.ews.system import ExchangeSystem
from scheduling.outbound import Outbound
from tests.scheduling.calendars import google_kit, graph_kit
from tests.scheduling.calendars.ews_kit import PASSWORD, add_dana, company
from tests.scheduling.calendars.icloud_kit import ADDRESS, APP_PASSWORD, HOST, PARTITION, apple
from web.connect_form import FORMS

APP = Path(__file__).parents[2] / "app.py"
STEPS = (
    *("calendars", "next 7 days", "create", "create again", "find", "read", "update", "seen as busy"),
    *("cancel", "cancel again", "find no more", "removed"),
)
WHOLE = ("sign in", *STEPS, "give back")


class Operator:
    """Types what is asked for, and uses a browser when an address is shown."""

    def __init__(self, browser: Callable[[str], None] = lambda _: None, **typed: str) -> None:
        self.typed, self.browser = typed, browser
        self.heard: list[str] = []
        self.terminal = Terminal(self.hear, self.answer, self.answer_secret)
        self.asked: list[str] = []

    def hear(self, words: str) -> None:
        self.heard.append(words)
        if "\n" in words:
            self.browser(words.partition("\n")[2])

    def answer(self, prompt: str) -> str:
        assert "assword" not in prompt
        return self._type(prompt)

    def answer_secret(self, prompt: str) -> str:
        assert "assword" in prompt
        return self._type(prompt)

    def _type(self, prompt: str) -> str:
        self.asked.append(prompt)
        return self.typed[prompt.removesuffix(": ").replace(" ", "_").replace("-", "_").lower()]


def tried(provider: str, system: object, operator: Operator) -> list[Finding]:
    return [*try_out(provider, {provider: system}, FORMS, operator.terminal, port=0)]


def all_ok(*steps: str) -> list[tuple[str, str]]:
    return [("OK", about) for about in steps]


def shown(found: list[Finding]) -> list[tuple[str, str]]:
    """Verdicts and steps; the words too where something is wrong, for whoever reads the failure."""
    return [
        (finding.verdict.value, finding.about if finding.verdict is Verdict.OK else f"{finding.about}: {finding.words}")
        for finding in found
    ]


@pytest.fixture(scope="module")
def http() -> Iterator[Outbound]:
    outbound = Outbound(frozenset({"127.0.0.1", HOST, PARTITION}), resolver=lambda host, port: ("127.0.0.1",))
    yield outbound
    outbound.close()


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalendarServer]:
    with CalendarServer.start(tmp_path_factory.mktemp("radicale"), {"dana": "correct horse"}) as server:
        yield server


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn.start() as standin:
        standin.accounts.add_person("dana@reps.example", "Dana Reyes", "Europe/Berlin")
        yield standin


@pytest.fixture(scope="module")
def microsoft() -> Iterator[MicrosoftStandIn]:
    with MicrosoftStandIn.start() as standin:
        standin.add_person("dana@acme.example", "Dana Reyes")
        yield standin


def at_google(email: str, **more: object) -> Callable[[str], None]:
    def browse(url: str) -> None:
        with httpx2.Client(trust_env=False) as browser:
            assert browser.get(google_kit.back_from(url, email, **more)).status_code == 200

    return browse


def at_microsoft(url: str) -> None:
    form = graph_kit.at_the_page(url, "dana@acme.example")
    redirect_uri = httpx2.URL(url).params["redirect_uri"]
    with httpx2.Client(trust_env=False) as browser:
        assert browser.post(redirect_uri, data=form).status_code == 200


def test_google_from_the_sign_in_page_to_giving_the_access_back(google):
    operator = Operator(at_google("dana@reps.example"))

    found = tried("google", google_kit.system_at(google), operator)

    assert shown(found) == all_ok("sign in", *STEPS, "rooms", "give back")
    assert operator.heard[0].startswith("This redirect URI must be registered, exactly like this: http://127.0.0.1:")
    assert operator.heard[0].endswith("/oauth/google/callback")
    events = google.accounts.calendars["dana@reps.example"].events.values()
    assert [(event["summary"], event["status"]) for event in events] == [(TITLE, "cancelled")]
    assert google.accounts.sent == []


def test_whoever_presses_deny_reads_that_and_nothing_is_called(google):
    operator = Operator(at_google("dana@reps.example", answer="deny"))

    found = tried("google", google_kit.system_at(google), operator)

    assert found == [Finding(Verdict.TO_DO, "sign in", "AccessDenied (denied)")]


def test_microsoft_answers_with_a_posted_form(microsoft, http):
    found = tried("microsoft", graph_kit.system_at(microsoft, http), Operator(at_microsoft))

    no_rooms = Finding(Verdict.NOTE, "rooms", "not listed for this account: Unsupported (rooms_consent)")
    assert shown([finding for finding in found if finding != no_rooms]) == all_ok(*WHOLE)
    assert no_rooms in found
    assert microsoft.directory.mailboxes["dana@acme.example"].events == {}


def test_exchange_by_a_typed_password(http):
    with ExchangeStandin(company()) as standin:
        dana = add_dana(standin)
        operator = Operator(
            email_address=dana.address, user_name=dana.user_name, password=PASSWORD, server=standin.ews_url
        )

        found = tried("exchange", ExchangeSystem(http), operator)

        assert shown(found) == all_ok("sign in", *STEPS, "rooms", "give back")
        assert standin.directory.mailboxes[dana.address].items == {}


def test_icloud_by_an_app_specific_password(radicale, http):
    for standin in apple(radicale):
        operator = Operator(email_address=ADDRESS, app_specific_password=APP_PASSWORD)

        found = tried("icloud", ICloudSystem(http, standin.url), operator)

        assert shown(found) == all_ok(*WHOLE)


def test_caldav_by_server_user_name_and_password(radicale, http):
    operator = Operator(server=radicale.url, user_name="dana", password="correct horse")

    found = tried("caldav", CalDavSystem(http), operator)

    assert shown(found) == all_ok(*WHOLE)
    assert operator.asked == ["Server: ", "User name: ", "Password: "]


def test_a_wrong_password_is_told_and_shown_nowhere(radicale, http):
    operator = Operator(server=radicale.url, user_name="dana", password="canary")

    found = tried("caldav", CalDavSystem(http), operator)

    assert found == [Finding(Verdict.TO_DO, "sign in", "AuthExpired (password)")]
    assert "canary" not in " ".join(operator.heard)


def test_what_was_left_empty_is_told_before_anybody_is_called(http):
    operator = Operator(email_address="dana@cloud.example", app_specific_password="")

    found = tried("icloud", ICloudSystem(http, "http://127.0.0.1:1"), operator)

    words = "Enter the app-specific password you made for this."
    assert found == [Finding(Verdict.TO_DO, "sign in", words)]


def test_a_system_that_is_not_set_up_is_told():
    found = [*try_out("google", {}, FORMS, Operator().terminal)]

    assert found == [Finding(Verdict.TO_DO, "sign in", "set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET")]


def test_a_port_that_is_taken_is_told(google):
    with Loopback("/elsewhere", 0, "x") as other:
        port = httpx2.URL(other.uri).port

        found = [*try_out("google", {"google": google_kit.system_at(google)}, FORMS, Operator().terminal, port)]

    words = f"port {port} cannot be listened on: name another one with --port"
    assert found == [Finding(Verdict.TO_DO, "sign in", words)]


def test_a_terminal_that_would_show_the_password_is_not_asked_for_it(http):
    def shows_it(prompt: str) -> str:
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return "canary"

    operator = Operator(server="http://127.0.0.1:1", user_name="dana")
    terminal = replace(operator.terminal, ask_secret=shows_it)

    found = [*try_out("caldav", {"caldav": CalDavSystem(http)}, FORMS, terminal)]

    assert found == [Finding(Verdict.TO_DO, "sign in", "nothing can be typed here: run it in a terminal")]


# --- the loopback ---


def test_only_the_answer_with_our_state_is_taken():
    with Loopback("/oauth/google/callback", 0, "right") as loopback, httpx2.Client(trust_env=False) as browser:
        strange = [
            browser.get(f"{loopback.uri}?state=wrong&code=1").status_code,
            browser.get(loopback.uri.replace("google", "other") + "?state=right&code=2").status_code,
            browser.post(loopback.uri, content=b"x" * 70_000).status_code,
            browser.get(loopback.uri).status_code,
        ]
        ours = browser.get(f"{loopback.uri}?state=right&code=3")

        assert strange == [404, 404, 404, 404]
        assert (ours.status_code, ours.headers["referrer-policy"]) == (200, "no-referrer")
        assert loopback.wait(5) == {"state": "right", "code": "3"}
        assert loopback.wait(0) is None


# --- the command ---


def test_the_command_asks_on_a_terminal_shows_no_password_and_ends_with_0(radicale, tmp_path):
    code, screen = typed_into(
        ["doctor", "--live", "caldav"],
        tmp_path,
        {"Server: ": radicale.url, "User name: ": "dana", "Password: ": "correct horse"},
    )

    lines = [line for line in screen.splitlines() if line[:6].strip() in [verdict.value for verdict in Verdict]]
    assert code == 0, screen
    assert [line[7:21].strip() for line in lines] == list(WHOLE)
    assert "horse" not in screen


def test_the_command_ends_with_1_when_a_step_fails(tmp_path):
    answers = {"Server: ": "http://127.0.0.1:1", "User name: ": "dana", "Password: ": "canary"}

    code, screen = typed_into(["doctor", "--live", "caldav"], tmp_path, answers)

    assert code == 1
    assert screen.splitlines()[-1] == "TO DO  sign in        Unavailable (connect)"
    assert "canary" not in screen


def typed_into(command: list[str], folder: Path, answers: dict[str, str]) -> tuple[int, str]:
    """Run a command on a terminal of its own, and type an answer after each prompt; the exit code and the screen."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "SLACK_BOT_TOKEN": "xoxb-1-a",
        "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SMTP_URL": "smtp://127.0.0.1:9?tls=none",
        "MAIL_FROM": "meetings@example.com",
        "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
    }
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, APP, *command],
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # getpass finds no other terminal then, and uses this one
    )
    os.close(theirs)
    waiting, screen = dict(answers), ""
    while select.select([ours], [], [], 30)[0]:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux's way to say that nobody holds the other end
            break
        if not read:
            break
        screen += read.decode()
        for prompt in [prompt for prompt in waiting if screen.endswith(prompt)]:
            os.write(ours, waiting.pop(prompt).encode() + b"\n")
    os.close(ours)
    try:
        return process.wait(30), screen
    finally:
        process.kill()
