"""Several press at once: threads of one process, and stores that share nothing but the database."""

import threading
from datetime import timedelta

from scheduling.errors import SlotTaken
from scheduling.store import Store, claims

NAMES = {"U1": "Dana Reyes", "U2": "Priya Nair", "room:blue": "Blue room"}


def test_of_eight_who_press_at_once_exactly_one_gets_the_slot(store, taken, at, clock):
    """Eight threads, thirty rounds, three resources named in different orders: no deadlock, no second winner."""
    results = race(store, clock, at, rounds=30)

    assert [sorted(round_) for round_ in results] == [["taken"] * 7 + ["won"]] * 30
    assert taken(tuple(NAMES)) == dict.fromkeys(NAMES, tuple(at(60 * n) for n in range(30)))


def test_eight_stores_of_their_own_race_like_eight_processes(engine_url, taken, at, clock):
    """Without the lock that threads of one process share."""
    stores = [Store.open(engine_url, clock) for _ in range(8)]

    results = race(stores, clock, at, rounds=10)

    assert [sorted(round_) for round_ in results] == [["taken"] * 7 + ["won"]] * 10
    for store in stores:
        store.dispose()


def race(stores, clock, at, rounds):
    results = [[] for _ in range(rounds)]
    gate = threading.Barrier(8, timeout=60)

    def press(number: int) -> None:
        store = stores[number] if isinstance(stores, list) else stores
        names = dict(sorted(NAMES.items(), reverse=number % 2 == 0))
        for turn in range(rounds):
            gate.wait()
            try:
                store.transact(
                    lambda tx, turn=turn: claims.hold(
                        tx,
                        team_id="T1",
                        draft_id=f"{turn}-{number}",
                        resources=names,
                        interval=at(60 * turn),
                        expires_at=clock() + timedelta(minutes=10),
                        now=clock(),
                    )
                )
                results[turn].append("won")
            except SlotTaken:
                results[turn].append("taken")

    threads = [threading.Thread(target=press, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
