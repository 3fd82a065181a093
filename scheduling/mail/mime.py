"""A letter as the bytes that go over the wire (RFC 5322, 2045, 6047).

With a calendar part: multipart/mixed of [multipart/alternative of text, HTML and text/calendar last] and the same
calendar bytes as the file invite.ics: Gmail and Outlook act on the alternative, older clients on the file.
Everything is 7-bit, so no server has a reason to rewrite it.
"""

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8, EmailPolicy

from scheduling.errors import MailRefused
from scheduling.mail.letter import Letter
from scheduling.mail.text import clean_header, shorten

_NAME_LIMIT = 60
_SUBJECT_LIMIT = 200


class _Folding(EmailPolicy):
    """Headers outside ASCII as one run of encoded words, and subjects folded between words.

    Python's own folding mixes plain and encoded text and then shows two blanks, or none, where the line was folded; a
    subject that would fit on one line of its own it puts there whole, which reads as a leading blank.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if value.isascii() and name.lower() != "subject":
            return super().fold_binary(name, value)
        if value.isascii():
            return f"{name}: {Header(value, 'us-ascii', 78, name).encode(linesep=self.linesep)}{self.linesep}".encode()
        people: tuple[Address, ...] = getattr(value, "addresses", ())  # headers are str with more to them
        if people:
            (person,) = people
            words = self._encoded(name, person.display_name) + f"{self.linesep} <{person.addr_spec}>"
        else:
            words = self._encoded(name, value)
        return f"{name}: {words}{self.linesep}".encode("ascii")

    def _encoded(self, name: str, words: str) -> str:
        return Header(words, "utf-8", header_name=name).encode(linesep=self.linesep)


_ASCII = _Folding(linesep="\r\n", max_line_length=78)


def to_bytes(letter: Letter) -> bytes:
    """The complete message. Raises MailRefused("address") for an address that cannot stand in a header."""
    return to_message(letter).as_bytes()


def to_message(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=_ASCII if letter.to_address.isascii() else SMTPUTF8)
    message["From"] = _address(letter.from_name, letter.from_address)
    message["To"] = _address(letter.to_name, letter.to_address)
    if letter.reply_to:
        message["Reply-To"] = _address(*letter.reply_to)
    message["Subject"] = shorten(clean_header(letter.subject), _SUBJECT_LIMIT)
    message["Date"] = letter.date
    message["Message-ID"] = letter.message_id
    if letter.references:
        message["In-Reply-To"] = letter.references[-1]
        message["References"] = " ".join(letter.references)
    # RFC 3834. Not on an invitation: a person sent it, and calendar servers (Xandikos) take no automatic ones.
    if letter.calendar is None:
        message["Auto-Submitted"] = "auto-generated"
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
