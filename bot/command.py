"""What the words after `/schedule-for` mean. Pure; nothing that was typed is dropped unseen.

`buyer@acme.example Acme Buyer 30m Pricing call @sam` fills every field: the mail, the words before the length as the
name, those after it as the subject, and the members. Without a length a comma divides; with neither, all is the name.
"""

import re

from bot.slack_text import MAIL_LINK, readable
from scheduling.domain import Prefill

SHORTEST, LONGEST = 5, 480

_MEMBER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_WORD = r"[^\s<>()\[\],;:\"'|@]+"
MAIL = re.compile(rf"(?<![^\s<(,;:\"'\[;])(?:mailto:)?({_WORD}@{_WORD}\.[^\s<>()\[\],;:\"'|@.&]+)")
_UNIT = r"(?:minutes|minute|mins|min|m)"
_LENGTH = re.compile(
    rf"(?<![^\s,;])(?<!\d[,;])(?:(?P<part>\d{{1,2}}[.,](?:25|5|50|75))\s?(?:hours|hour|hrs|hr|h)"
    rf"|(?P<hours>\d{{1,2}})\s?(?:hours|hour|hrs|hr|h)(?:(?P<rest>\d{{1,2}}){_UNIT}?|\s(?P<more>\d{{1,2}})\s?{_UNIT})?"
    rf"|(?P<minutes>\d{{1,3}})\s?{_UNIT})(?![^\s,;.])",
    re.IGNORECASE,
)
_DASHES = frozenset({"-", "\u2013", "\u2014", "|"})
_AROUND = {"(": ")", "[": "]", "<": ">", "&lt;": "&gt;", '"': '"', "'": "'"}


def parse_command(text: str) -> Prefill:
    """Read the text of a slash command or a button that repeats it."""
    members = tuple(dict.fromkeys(_MEMBER.findall(text)))
    rest = _MEMBER.sub(" ", text)
    mail, rest = _take_mail(rest)
    for found in _LENGTH.finditer(rest):
        minutes = _minutes(found)
        if SHORTEST <= minutes <= LONGEST:
            name, subject = rest[: found.start()], rest[found.end() :]
            return Prefill(name=_tidy(name), email=mail, subject=_tidy(subject), minutes=minutes, members=members)
    name, _, subject = rest.partition(",")
    if not _tidy(name):
        name, subject = subject, ""
    return Prefill(name=_tidy(name), email=mail, subject=_tidy(subject), members=members)


def _take_mail(text: str) -> tuple[str, str]:
    """The first address and the text without it; further addresses stay in sight as words."""
    start, end, address = find_mail(text)
    if not address:
        return "", text
    before, after = unwrapped(text[:start], text[end:])
    return address, MAIL_LINK.sub(r"\1", f"{before} {after}")


def find_mail(text: str) -> tuple[int, int, str]:
    """Where the first address stands, and the address; Slack's own links count before words that look like one."""
    found = MAIL_LINK.search(text) or MAIL.search(text)
    if found is None:
        return 0, 0, ""
    return *found.span(), found.group(1).rstrip(".")


def unwrapped(before: str, after: str) -> tuple[str, str]:
    """What stands around an address, without the pair of brackets or quotes that holds nothing else."""
    for left, right in _AROUND.items():
        if before.endswith(left) and after.startswith(right):
            return before[: -len(left)], after[len(right) :]
    return before, after


def _minutes(found: re.Match[str]) -> int:
    if found["part"]:
        return round(float(found["part"].replace(",", ".")) * 60)
    if found["minutes"]:
        return int(found["minutes"])
    return int(found["hours"]) * 60 + int(found["rest"] or found["more"] or 0)


def _tidy(words: str) -> str:
    """One line; separators left hanging at the ends by what was taken out go, quotes and brackets stay."""
    parts = " ".join(readable(words).split()).strip(" ,;").split(" ")
    first = next((at for at, part in enumerate(parts) if part not in _DASHES), len(parts))
    last = next((at for at in range(len(parts), first, -1) if parts[at - 1] not in _DASHES), first)
    return " ".join(parts[first:last]).strip(" ,;")
