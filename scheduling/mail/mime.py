"""A letter as the bytes that go over the wire (RFC 5322, 2045, 6047).

With a calendar part: multipart/mixed of [multipart/alternative of text, HTML and text/calendar last] and the same
calendar bytes as the file invite.ics: Gmail and Outlook act on the alternative, older clients on the file.
Everything is 7-bit, so no server has a reason to rewrite it.
"""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from scheduling.errors import MailRefused
from scheduling.mail.letter import Letter
from scheduling.mail.text import clean_header, shorten

_NAME_LIMIT = 60
_SUBJECT_LIMIT = 200


def to_bytes(letter: Letter) -> bytes:
    """The complete message. Raises MailRefused("address") for an address that cannot stand in a header."""
    return to_message(letter).as_bytes()


def to_message(letter: Letter) -> EmailMessage:
    needs_utf8 = not letter.to_address.isascii()
    message = EmailMessage(policy=SMTPUTF8 if needs_utf8 else SMTP)
    message["From"] = _address(letter.from_name, letter.from_address)
    message["To"] = _address(letter.to_name, letter.to_address)
    # A reply address that only SMTPUTF8 servers could carry must not keep the mail from anybody else.
    if letter.reply_to and (letter.reply_to[1].isascii() or needs_utf8):
        message["Reply-To"] = _address(*letter.reply_to)
    message["Subject"] = shorten(clean_header(letter.subject), _SUBJECT_LIMIT)
    message["Date"] = letter.date
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # MS-OXCMAIL
    message["X-Booking-Ref"] = clean_header(letter.tracking_id)
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    if letter.calendar is not None and letter.method is not None:
        message.add_alternative(
            letter.calendar, "text", "calendar", cte="base64", params={"charset": "utf-8", "method": letter.method}
        )
        message.add_attachment(
            letter.calendar, "application", "ics", filename="invite.ics", params={"name": "invite.ics"}
        )
    return message


def _address(name: str, address: str) -> Address:
    """Built from parts, never from text: in text a comma would make a second recipient."""
    local_part, _, domain = address.rpartition("@")
    try:
        return Address(display_name=shorten(clean_header(name), _NAME_LIMIT), username=local_part, domain=domain)
    except ValueError as error:
        raise MailRefused("address") from error
