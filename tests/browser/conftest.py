"""One started sandbox and one Chromium for all tests of the page; what the browser refuses to load fails the test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sandbox.page.relay import EVERYBODY
from sandbox.seed import fill_calendars
from sandbox.tryout import Sandbox, running

PATIENCE = 15_000  # milliseconds: the machine may be busy with other tests

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def started(tmp_path_factory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started) -> Iterator[Sandbox]:
    """With all troubles off and nothing open, before and after."""
    calm(started)
    yield started
    calm(started)


def calm(sandbox: Sandbox) -> None:
    workspace = sandbox.stage.workspace.workspace
    workspace.faults.clear()
    sandbox.page.relay.failing.clear()
    sandbox.page.relay.slow.pop(EVERYBODY, None)
    for person in [p.id for p in workspace.people.values() if not p.is_bot]:
        client = sandbox.stage.workspace.client(person)
        client.close_if_open(everything=True)
        client.notices.clear()
    if any(calendar["new"] for calendar in list(sandbox.page.live.calendars.values())):
        fill_calendars(sandbox.stage.calendars, workspace)


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser, request) -> Iterator[BrowserContext]:
    """A window of 1280 × 860; `@pytest.mark.parametrize("context", [{...}], indirect=True)` for others."""
    options = {"viewport": {"width": 1280, "height": 860}, "reduced_motion": "reduce"}
    context = browser.new_context(**{**options, **getattr(request, "param", {})})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context, sandbox) -> Iterator[Page]:
    """The open page, acting as Dana in #sales."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{sandbox.url}/")
    page.get_by_label("Message #sales").wait_for()
    yield page
    assert wrong == []
