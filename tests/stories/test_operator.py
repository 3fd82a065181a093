"""The operator's story: `python app.py`, a workspace nobody has seen, a crash in the worst moment."""

import json

import pytest

from sandbox.calendar_app import CalendarApp
from sandbox.stage import HERE, Stage
from sandbox.workspace.state import Person, Team, Workspace
from tests.stories.rep_story import connect, to_schedule

MANIFEST = json.loads((HERE / "manifest.json").read_text())


def strangers() -> Workspace:
    people = (
        Person("U9ANA", "ana", "Ana Silva", "America/Sao_Paulo", "ana@other.example"),
        Person("U9KEN", "ken", "Ken Mori", "Asia/Tokyo", "ken@other.example"),
    )
    return Workspace(people=people, team=Team("T9OTHER", "Other Company", "other-company"))


@pytest.fixture
def stage(tmp_path):
    with Stage.start(tmp_path / "stage", MANIFEST, strangers()) as started:
        yield started


def test_from_an_empty_database_a_workspace_never_seen_connects_books_and_gets_its_mails(stage, empty_url):
    app = stage.run_app(DATABASE_URL=empty_url)
    ana = stage.workspace.rep("U9ANA", patience=8)

    connect(stage, ana, "dana")
    to_schedule(ana)
    ana.press("Schedule")
    ana.wait_for("Tracking ID", timeout=20)

    mails = stage.mailbox.wait_for(2, 15)
    assert sorted(mail.recipients for mail in mails) == [("ana@other.example",), ("buyer@acme.example",)]
    assert len(CalendarApp.of(stage.calendars, "dana").titled("Pricing call")) == 1
    ana.wait_for_message("Pricing call", "sales", timeout=10)
    assert stage.workspace.workspace.refusals == []
    assert app.stop() == 0


def test_killed_after_the_click_was_answered_the_booking_is_finished_after_restart(stage, empty_url):
    app = stage.run_app(DATABASE_URL=empty_url)
    ana = stage.workspace.rep("U9ANA", patience=8)
    connect(stage, ana, "dana")
    to_schedule(ana)

    ana.press("Schedule")
    app.kill()
    stage.run_app(DATABASE_URL=empty_url)

    mails = stage.mailbox.wait_for(2, 120)
    ana.wait_for_message("Pricing call", "dm", timeout=30)
    assert {mail.recipients for mail in mails} == {("ana@other.example",), ("buyer@acme.example",)}
    assert len(CalendarApp.of(stage.calendars, "dana").titled("Pricing call")) == 1
