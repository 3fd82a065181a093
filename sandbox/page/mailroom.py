"""The mailbox tab: delivered mails as JSON, and a mail's HTML as a document that can do nothing but be looked at."""

import re
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from sandbox.mailbox import Received

Json = dict[str, Any]
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_EMPTY = "<!doctype html><title>No HTML</title><p>This mail has no HTML part.</p>"


def summary(number: int, mail: Received, zone: ZoneInfo) -> Json:
    """A line of the list; its date in `zone`, the viewer's."""
    dated = mail.message["Date"]
    return {
        "n": number,
        "at": f"{dated.datetime.astimezone(zone):%a %d %b, %H:%M %Z}" if dated else "no date",
        "to": ", ".join(mail.recipients),
        "from": str(mail.message["From"] or mail.sender),
        "subject": str(mail.message["Subject"] or "(no subject)"),
        "invite": _calendar_part(mail.message) is not None,
    }


def opened(number: int, mail: Received, zone: ZoneInfo) -> Json:
    """The whole mail; times of an invitation in `zone`, the viewer's."""
    plain = mail.message.get_body(("plain",))
    part = _calendar_part(mail.message)
    return {
        **summary(number, mail, zone),
        "headers": [[name, str(value)] for name, value in mail.message.items()],
        "envelope": [["MAIL FROM", mail.sender], *(["RCPT TO", to] for to in mail.recipients)],
        "parts": [p.get_content_type() for p in mail.message.walk() if not p.is_multipart()],
        "text": plain.get_content() if plain else "",
        "invite_rows": invitation(part, zone) if part is not None else [],
        "raw": mail.raw.decode(errors="replace"),
    }


def html_of(mail: Received) -> str:
    """The HTML part; its links open in a new tab."""
    body = mail.message.get_body(("html",))
    if body is None:
        return _EMPTY
    source: str = body.get_content()
    return re.sub(r"(<head[^>]*>)", r'\1<base target="_blank">', source, count=1, flags=re.IGNORECASE)


def _calendar_part(message: EmailMessage) -> str | None:
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            content = part.get_content()
            return content if isinstance(content, str) else content.decode(errors="replace")
    return None


def invitation(source: str, zone: ZoneInfo) -> list[list[str]]:
    """An invitation as a table: what a mail program would read out of it."""
    calendar = Calendar.from_ical(source)
    rows = [["Method", str(calendar.get("method", "none"))]]
    for event in calendar.walk("VEVENT"):
        rows += [
            ["Subject", str(event.get("summary", ""))],
            ["Starts", _moment(event.get("dtstart"), zone)],
            ["Ends", _moment(event.get("dtend"), zone)],
            ["Organizer", _who(event.get("organizer"))],
        ]
        attendees = event.get("attendee", [])
        rows += [["Attendee", _who(each)] for each in (attendees if isinstance(attendees, list) else [attendees])]
        for label in ("Location", "Description", "Status", "Sequence", "UID"):
            if event.get(label) is not None:
                rows.append([label, str(event.get(label))])
    return rows


def _moment(value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 - icalendar's property
    if value is None:
        return "not said"
    moment = value.dt
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return f"{moment}"
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M %Z} · in the file {moment:%Y-%m-%d %H:%M %Z}"


def _who(value: Any) -> str:  # noqa: ANN401 - icalendar's property
    if value is None:
        return "nobody"
    address = re.sub(r"(?i)^mailto:", "", str(value))
    name = value.params.get("CN", "")
    answer = value.params.get("PARTSTAT", "")
    return " · ".join(part for part in (f"{name} <{address}>" if name else address, answer.lower()) if part)
