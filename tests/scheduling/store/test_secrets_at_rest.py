"""Secrets: sealed with the operator's keys, bound to their row, never in the clear anywhere in the database."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text
from sqlmodel import select

from scheduling.calendars.base import CalendarInfo
from scheduling.domain import Connection, ConnectionState, Rep
from scheduling.secrets import KeyUnfit, SecretBox
from scheduling.store import Store, connections, installations, links
from scheduling.store.tables import ConnectionRow

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
REP = Rep("T1", "U1")
HOME = Connection("c1", "T1", "U1", "icloud", "dana@home.example", ConnectionState.OK, None, "cal-1")
CALENDARS = (CalendarInfo("cal-1", "Home", "Europe/Berlin", writable=True, primary=True),)


def test_what_was_sealed_opens_in_its_context():
    box = SecretBox([NEW])

    assert box.open("T1|U1|c1", box.seal("T1|U1|c1", {"password": "hunter2"})) == {"password": "hunter2"}


def test_a_sealed_secret_shows_nothing():
    sealed = SecretBox([NEW]).seal("T1|U1|c1", {"password": "hunter2"})

    assert [word for word in ("hunter2", "password", "T1|U1") if word in sealed] == []


def test_a_secret_moved_to_another_row_does_not_open():
    box = SecretBox([NEW])
    sealed = box.seal("T1|U1|c1", {"password": "hunter2"})

    with pytest.raises(KeyUnfit, match="belongs to another row") as refused:
        box.open("T1|U2|c2", sealed)

    assert "hunter2" not in str(refused.value)


def test_an_older_key_still_opens_and_rotation_makes_it_unneeded():
    sealed = SecretBox([OLD]).seal("row", {"a": "b"})

    rotated = SecretBox([NEW, OLD]).rotate(sealed)

    assert SecretBox([NEW]).open("row", rotated) == {"a": "b"}
    with pytest.raises(KeyUnfit):
        SecretBox([NEW]).open("row", sealed)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param([], "no secret key is set", id="none"),
        pytest.param([NEW, "tooshort"], "secret key 2 of 2 is not a Fernet key", id="too short"),
        pytest.param(["ключ" * 11], "secret key 1 of 1 is not a Fernet key", id="not ASCII"),
        pytest.param([""], "secret key 1 of 1 is not a Fernet key", id="empty"),
    ],
)
def test_an_unfit_key_is_named_by_its_place_alone(keys, words):
    with pytest.raises(KeyUnfit) as refused:
        SecretBox(keys)

    assert str(refused.value) == words


def test_a_lost_key_is_an_error_without_secrets():
    sealed = SecretBox([OLD]).seal("row", {"password": "hunter2"})

    with pytest.raises(KeyUnfit, match="opens with none of the keys") as refused:
        SecretBox([NEW, OTHER]).open("row", sealed)

    assert [s for s in (OLD, NEW, OTHER, sealed, "hunter2") if s in str(refused.value)] == []


@pytest.mark.parametrize("tampered", ["", "x", "gAAAAA", "ü", "a\x00b"])
def test_nonsense_is_refused_like_a_lost_key(tampered):
    with pytest.raises(KeyUnfit):
        SecretBox([NEW]).open("row", tampered)


# --- in the database ---


def save(store, connection=HOME, secret=None, calendars=CALENDARS):
    return store.transact(lambda tx: connections.save(tx, connection, secret or {"password": "canary-pw"}, calendars))


def test_a_connection_comes_back_with_its_secret_apart(store):
    stored = save(store)

    assert stored == HOME
    assert store.read(lambda tx: connections.of_user(tx, REP)) == (HOME,)
    assert store.read(lambda tx: connections.secret(tx, "T1", "c1")) == {"password": "canary-pw"}
    assert store.read(lambda tx: connections.calendars(tx, "T1", "c1")) == CALENDARS


def test_no_secret_and_no_token_is_written_in_the_clear(store, box, clock, engine):
    """The whole database is searched, as whoever steals a backup would."""
    sealed = box.seal("T1", {"bot_token": "xoxb-canary"})

    def plant(tx):
        connections.save(tx, HOME, {"password": "canary-pw", "refresh_token": "canary-refresh"}, CALENDARS)
        installations.save(tx, enterprise_id=None, team_id="T1", sealed=sealed, now=clock())
        return links.issue(tx, rep=REP, purpose="connect", provider="icloud", expires_at=clock())

    token = store.transact(plant)
    everything = contents(store, engine)

    assert [word for word in ("canary", "xoxb", token) if word.encode() in everything] == []
    assert b"dana@home.example" in everything  # the search does find what is there


def contents(store, engine):
    if engine == "sqlite":
        file = Path(store._write.url.database)
        return b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    return store.read(
        lambda tx: "".join(
            str(tx.exec(text(f'SELECT * FROM "{table}"')).all()) for table in tx.exec(text(tables)).scalars().all()
        )
    ).encode()


def test_a_secret_copied_into_another_row_of_the_database_does_not_open(store):
    save(store)
    save(store, Connection("c2", "T1", "U2", "icloud", "noa@home.example", ConnectionState.OK), {"password": "other"})

    def steal(tx):
        rows = {row.id: row for row in tx.exec(select(ConnectionRow))}
        rows["c2"].secret = rows["c1"].secret

    store.transact(steal)

    with pytest.raises(KeyUnfit, match="another row"):
        store.read(lambda tx: connections.secret(tx, "T1", "c2"))


def test_connecting_the_same_account_again_updates_it(store):
    save(store)
    store.transact(lambda tx: connections.mark(tx, "T1", "c1", ConnectionState.NEEDS_RECONNECT, "auth"))
    again = Connection("c9", "T1", "U1", "icloud", "dana@home.example", ConnectionState.OK, None, "cal-2")

    stored = save(store, again, {"password": "new"}, ())

    renewed = Connection("c1", "T1", "U1", "icloud", "dana@home.example", ConnectionState.OK, None, "cal-2")
    assert stored == renewed
    assert store.read(lambda tx: connections.of_user(tx, REP)) == (renewed,)
    assert store.read(lambda tx: connections.secret(tx, "T1", "c1")) == {"password": "new"}
    assert store.read(lambda tx: connections.calendars(tx, "T1", "c1")) == ()


def test_a_connection_can_be_marked_refreshed_and_removed(store):
    save(store)

    store.transact(lambda tx: connections.mark(tx, "T1", "c1", ConnectionState.NEEDS_RECONNECT, "auth"))
    marked = store.read(lambda tx: connections.get(tx, "T1", "c1"))
    store.transact(lambda tx: connections.replace_secret(tx, "T1", "c1", {"password": "refreshed"}))
    refreshed = store.read(lambda tx: connections.secret(tx, "T1", "c1"))
    store.transact(lambda tx: connections.replace_calendars(tx, "T1", "c1", ()))
    store.transact(lambda tx: connections.remove(tx, "T1", "c1"))
    store.transact(lambda tx: connections.remove(tx, "T1", "c1"))

    assert (marked.state, marked.reason) == (ConnectionState.NEEDS_RECONNECT, "auth")
    assert refreshed == {"password": "refreshed"}
    assert store.read(lambda tx: connections.get(tx, "T1", "c1")) is None
    with pytest.raises(LookupError):
        store.read(lambda tx: connections.secret(tx, "T1", "c1"))


def test_connections_of_several_people_come_by_person(store):
    save(store)
    noa = Connection("c2", "T1", "U2", "caldav", "noa", ConnectionState.OK)
    save(store, noa)

    found = store.read(lambda tx: connections.of_users(tx, "T1", ["U1", "U2", "U3"]))

    assert found == {"U1": (HOME,), "U2": (noa,), "U3": ()}


def test_all_secrets_move_to_the_newest_key(store, engine_url, clock):
    older = Store.open(engine_url, clock, SecretBox([OLD]))
    save(older)
    older.dispose()
    both = Store.open(engine_url, clock, SecretBox([NEW, OLD]))

    rotated = both.transact(connections.rotate)

    both.dispose()
    newer = Store.open(engine_url, clock, SecretBox([NEW]))
    assert rotated == 1
    assert newer.read(lambda tx: connections.secret(tx, "T1", "c1")) == {"password": "canary-pw"}
    newer.dispose()


def test_without_keys_nothing_is_stored_in_the_clear_instead(engine_url, clock):
    store = Store.open(engine_url, clock)

    with pytest.raises(KeyUnfit, match="without secret keys"):
        save(store)

    store.dispose()
