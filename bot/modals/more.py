"""What More options brings to the details: conferencing, the kind of place, where, and which rooms.

Rooms are there only while the workspace has any; a link made by the calendar is offered only where it can make one.
"""

from collections.abc import Mapping
from typing import Any

from bot.modals.blocks import (
    Block,
    chosen,
    cleaned,
    context,
    field,
    is_visible,
    one_line,
    option,
    plain,
    text_input,
    typed,
    typed_text,
)
from bot.modals.checks import complaint
from bot.modals.surroundings import Surroundings, made_words, room_labels
from scheduling.domain import ConferencingKind, Form, Room

CONFERENCING, LINK = "details.conferencing", "details.link"
TYPE, LOCATION, ROOMS = "details.type", "details.location", "details.rooms"
TYPES = {"in person": "In person", "phone": "Phone", "video": "Video", "other": "Other"}
LINK_LIMIT = 500
LOCATION_LIMIT = 250
MOST_ROOMS = 10
OPENED = "more"


def is_open(form: Form) -> bool:
    """What was opened, or already says something, stays in sight."""
    says = form.conferencing_text or form.meeting_type or form.location or form.rooms
    return OPENED in form.opened or bool(says) or form.conferencing is not ConferencingKind.NONE


def build(form: Form, around: Surroundings) -> list[Block]:
    """The fields, in the order of the product."""
    meeting_type = _select(TYPE, [option(words, value) for value, words in TYPES.items()], form.meeting_type)
    location = text_input(LOCATION, form.location, LOCATION_LIMIT)
    return [
        *_conferencing(form, around.link_makers),
        field(TYPE, "Meeting type", meeting_type, optional=True),
        field(LOCATION, "Location", location, optional=True),
        *_rooms(form, around.rooms),
    ]


def _conferencing(form: Form, makers: Mapping[ConferencingKind, str]) -> list[Block]:
    """A text where there is nothing to choose; where links can be made, a choice and the text it may need."""
    words = text_input(LINK, form.conferencing_text, LINK_LIMIT)
    hint = "A link, or words such as a telephone number"
    kind = form.conferencing
    made = made_words(kind)
    if not makers and not made:
        return [field(LINK, "Conferencing information", words, optional=True, hint=hint)]
    offered = ({kind: made} if made else {}) | dict(makers)  # a choice made earlier stays, whoever makes links now
    options = [
        option("None", ConferencingKind.NONE.value),
        *(option(name, maker.value) for maker, name in offered.items()),
        option("Custom text or link", ConferencingKind.CUSTOM.value),
    ]
    choice = field(
        CONFERENCING, "Conferencing information", _select(CONFERENCING, options, kind.value), dispatches=True
    )
    if kind is not ConferencingKind.CUSTOM:
        return [choice]
    return [choice, field(LINK, "Custom text or link", words, optional=True, hint=hint)]


def _select(action_id: str, options: list[Block], value: str) -> Block:
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain("Choose"),
        "options": options,
        "initial_option": next((each for each in options if each["value"] == value), None),
    }


def _rooms(form: Form, rooms: tuple[Room, ...]) -> list[Block]:
    labels = room_labels(rooms)
    gone = sum(room_id not in labels for room_id in form.rooms)
    notice = [context("A room that you chose cannot be booked any more.")] if gone else []
    if not rooms:
        return notice
    picked = [option(labels[room_id], room_id) for room_id in form.rooms if room_id in labels]
    select: Block = {
        "type": "multi_external_select",
        "action_id": ROOMS,
        "placeholder": plain("Rooms that must be free"),
        "min_query_length": 0,
        "initial_options": picked[:MOST_ROOMS] or None,
        "max_selected_items": MOST_ROOMS,
    }
    return [field(ROOMS, "Rooms", select, optional=True), *notice]


def rooms_offered(rooms: tuple[Room, ...], query: str) -> list[Block]:
    """The rooms whose name has every word of `query`, at most Slack's 100."""
    wanted = query.casefold().split()
    labels = room_labels(rooms).items()
    found = [(room_id, label) for room_id, label in labels if all(word in label.casefold() for word in wanted)]
    return [option(label, room_id) for room_id, label in found[:100]]


# --- reading --------------------------------------------------------------------------------------------------------


def read(view: Mapping[str, Any]) -> dict[str, Any]:
    """Changes to the form by what is typed so far; what the view does not show changes nothing."""
    changes: dict[str, Any] = {}
    kind, link = chosen(view, CONFERENCING, CONFERENCING), typed_text(view, LINK, LINK)
    if link is not None:
        changes["conferencing_text"] = link if is_visible(link) else ""
        changes["conferencing"] = ConferencingKind.CUSTOM if changes["conferencing_text"] else ConferencingKind.NONE
    if kind in [each.value for each in ConferencingKind]:
        changes["conferencing"] = ConferencingKind(kind)
        if kind != ConferencingKind.CUSTOM:
            changes["conferencing_text"] = ""
    if typed(view, TYPE, TYPE) is not None:
        picked = chosen(view, TYPE, TYPE)
        changes["meeting_type"] = picked if picked in TYPES else ""
    location = typed(view, LOCATION, LOCATION)
    if location is not None:
        changes["location"] = one_line(location.get("value"))
    rooms = typed(view, ROOMS, ROOMS)
    if rooms is not None:
        ids = (cleaned(each.get("value")) for each in rooms.get("selected_options") or ())
        changes["rooms"] = tuple(dict.fromkeys(room_id for room_id in ids if room_id))
    return changes


def errors(view: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, by block_id."""
    custom = chosen(view, CONFERENCING, CONFERENCING) == ConferencingKind.CUSTOM
    has_link = typed(view, LINK, LINK) is not None
    found: dict[str, str | None] = {
        LINK: complaint(view, LINK, LINK, LINK_LIMIT, "Enter a text or a link, or choose None." if custom else None)
        if has_link
        else None,
        CONFERENCING: "Wait until the field for the text or link appears." if custom and not has_link else None,
        LOCATION: complaint(view, LOCATION, LOCATION, LOCATION_LIMIT),
    }
    rooms = (typed(view, ROOMS, ROOMS) or {}).get("selected_options") or ()
    if len(rooms) > MOST_ROOMS:
        found[ROOMS] = f"Choose at most {MOST_ROOMS} rooms."
    return {block_id: words for block_id, words in found.items() if words}
