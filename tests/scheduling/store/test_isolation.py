"""No workspace sees or changes anything of another: every query function is called as a stranger who knows all ids.

The functions are found by looking into the store's modules, so that a new one without a line here fails the test.
"""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, select

import scheduling.store as store_package
from scheduling.calendars.base import CalendarInfo
from scheduling.domain import (
    Booking,
    BookingState,
    Connection,
    ConnectionState,
    Customer,
    Draft,
    DraftState,
    Form,
    Interval,
    Person,
    Rep,
    Room,
    Screen,
)
from scheduling.errors import DraftGone, LinkRefused, SlotTaken
from scheduling.store import (
    audit,
    bookings,
    claims,
    connections,
    drafts,
    inbox,
    installations,
    links,
    people,
    preferences,
    rooms,
    sign_ins,
    tasks,
    workspaces,
)

CANARY = "canary"

# These serve every workspace at once, by time or by an unguessable token, and return counts, teams or a Rep.
FOR_ALL_TEAMS = {
    "claims.expire",
    "connections.rotate",
    "drafts.purge",
    "inbox.purge",
    "links.consume",
    "links.peek",
    "links.purge",
    "retention.purge",
    "sign_ins.take",
    "tasks.backlog",
    "tasks.due_teams",
    "tasks.forget_payloads",
    "tasks.next_due",
    "tasks.purge",
    "tasks.wake",
    "tasks.resume",  # by a connection's random id
    "writes.insert_new",
    "writes.upsert",
    "engine.box_of",
    "engine.now_of",
}


def person(team_id):
    return Person(team_id, "U1", f"{CANARY} name", f"{CANARY}@reps.example", "Europe/Berlin")


def draft(team_id):
    form = Form(subject=f"{CANARY} subject")
    return Draft("d1", team_id, "U1", 0, DraftState.OPEN, Screen.WHO, form, f"{CANARY} view")


def booking(team_id, now):
    span = Interval(now + timedelta(hours=1), now + timedelta(hours=2))
    return Booking(
        "b1", team_id, f"{CANARY} tracking", "d1", 1, 0, 1, BookingState.CONFIRMED, span, person(team_id),
        (person(team_id),), Customer(name=f"{CANARY} buyer", email="buyer@acme.example"), Form(), f"{CANARY} uid",
        created_at=now,
    )  # fmt: skip


def connection(team_id):
    return Connection("c1", team_id, "U1", "icloud", "account", ConnectionState.OK, f"{CANARY} reason", f"{CANARY} cal")


def fill(tx, team_id, now):
    """Everything that a workspace can have; returns the claimed task."""
    span = booking(team_id, now).interval
    drafts.add(tx, draft(team_id))
    drafts.set_problem(tx, Rep(team_id, "U1"), "d1", {"why": CANARY})
    bookings.add(tx, booking(team_id, now))
    claims.confirm(
        tx, team_id=team_id, draft_id="d1", booking_id="b1", resources={"U1": CANARY}, interval=span, now=now
    )
    claims.hold(
        tx,
        team_id=team_id,
        draft_id="d1",
        resources={"U2": CANARY},
        interval=span,
        expires_at=now + timedelta(minutes=10),
        now=now,
    )
    connections.save(tx, connection(team_id), {"password": CANARY}, [CalendarInfo(CANARY, CANARY, None, True, True)])
    people.remember(tx, [person(team_id)], now)
    preferences.keep(tx, Rep(team_id, "U1"), {"word": CANARY})
    rooms.add(tx, team_id, Room(id="r1", name=CANARY))
    workspaces.set_announce_channel(tx, team_id, CANARY)
    workspaces.set_settings(tx, team_id, {"word": CANARY})
    inbox.first_time(tx, "delivery", now, team_id=team_id)
    audit.note(tx, team_id=team_id, who="U1", what={"did": CANARY}, now=now, booking_id="b1")
    installations.save(tx, enterprise_id=None, team_id=team_id, sealed=CANARY, now=now)
    links.issue(tx, rep=Rep(team_id, "U1"), purpose="connect", expires_at=now + timedelta(minutes=10))
    for key in ("k1", "k2"):
        tasks.enqueue(tx, team_id=team_id, kind="letter", key=key, payload={"to": CANARY}, now=now, booking_id="b1")
    (task,) = tasks.claim(tx, team_id, ["letter"], now=now, lease=timedelta(minutes=5), limit=1)
    return task


