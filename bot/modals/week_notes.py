"""What must be said about a week of times: calendars not read, read for others or shut to us; empty days."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from bot.modals import connecting
from bot.modals.blocks import Block, button, context, fit, section
from bot.words import city, day_words, listed
from scheduling.domain import Connection, DayReason, Draft, Proposal, Unread

ASK = "times.ask"
MOST_UNREAD = 10
MOST_ASKED = 20
MOST_NAMES = 4
_UNREAD = {
    "not_connected": "has not connected a calendar",
    "auth": "has a calendar that no longer lets us in",
    "deadline": "has a calendar that did not answer in time",
}
_ASKABLE = ("not_connected", "auth")


def names_words(names: Sequence[str]) -> str:
    """`Sam, Priya and 3 more`: long lists are cut, and say so."""
    short = [fit(name, 80) for name in names[:MOST_NAMES]]
    return listed([*short, f"{len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES else short)


# --- calendars ------------------------------------------------------------------------------------------------------


def shut_out(connections: Sequence[Connection], links: Mapping[str, str]) -> list[Block]:
    """The rep's own calendars that no longer let us in, with the buttons to connect them again."""
    if not connections:
        return []
    words = f"{shut_out_words(connections)} Those times count as unknown. Connect again:"
    same = {connection.provider for connection in connections}
    return connecting.offer("times.reconnect", words, {name: links[name] for name in links if name in same} or links)


def shut_out_words(connections: Sequence[Connection]) -> str:
    """Which of the rep's calendars no longer let us in, and why: a sentence each."""
    return " ".join(
        f"{connecting.account_words(each)} no longer lets us in: {connecting.why_words(each)}."
        for each in connections[:MOST_NAMES]
    )


def via_sharing(names: Sequence[str]) -> list[Block]:
    if not names:
        return []
    return [context(f"{names_words(names)} via sharing: read through your own calendar.")]


def unread(people: Sequence[Unread]) -> list[Block]:
    """One line for each of the first, the rest by name."""
    said = [context(_unread_words(each)) for each in people[:MOST_UNREAD]]
    rest = people[MOST_UNREAD:]
    if rest:
        said.append(context(f"Also not checked: {listed([fit(_called(each), 80) for each in rest])}."))
    return said


def _unread_words(person: Unread) -> str:
    why, name = _UNREAD.get(person.why), _called(person)
    if why is not None:
        return f"{name} {why}: {name} is not checked."
    return f"{name}'s calendar could not be read: {name} is not checked."


def _called(person: Unread) -> str:
    return f"Room {person.name}" if person.who.startswith("room:") else person.name


def ask_buttons(proposal: Proposal, draft: Draft) -> list[Block]:
    """For colleagues whose calendar is not connected and who were not asked yet; nobody asks themself or a room."""
    found = [
        person
        for person in proposal.unread
        if person.why in _ASKABLE
        and person.who in draft.form.members
        and person.who != draft.user_id
        and person.who not in draft.form.asked
    ]
    return [
        button(f"{ASK}.{person.who}", f"Ask {fit(person.name, 55)} to connect", f"{person.who} {person.name}")
        for person in found[:MOST_ASKED]
    ]


def asked(value: str | None) -> tuple[str, str]:
    """The user id and the name that an Ask button stands for."""
    user, _, name = (value or "").partition(" ")
    return user, name or "Your colleague"


# --- days without a time --------------------------------------------------------------------------------------------


def empty_days(proposal: Proposal) -> list[tuple[date, Block]]:
    """Why days have no time (7f); neighbours with the same reason share a line, at the first of them."""
    zone = proposal.grid_zone
    where = f" ({city(zone)} time)" if zone and zone != proposal.zone else ""
    told = [(day, _reasons_words(reasons)) for day, reasons in proposal.reasons]
    lines = []
    for (words, _), run in groupby(enumerate(told), lambda each: (each[1][1], each[1][0] - timedelta(each[0]))):
        days = [day for _, (day, _) in run]
        lines.append((days[0], context(f"No common time on {_days_words(days)}{where}: {words}.")))
    return lines


def _days_words(days: Sequence[date]) -> str:
    if len(days) > 2:
        return f"{day_words(days[0])} to {day_words(days[-1])}"
    return " and ".join(day_words(day) for day in days)


def _reasons_words(reasons: Sequence[DayReason]) -> str:
    """`Room Oslo is taken all day; Priya is off`: those with the same reason in one breath."""
    by_code: dict[str, list[str]] = {}
    for reason in reasons:
        by_code.setdefault(_phrase(reason), []).append(reason.name)
    return "; ".join(_said(phrase, names) for phrase, names in by_code.items())


def _phrase(reason: DayReason) -> str:
    taken = "taken" if reason.who.startswith("room:") else "busy"
    phrases = {"off": "{are} off", "all_day": f"{{are}} {taken} all day", "unread": "could not be checked"}
    return phrases.get(reason.code, f"{{are}} {taken}")


def _said(phrase: str, names: Sequence[str]) -> str:
    is_room = "taken" in phrase
    who = ("Room " if len(names) == 1 else "Rooms ") + names_words(names) if is_room else names_words(names)
    return f"{who} {phrase.format(are='is' if len(names) == 1 else 'are')}"


def nothing(proposal: Proposal, span: str) -> Block:
    """No day of the week has a time."""
    if proposal.unread:
        return section(f"No time from {span} is sure to be free: not every calendar could be read.")
    if proposal.reasons:
        return section(f"No common time from {span}.")
    return section(f"No common time from {span}: at least one team member is busy or off at each of them.")
