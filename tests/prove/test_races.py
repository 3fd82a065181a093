"""Many processes race for one person, round after round; a checker with SQL of its own counts who won.

The control books the way others do, check first and insert after: the checker must find its double bookings, or it
could not be trusted when it finds none.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 8
ROUNDS = 60 if os.environ.get("SHORT") else 300

OVERLAPS = text(
    "SELECT count(*) FROM slot_claim a JOIN slot_claim b ON a.team_id = b.team_id AND a.resource_key = b.resource_key"
    " AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
    " WHERE a.state <> 'released' AND b.state <> 'released'"
)
HALVES = text(
    "SELECT count(*) FROM (SELECT draft_id FROM slot_claim WHERE state <> 'released' GROUP BY draft_id"
    " HAVING count(*) <> 2) AS half"
)
SUBMITTED = text("SELECT count(*) FROM draft WHERE state = 'submitted'")
TASKS = text("SELECT count(*) FROM outbox_task WHERE kind = 'book'")

pytestmark = pytest.mark.prove


def race(url: str, mode: str) -> list[list[int]]:
    """The rounds each process won."""
    command = [sys.executable, str(Path(__file__).with_name("race_worker.py")), url]
    racers = [
        subprocess.Popen(
            [*command, str(number), str(ROUNDS), mode],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    try:
        results = []
        for racer in racers:
            out, _ = racer.communicate(timeout=300)
            assert racer.returncode == 0
            results.append(json.loads(out))
        return results
    finally:
        for racer in racers:
            racer.kill()


def count(url: str, question) -> int:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    with engine.connect() as connection:
        answer = connection.execute(question).scalar_one()
    engine.dispose()
    return answer


def test_of_all_who_race_for_one_person_exactly_one_wins_each_round(engine_url):
    won = race(engine_url, "service")

    wins = sorted(turn for turns in won for turn in turns)
    assert wins == list(range(ROUNDS))
    assert count(engine_url, OVERLAPS) == 0
    assert count(engine_url, HALVES) == 0
    assert count(engine_url, SUBMITTED) == count(engine_url, TASKS) == ROUNDS


def test_control_the_checker_finds_the_double_bookings_of_check_then_insert(engine_url):
    race(engine_url, "naive")

    assert count(engine_url, OVERLAPS) > 0
