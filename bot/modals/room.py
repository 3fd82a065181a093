"""A room's name, for a new room or another name of one; then the way to its calendar."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.modals import links
from bot.modals.blocks import View, field, fit, header, modal, one_line, section, text_input, typed_text
from bot.words import listed
from scheduling.domain import Room

CALLBACK = "room"
NAME = "room.name"
NAME_LIMIT = 80


@dataclass(frozen=True, slots=True)
class Entered:
    """`room_id` is empty for a new room; `errors` are words by block_id."""

    room_id: str
    name: str
    errors: dict[str, str]


def build(room: Room | None) -> View:
    """Without a room, a new one is added."""
    name = field(NAME, "Room name", text_input(NAME, room.name if room else "", NAME_LIMIT))
    hint = section("Next, its calendar is connected: an account of the room's own." if room is None else "New name:")
    submit = "Save" if room else "Add room"
    title = "Rename room" if room else "Add room"
    return modal(CALLBACK, room.id if room else "", [hint, name], submit=submit, title=title)


def parse(view: Mapping[str, Any], rooms: Iterable[Room]) -> Entered:
    """`rooms` are those there are: two of the same name could not be told apart."""
    room_id = str(view.get("private_metadata") or "")
    name = one_line(typed_text(view, NAME, NAME))
    errors = {}
    if not name:
        errors[NAME] = "Enter a name."
    elif len(name) > NAME_LIMIT:
        errors[NAME] = f"Use at most {NAME_LIMIT} characters."
    elif any(room.name.casefold() == name.casefold() for room in rooms if room.id != room_id):
        errors[NAME] = "There is a room with this name already."
    return Entered(room_id, name, errors)


def saving() -> View:
    return modal(links.CALLBACK, "", [header("Saving…"), section("One moment.")], close="Close", title="Room")


def connect(room: Room, fresh: Mapping[str, str]) -> View:
    words = f"Connect the calendar of {fit(room.name, 150)}: an account of the room's own, not yours."
    return links.build(words, fresh, title="Room")


def added(names: Sequence[str], withheld: Sequence[str] = (), unread: Sequence[str] = ()) -> View:
    """What came of adding the calendars' rooms; accounts, in words, that an administrator must open or that failed."""
    words = [f"Added: {fit(', '.join(names), 1500)}. They can be booked now."] if names else []
    if not names and not withheld and not unread:
        words.append(
            "Nothing was added: your calendars list no rooms that are not here already. A room with an account of its "
            "own is added with Add room."
        )
    for accounts, why in ((withheld, _WITHHELD), (unread, _UNREAD)):
        words += [f"{fit(listed(accounts), 500)} {why}"] if accounts else []
    return links.told(" ".join(words), title="Rooms")


_WITHHELD = "does not let this app list its rooms: an administrator there has to allow it first."
_UNREAD = "did not answer: press Add rooms from my calendar again."


def saved(name: str) -> View:
    return links.told(f"The room is called {fit(name, 150)} now.", title="Room")


def gone() -> View:
    return links.told("This room is not there any more.", title="Room")