def strangers_calls(team, now, task):
    """Each query as workspace `team` calls it with the ids of another; `task` is that one's, relabelled."""
    rep, span = Rep(team, "U1"), booking(team, now).interval
    soon = now + timedelta(minutes=10)
    hold = {"team_id": team, "draft_id": "d1", "resources": {"U1": "x", "U2": "y"}, "interval": span, "now": now}
    key = {"enterprise_id": None, "team_id": team}
    return {
        "audit.note": lambda tx: audit.note(tx, team_id=team, who="U1", what={}, now=now, booking_id="b1"),
        "audit.of_booking": lambda tx: audit.of_booking(tx, team, "b1"),
        "bookings.add": lambda tx: bookings.add(tx, booking(team, now)),
        "bookings.get": lambda tx: bookings.get(tx, team, "b1"),
        "bookings.last_with_customer": lambda tx: bookings.last_with_customer(tx, rep, "buyer@acme.example"),
        "bookings.lock": lambda tx: bookings.lock(tx, team, "b1"),
        "bookings.of_draft": lambda tx: bookings.of_draft(tx, team, "d1"),
        "bookings.save": lambda tx: bookings.save(tx, booking(team, now)),
        "bookings.upcoming": lambda tx: bookings.upcoming(tx, team, "U1", now, 10),
        "claims.confirm": lambda tx: claims.confirm(tx, booking_id="b1", **hold),
        "claims.exchange": lambda tx: claims.exchange(
            tx, team_id=team, draft_id="d1", booking_id="b1", left="U1", taken={"U2": "y"}, interval=span, now=now
        ),
        "claims.hold": lambda tx: claims.hold(tx, expires_at=soon, **hold),
        "claims.let_go": lambda tx: claims.let_go(tx, team, "b1", "U1"),
        "claims.release_booking": lambda tx: claims.release_booking(tx, team, "b1"),
        "claims.release_draft": lambda tx: claims.release_draft(tx, team, "d1"),
        "claims.taken": lambda tx: [s for s in claims.taken(tx, team, ["U1", "U2"], span, now).values() if s],
        "connections.calendars": lambda tx: connections.calendars(tx, team, "c1"),
        "connections.get": lambda tx: connections.get(tx, team, "c1"),
        "connections.let_mails_invite": lambda tx: connections.let_mails_invite(tx, team, "c1", mails_invite=True),
        "connections.mark": lambda tx: connections.mark(tx, team, "c1", ConnectionState.NEEDS_RECONNECT),
        "connections.of_user": lambda tx: connections.of_user(tx, rep),
        "connections.of_users": lambda tx: [c for c in connections.of_users(tx, team, ["U1"]).values() if c],
        "connections.remove": lambda tx: connections.remove(tx, team, "c1"),
        "connections.replace_calendars": lambda tx: connections.replace_calendars(tx, team, "c1", []),
        "connections.replace_secret": lambda tx: connections.replace_secret(tx, team, "c1", {}),
        "connections.save": lambda tx: connections.save(tx, connection(team), {}, []) and None,
        "connections.secret": lambda tx: connections.secret(tx, team, "c1"),
        "drafts.add": lambda tx: drafts.add(tx, draft(team)),
        "drafts.attach_view": lambda tx: drafts.attach_view(tx, rep, "d1", "V9"),
        "drafts.get": lambda tx: drafts.get(tx, rep, "d1"),
        "drafts.open_since": lambda tx: drafts.open_since(tx, rep, now - timedelta(days=1)),
        "drafts.lock": lambda tx: drafts.lock(tx, rep, "d1"),
        "drafts.mark_submitted": lambda tx: drafts.mark_submitted(tx, draft(team), now),
        "drafts.problem": lambda tx: drafts.problem(tx, rep, "d1"),
        "drafts.purge": lambda tx: drafts.purge(tx, now + timedelta(days=99), team) or None,
        "drafts.save": lambda tx: drafts.save(tx, draft(team)),
        "drafts.set_problem": lambda tx: drafts.set_problem(tx, rep, "d1", {}),
        "drafts.submission": lambda tx: drafts.submission(tx, rep, "d1"),
        "inbox.first_time": lambda tx: None if inbox.first_time(tx, "delivery", now, team_id=team) else "seen",
        "installations.delete_all": lambda tx: installations.delete_all(tx, **key) or None,
        "installations.delete_one": lambda tx: installations.delete_one(tx, **key),
        "installations.find": lambda tx: installations.find(tx, **key),
        "installations.save": lambda tx: installations.save(tx, sealed="x", now=now, **key),
        "links.issue": lambda tx: links.issue(tx, rep=rep, purpose="connect", expires_at=soon) and None,
        "people.with_email": lambda tx: people.with_email(tx, team, f"{CANARY}@reps.example"),
        "preferences.keep": lambda tx: preferences.keep(tx, rep, {}),
        "preferences.of": lambda tx: preferences.of(tx, rep),
        "rooms.add": lambda tx: rooms.add(tx, team, Room(id="r1", name="x")),
        "rooms.of_team": lambda tx: rooms.of_team(tx, team),
        "rooms.remove": lambda tx: rooms.remove(tx, team, "r1"),
        "people.known": lambda tx: people.known(tx, team, ["U1"], now),
        "people.remember": lambda tx: people.remember(tx, [person(team)], now),
        "sign_ins.begin": lambda tx: sign_ins.begin(
            tx, rep=rep, provider="google", state="s", browser="b", flow={}, expires_at=soon
        ),
        "tasks.claim": lambda tx: tasks.claim(tx, team, ["letter"], now=soon, lease=timedelta(minutes=1), limit=9),
        "tasks.end": lambda tx: tasks.end(tx, task, "done", now) or None,
        "tasks.enqueue": lambda tx: (
            tasks.enqueue(tx, team_id=team, kind="letter", key="k1", payload={}, now=now) and None
        ),
        "tasks.park": lambda tx: tasks.park(tx, task, "c1", "auth", until=soon) or None,
        "tasks.put_back": lambda tx: tasks.put_back(tx, task, soon, burnt=True) or None,
        "tasks.release": lambda tx: tasks.release(tx, [task]),
        "tasks.renew": lambda tx: tasks.renew(tx, [task], timedelta(minutes=1)),
        "workspaces.announce_channel": lambda tx: workspaces.announce_channel(tx, team),
        "workspaces.get": lambda tx: workspaces.get(tx, team).settings.get("word"),
        "workspaces.set_announce_channel": lambda tx: workspaces.set_announce_channel(tx, team, "C9"),
        "workspaces.set_settings": lambda tx: workspaces.set_settings(tx, team, {}),
    }


