"""Who gets which mail about a booked meeting, and each of those mails rendered. Pure: no clock, no network, no rows.

The words are in templates/email; this file decides which facts a reader may see. Two rules are kept here and nowhere
else: a customer who is not on the event learns the description by no mail, and the team note goes to the team alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from babel.lists import format_list
from babel.units import format_unit

from scheduling.domain import Booking, ConferencingKind, InviteMode, Person, ShownZone
from scheduling.mail import itip, templates
from scheduling.mail.letter import Letter, LetterKind, ManageLinks, Method, Sender, message_id
from scheduling.mail.text import can_be_mailed, clean_block, clean_line, same_mailbox, shorten, wire_address
from scheduling.mail.times import LOCALE, same_clock, when

__all__ = [
    "Letter",
    "LetterKind",
    "ManageLinks",
    "Method",
    "Sender",
    "customer_confirmation",
    "customer_invitation",
    "event_description",
    "letters_for",
    "rep_receipt",
    "team_notice",
]

_TITLE_IN_SUBJECT = 78


@dataclass(frozen=True, slots=True)
class _Recipient:
    name: str
    address: str
    zone: str


def letters_for(
    booking: Booking,
    sender: Sender,
    now: datetime,
    *,
    invited_by_provider: Collection[str] | None = None,
    manage_links: ManageLinks | None = None,
) -> tuple[Letter, ...]:
    """Every mail that a newly booked meeting causes: the customer's first, then the rep's, then the team's.

    `invited_by_provider` holds the user ids of members whom the calendar provider invites itself; by default all of
    them in provider mode and none in bot mode. The others get our REQUEST. Colleagues without an address that mail can
    reach get no mail; for the customer that raises MailRefused("address"). One address gets one mail: a member who is
    also the customer gets the team's. Only a rep who booked themself as the customer gets the receipt and what a
    customer gets.
    """
    if invited_by_provider is None:
        provider_invites = booking.invite_mode is InviteMode.PROVIDER
        invited_by_provider = {p.user_id for p in booking.members} if provider_invites else ()
    members = _members_with_mail(booking)
    letters: list[Letter] = []
    if not any(same_mailbox(booking.customer.email, member.email) for member in members):
        letters += _customer_letters(booking, sender, now, manage_links)
    if can_be_mailed(booking.organizer.email):
        letters.append(rep_receipt(booking, sender, now))
    letters += [
        team_notice(booking, sender, now, member, invite=member.user_id not in invited_by_provider)
        for member in members
    ]
    return tuple(letters)


def _customer_letters(
    booking: Booking, sender: Sender, now: datetime, manage_links: ManageLinks | None
) -> tuple[Letter, ...]:
    """By the two toggles (product 11b): our mail is the invitation only where nobody else invites."""
    if booking.form.by_mail:
        return (customer_confirmation(booking, sender, now, manage_links=manage_links),)
    if booking.form.on_event and booking.invite_mode is InviteMode.BOT:
        return (customer_invitation(booking, sender, now, manage_links=manage_links),)
    return ()


def _members_with_mail(booking: Booking) -> tuple[Person, ...]:
    """The members besides the rep (N5), each mailbox once."""
    chosen: list[Person] = []
    for member in booking.team[1:]:
        known = [booking.organizer.email, *(p.email for p in chosen)]
        if can_be_mailed(member.email) and not any(same_mailbox(member.email, address) for address in known):
            chosen.append(member)
    return tuple(chosen)


# --- the letters ------------------------------------------------------------------------------------------------


def customer_confirmation(
    booking: Booking, sender: Sender, now: datetime, *, manage_links: ManageLinks | None = None
) -> Letter:
    """To the customer: everything about the meeting; in bot mode, when they are on the event, also the invitation."""
    invites = booking.form.on_event and booking.invite_mode is InviteMode.BOT
    return _to_customer(LetterKind.CUSTOMER_CONFIRMATION, booking, sender, now, manage_links, invites=invites)


def customer_invitation(
    booking: Booking, sender: Sender, now: datetime, *, manage_links: ManageLinks | None = None
) -> Letter:
    """To the customer when no confirmation is wanted but our mail is the only invitation: short, with the REQUEST."""
    return _to_customer(LetterKind.CUSTOMER_INVITATION, booking, sender, now, manage_links, invites=True)


def rep_receipt(booking: Booking, sender: Sender, now: datetime) -> Letter:
    """To the rep: what was booked and what the customer receives. No calendar part, the event is in their calendar."""
    rep = booking.organizer
    words = _team_words(booking, rep)
    recipient = _Recipient(_name(rep), rep.email, rep.zone)
    return _letter(LetterKind.REP_RECEIPT, booking, sender, now, recipient, words, from_name=sender.name)


def team_notice(booking: Booking, sender: Sender, now: datetime, member: Person, *, invite: bool) -> Letter:
    """To an assigned member; with our REQUEST when nobody else can put the meeting into their calendar."""
    words = _team_words(booking, member) | {"invites": invite}
    recipient = _Recipient(_name(member), member.email, member.zone)
    return _letter(
        LetterKind.TEAM_NOTICE, booking, sender, now, recipient, words, description=event_description(booking)
    )


def _to_customer(
    kind: LetterKind,
    booking: Booking,
    sender: Sender,
    now: datetime,
    manage_links: ManageLinks | None,
    *,
    invites: bool,
) -> Letter:
    customer, rep = booking.customer, booking.organizer
    on_event = booking.form.on_event
    shown = booking.customer_zone
    words = _facts(booking) | {
        "when": when(booking.interval, shown),
        "other": None if same_clock(booking.interval, shown, rep.zone) else when(booking.interval, rep.zone),
        "zone_assumed": _zone_is_assumed(booking),
        "on_event": on_event,
        "description": clean_block(booking.form.description) if booking.described_to_customer else "",
        "invites": invites,
        "manage_links": manage_links,
    }
    recipient = _Recipient(clean_line(customer.name), customer.email, shown)
    description = event_description(booking, manage_links=manage_links) if on_event else ""
    return _letter(kind, booking, sender, now, recipient, words, description=description)


def _letter(
    kind: LetterKind,
    booking: Booking,
    sender: Sender,
    now: datetime,
    recipient: _Recipient,
    words: Mapping[str, object],
    *,
    description: str = "",
    from_name: str | None = None,
) -> Letter:
    """Render one mail. `description` is what the calendar part says, if there is one."""
    words = {**words, "recipient": recipient, "sender": sender}
    words["mail_subject"] = subject = templates.subject(kind, words)
    invitee = itip.Invitee(recipient.name, recipient.address)
    calendar = itip.request(booking, invitee, sender, description, now) if words.get("invites") else None
    return Letter(
        kind=kind,
        from_name=from_name or f"{shorten(_name(booking.organizer), 40)} via {sender.name}",
        from_address=wire_address(sender.address),
        to_name=recipient.name,
        to_address=wire_address(recipient.address),
        reply_to=_reply_to(booking) if from_name is None else None,
        subject=subject,
        text=templates.text(kind, words),
        html=templates.html(kind, words),
        calendar=calendar,
        method=None if calendar is None else "REQUEST",
        message_id=message_id(booking, kind, recipient.address, sender),
        date=now,
        tracking_id=booking.tracking_id,
    )


# --- the facts --------------------------------------------------------------------------------------------------


def event_description(booking: Booking, *, manage_links: ManageLinks | None = None) -> str:
    """The complete plain text for an event's DESCRIPTION: Outlook shows it instead of the mail. No team note."""
    description = clean_block(booking.form.description) if booking.form.settings.description_on_event else ""
    facts = _facts(booking) | {"description": description, "manage_links": manage_links}
    return templates.event_description(facts)


