"""One racing process: a rep who wants a given person's slot, round after round, against all the others.

Run by test_races.py as `python race_worker.py URL NUMBER ROUNDS MODE`; prints the rounds it won, as JSON. With
`service` as MODE it books as the product does; with `naive` it checks first and inserts in a second transaction: the
control that must fail.
"""

import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from scheduling.config import SchedulingConfig
from scheduling.connecting import Connecting
from scheduling.domain import Customer, Interval, Prefill, Rep, Screen
from scheduling.errors import SlotTaken
from scheduling.service import SchedulingService
from scheduling.store import Store, claims
from scheduling.store.tables import ResourceRow, SlotClaimRow
from scheduling.store.writes import insert_new

TEAM = "T0DEMO"
WANTED = "U0PRIYA"
FIRST = datetime(2031, 3, 3, 8, tzinfo=UTC)
"""Far ahead of any clock that this runs under."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def main(url: str, number: int, rounds: int, mode: str) -> None:
    store = Store.open(url, utc_now)
    rep = Rep(TEAM, f"U{number}")
    config = SchedulingConfig(mail_from="meetings@demo.example", horizon=timedelta(days=36500))
    service = SchedulingService(store, None, Connecting(store, None, config, utc_now, quiet), config, utc_now, quiet)
    store.transact(lambda tx: insert_new(tx, ResourceRow, [{"team_id": TEAM, "key": WANTED}]))
    dice = random.Random(number)
    say("ready")
    sys.stdin.readline()
    start = time.monotonic()
    won = []
    for turn in range(rounds):
        wait_for_turn(start, turn)
        begin = FIRST + timedelta(hours=2 * turn, minutes=dice.choice((0, 10, 20)))
        if (book if mode == "service" else book_naively)(store, service, rep, begin):
            won.append(turn)
    store.dispose()
    say(json.dumps(won))


def wait_for_turn(start: float, turn: int) -> None:
    """All processes begin a round within a moment of each other."""
    time.sleep(max(0.0, start + turn * 0.05 - time.monotonic()))


def book(store: Store, service: SchedulingService, rep: Rep, begin: datetime) -> bool:
    """Open, fill, hold, submit: everything that happens before the calendars are asked."""
    draft = service.open_draft(rep, Prefill()).draft
    form = draft.form.model_copy(
        update={
            "customer": Customer(name="Acme Buyer", email="buyer@acme.example"),
            "subject": "Pricing call",
            "members": (rep.user_id, WANTED),
        }
    )
    service.save(rep, draft.id, form, Screen.TIMES)
    try:
        service.hold(rep, draft.id, begin)
    except SlotTaken:
        return False
    service.submit(rep, draft.id, on_event=True, by_mail=True)
    return True


def book_naively(store: Store, _service: SchedulingService, rep: Rep, begin: datetime) -> bool:
    """What the product must not do: look, then write in another transaction, past the guard."""
    interval = Interval(begin, begin + timedelta(minutes=30))
    taken = store.read(lambda tx: claims.taken(tx, TEAM, (WANTED,), interval, now=utc_now()))
    if taken[WANTED]:
        return False
    time.sleep(0.002)  # as long as a form takes to be read
    store.transact(
        lambda tx: tx.add(
            SlotClaimRow(
                id=uuid4().hex,
                team_id=TEAM,
                resource_key=WANTED,
                draft_id=uuid4().hex,
                booking_id=uuid4().hex,
                starts_at=interval.start,
                ends_at=interval.end,
                state="confirmed",
                claimed_at=utc_now(),
                forced=True,
            )
        )
    )
    return True


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def quiet() -> None:
    """Nobody needs waking."""


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