NAMES = sorted(strangers_calls("T2", datetime(2026, 11, 2, tzinfo=UTC), None))


def query_functions():
    """`module.function` for every public function of the store that takes a session."""
    found = set()
    for module_info in pkgutil.iter_modules(store_package.__path__):
        module = importlib.import_module(f"scheduling.store.{module_info.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters.values())
            takes_session = bool(parameters) and parameters[0].annotation is Session
            if function.__module__ == module.__name__ and not name.startswith("_") and takes_session:
                found.add(f"{module_info.name}.{name}")
    return found


def everything_of(tx, team_id):
    """All rows of the workspace, in every table."""
    rows = {}
    for table in SQLModel.metadata.sorted_tables:
        wanted = select(table).where(table.c.team_id == team_id).order_by(*table.primary_key.columns)
        rows[table.name] = [tuple(row) for row in tx.exec(wanted)]
    return rows


def test_every_query_function_is_tried_here():
    assert query_functions() - FOR_ALL_TEAMS == set(NAMES) - FOR_ALL_TEAMS


def test_the_workspace_has_something_in_every_table(store, clock):
    """Else the tests below would prove nothing about that table."""
    store.transact(lambda tx: fill(tx, "T1", clock()))

    assert [table for table, rows in store.read(lambda tx: everything_of(tx, "T1")).items() if not rows] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_who_knows_all_ids_sees_and_changes_nothing(store, clock, name):
    task = replace(store.transact(lambda tx: fill(tx, "T1", clock())), team_id="T2")
    before = store.read(lambda tx: everything_of(tx, "T1"))
    call = strangers_calls("T2", clock(), task)[name]

    try:
        seen = store.transact(call)
    except (DraftGone, LookupError, LinkRefused, IntegrityError) as refusal:
        seen = CANARY if CANARY in str(refusal) else None

    assert not seen, f"{name} showed {seen!r}"
    assert store.read(lambda tx: everything_of(tx, "T1")) == before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=8), team=st.sampled_from(["T2", "", "t1", "T1 ", "%"])
)
def test_no_series_of_strange_calls_reaches_another_workspace(sqlite_store, clock, names, team):
    with sqlite_store._write.connect() as connection_, connection_.begin() as undo:
        with Session(connection_, info={"box": sqlite_store._box, "clock": clock}) as tx:
            task = replace(fill(tx, "T1", clock()), team_id=team)
            before = everything_of(tx, "T1")
            calls = strangers_calls(team, clock(), task)
            for name in names:
                savepoint = tx.begin_nested()
                try:
                    calls[name](tx)
                    savepoint.commit()
                except (DraftGone, LookupError, LinkRefused, IntegrityError, SlotTaken):
                    savepoint.rollback()
            tx.expire_all()
            after = everything_of(tx, "T1")
        undo.rollback()

    assert after == before