def _facts(booking: Booking) -> dict[str, object]:
    """What every reader may know. The description is not among it, the team note least of all."""
    form, rep = booking.form, booking.organizer
    hosts = booking.hosts or (rep,)
    title = clean_line(form.subject)
    meeting_type = clean_line(form.meeting_type.replace("_", " "))
    typed = clean_block(form.conferencing_text) if form.conferencing is ConferencingKind.CUSTOM else ""
    link = itip.join_link(booking)
    other_words = "\n".join(line for line in typed.split("\n") if line.strip() != link).strip()
    return {
        "title": title,
        "short_title": shorten(title, _TITLE_IN_SUBJECT),
        "customer": clean_line(booking.customer.name) or booking.customer.email,
        "rep": _name(rep),
        "replies_reach_rep": _reply_to(booking) is not None,
        "lead": _name(hosts[0]),
        "hosts": format_list([_name(host) for host in hosts], locale=LOCALE),
        "rep_attends": rep in hosts,
        "duration": _duration(booking),
        "meeting_type": meeting_type[:1].upper() + meeting_type[1:],
        "place": clean_line(form.location),
        "rooms": format_list([clean_line(room.name) for room in booking.rooms], locale=LOCALE),
        "room_count": len(booking.rooms),
        "join_link": link,
        "join_text": other_words,
        "tracking_id": clean_line(booking.tracking_id),
        "is_update": booking.version > 1,
    }


def _team_words(booking: Booking, reader: Person) -> dict[str, object]:
    """What only colleagues may know, in the reader's own zone first."""
    form, shown = booking.form, booking.customer_zone
    return _facts(booking) | {
        "when": when(booking.interval, reader.zone),
        "other": None if same_clock(booking.interval, shown, reader.zone) else when(booking.interval, shown),
        "zone_assumed": _zone_is_assumed(booking),
        "customer_address": clean_line(booking.customer.email),
        "description": clean_block(form.description),
        "team_note": clean_block(form.team_note),
        "reader_is_rep": reader == booking.organizer,
        "obstacles": [clean_line(words) for words in form.obstacles],
        "on_event": form.on_event,
        "by_mail": form.by_mail,
        "provider_invites": booking.invite_mode is InviteMode.PROVIDER,
        "invites": False,
    }


def _zone_is_assumed(booking: Booking) -> bool:
    """Whether the customer's clock stands for one that nobody knows; a zone chosen for the mail is no guess."""
    return booking.customer.zone is None and booking.form.settings.shown_zone == ShownZone.CUSTOMER


def _reply_to(booking: Booking) -> tuple[str, str] | None:
    """The rep, unless only SMTPUTF8 servers could carry their address: that must not keep the mail from anybody."""
    rep = booking.organizer
    if not can_be_mailed(rep.email) or not wire_address(rep.email).isascii():
        return None
    return _name(rep), wire_address(rep.email)


def _name(person: Person) -> str:
    return clean_line(person.name) or person.email.partition("@")[0]


def _duration(booking: Booking) -> str:
    hours, minutes = divmod(round(booking.interval.duration.total_seconds() / 60), 60)
    parts = [format_unit(count, unit, locale=LOCALE) for count, unit in ((hours, "hour"), (minutes, "minute")) if count]
    return " ".join(parts)
