"""What people typed, made safe to stand in a header, a mail body or a calendar part.

Nothing here knows HTML (Jinja2 escapes) or iCalendar (icalendar escapes); it removes what no mail may carry at all:
control characters, bidirectional overrides, lone surrogates. It also finds the link in what a rep typed.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from scheduling.errors import MailRefused

_ZWJ = "\u200d"
_BREAKS = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Embeddings, overrides and isolates can reorder what stands around them; plain marks (LRM, RLM, ALM) cannot.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINK = re.compile(r"https?://[^\s<>\"'`\\{}|^]{1,2000}", re.IGNORECASE)


def clean_block(text: str) -> str:
    """Text of several lines: every kind of line break becomes \\n, tabs stay, controls and overrides go."""
    text = _BREAKS.sub("\n", text)
    return _BIDI.sub("", _CONTROLS.sub("", text)).strip("\n")


def clean_line(text: str) -> str:
    """Text of one line: line breaks and runs of white space become one space."""
    return " ".join(clean_block(text).split())


def clean_header(text: str) -> str:
    """A header value: one line in which nothing can be read as an RFC 2047 encoded word."""
    return clean_line(text).replace("=?", "= ?")


def graphemes(text: str) -> Iterator[str]:
    """What people see as single characters: marks, joined emoji, skin tones and flags stay together.

    The part of Unicode's rules (UAX 29) that a cut may not break; Hangul and Indic clusters of several letters may
    be cut between letters, never before a mark.
    """
    cluster = ""
    for char in text:
        if cluster and _joins(cluster, char):
            cluster += char
            continue
        if cluster:
            yield cluster
        cluster = char
    if cluster:
        yield cluster


def _joins(cluster: str, char: str) -> bool:
    if unicodedata.category(char) in ("Mn", "Me", "Mc") or char == _ZWJ or "\U0001f3fb" <= char <= "\U0001f3ff":
        return True
    if "\U000e0020" <= char <= "\U000e007f":  # tags: the flags of Scotland, Wales, England
        return True
    if cluster.endswith(_ZWJ):
        return True
    flags = [c for c in cluster if "\U0001f1e6" <= c <= "\U0001f1ff"]
    return "\U0001f1e6" <= char <= "\U0001f1ff" and len(flags) == len(cluster) == 1


def shorten(text: str, limit: int) -> str:
    """At most `limit` visible characters, the last one an ellipsis when something was cut off.

    Also at most eight times as many code points (an emoji family has seven), so that a letter under thousands of marks
    does not fill a header.
    """
    kept: list[str] = []
    points = 0
    for cluster in graphemes(text):
        points += len(cluster)
        if len(kept) == limit or points > 8 * limit:
            if len(kept) == limit:
                kept.pop()
            return "".join(kept).rstrip() + "…"
        kept.append(cluster)
    return text


def link_in(text: str) -> str | None:
    """The first http(s) link in `text` that may stand behind a button, or None.

    Links with a user part are left out: they exist to look like another site.
    """
    for match in _LINK.finditer(clean_block(text)):
        link = match.group().rstrip(".,;:!?)]")
        try:
            parts = urlsplit(link)
            parts.port  # noqa: B018 - reading it validates it
        except ValueError:
            continue
        if parts.hostname and parts.username is None and parts.password is None:
            return link
    return None


def wire_address(address: str) -> str:
    """`address` as it goes over the wire: the domain in its ASCII form (IDNA 2008), the local part untouched.

    Raises MailRefused("address") for anything that is not exactly one plain address.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or not domain or re.search('[\x00-\x20\x7f-\xa0<>,;:"()\\[\\]\\\\@]', local + domain):
        raise MailRefused("address")
    if domain.isascii():
        return f"{local}@{domain.lower()}"
    try:
        return f"{local}@{validate_email(f'x@{domain}', check_deliverability=False).ascii_domain}"
    except EmailNotValidError:
        raise MailRefused("address") from None


def can_be_mailed(address: str) -> bool:
    """Whether `wire_address` would take it."""
    try:
        wire_address(address)
    except MailRefused:
        return False
    return True


def same_mailbox(one: str, other: str) -> bool:
    """Whether two addresses reach the same person in practice: letter case and the domain's spelling do not count."""
    try:
        return wire_address(one).casefold() == wire_address(other).casefold()
    except MailRefused:
        return False
