"""What one mail is, before it is bytes: a frozen letter, its sender, and how its Message-ID is made."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from hashlib import sha256
from typing import Literal, Self

from scheduling.domain import Booking
from scheduling.mail.text import clean_line, wire_address

Method = Literal["REQUEST", "CANCEL"]


class LetterKind(StrEnum):
    """The mails there are; each value is a folder under templates/email."""

    CUSTOMER_CONFIRMATION = "customer_confirmation"
    CUSTOMER_INVITATION = "customer_invitation"
    REP_RECEIPT = "rep_receipt"
    TEAM_NOTICE = "team_notice"


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose mailbox our mail comes from (MAIL_FROM). `name` is shown after "via"; it defaults to the domain."""

    address: str
    name: str

    @classmethod
    def parse(cls, mail_from: str) -> Self:
        """From `bot@bookings.example` or `Acme Meetings <bot@bookings.example>`; raises MailRefused("address")."""
        name, address = parseaddr(mail_from)
        address = wire_address(address)
        return cls(address=address, name=clean_line(name) or address.rpartition("@")[2])

    @property
    def domain(self) -> str:
        return wire_address(self.address).rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class ManageLinks:
    """The customer's own links to move or cancel the meeting."""

    reschedule: str
    cancel: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person, rendered. `calendar` is the iTIP part and `method` what it says; both or neither.

    Addresses are in wire form. `references` are the Message-IDs of earlier mails about the same booking.
    """

    kind: LetterKind
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    reply_to: tuple[str, str] | None
    subject: str
    text: str
    html: str
    calendar: bytes | None
    method: Method | None
    message_id: str
    date: datetime
    tracking_id: str
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.calendar is None) != (self.method is None):
            raise ValueError("a calendar part and its method come together")


def message_id(booking: Booking, kind: LetterKind, recipient: str, sender: Sender) -> str:
    """The same mail has the same Message-ID however often it is rendered, so that a repeated send can be recognised."""
    parts = (booking.id, str(booking.version), kind.value, wire_address(recipient))
    return f"<{sha256(chr(0).join(parts).encode()).hexdigest()[:40]}@{sender.domain}>"
