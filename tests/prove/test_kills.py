"""kill -9 at random moments after Schedule was answered, again and again, against the whole product.

Required each time: the booking is finished after the restart, with one event and every mail; at most one extra copy of
a mail for each kill.
"""

import json
import os
import random
import time
from collections import Counter

import pytest

from sandbox.calendar_app import CalendarApp
from sandbox.stage import HERE, Stage
from tests.stories.rep_story import connect, to_schedule

MANIFEST = json.loads((HERE / "manifest.json").read_text())
KILLS = 5 if os.environ.get("SHORT") else 30
LONGEST = 1.5
"""Seconds after the answer: by then everything is usually done."""

pytestmark = pytest.mark.prove


def test_kill_9_loses_no_booking_and_makes_no_second_event(tmp_path, empty_url):
    dice = random.Random(20261126)
    with Stage.start(tmp_path / "stage", MANIFEST) as stage:
        app = stage.run_app(DATABASE_URL=empty_url)
        dana = stage.workspace.rep("U0DANA", patience=15)
        connect(stage, dana, "dana")

        for number in range(KILLS):
            subject = f"Call {number}"
            to_schedule(dana, f"buyer{number}@acme.example Acme Buyer 30m {subject}")
            dana.press("Schedule")
            time.sleep(dice.uniform(0, LONGEST))
            app.kill()
            app = stage.run_app(DATABASE_URL=empty_url)
            dana.wait_for_message(subject, "dm", timeout=150)
            dana.close(everything=True)

        stage.mailbox.wait_for(2 * KILLS, 150)
        time.sleep(2)
        copies = Counter(mail.message["Message-ID"] for mail in stage.mailbox.messages)
        events = [len(CalendarApp.of(stage.calendars, "dana").titled(f"Call {n}")) for n in range(KILLS)]
        assert events == [1] * KILLS
        assert len(copies) == 2 * KILLS
        assert sum(copies.values()) - len(copies) <= KILLS
        assert max(copies.values()) <= 2
        assert stage.workspace.workspace.refusals == []
