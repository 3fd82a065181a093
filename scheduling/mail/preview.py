"""Every mail with believable people in it, as files to look at: `python app.py preview-emails`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduling.domain import (
    Booking,
    BookingState,
    ConferencingKind,
    Customer,
    EventRef,
    Form,
    Interval,
    InviteMode,
    Person,
    Room,
)
from scheduling.mail.letters import Letter, ManageLinks, Sender, customer_confirmation, letters_for
from scheduling.mail.mime import to_bytes

_NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
_START = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
_DANA = Person("T0DEMO", "U0DANA", "Dana Reyes", "dana@bookings.example", "Europe/Berlin")
_PRIYA = Person("T0DEMO", "U0PRIYA", "Priya Nair", "priya@bookings.example", "Asia/Kolkata")
_SAM = Person("T0DEMO", "U0SAM", "Sam Okafor", "sam@bookings.example", "Europe/London")
_SENDER = Sender.parse("Bookings Example <meetings@bookings.example>")


def preview(folder: Path) -> list[Path]:
    """Write each mail as .html, .txt and .eml into `folder` (made if missing); returns the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for name, letter in samples().items() for path in _write(folder, name, letter)]


def samples() -> dict[str, Letter]:
    """Every mail there is, and the variants that look different, by file name."""
    both = {letter.kind.value: letter for letter in letters_for(_BOOKING, _SENDER, _NOW)}
    short = _with(on_event=True, by_mail=False)
    plain = _with(on_event=False, by_mail=True)
    assumed = replace(plain, customer=_BOOKING.customer.model_copy(update={"zone": None}))
    provider = replace(_BOOKING, invite_mode=InviteMode.PROVIDER)
    links = ManageLinks("https://bookings.example/m/sample-reschedule", "https://bookings.example/m/sample-cancel")
    return {
        **both,
        "customer_invitation": letters_for(short, _SENDER, _NOW)[0],
        "customer_confirmation_not_on_event": customer_confirmation(assumed, _SENDER, _NOW),
        "customer_confirmation_provider_invites": customer_confirmation(provider, _SENDER, _NOW, manage_links=links),
    }


def _with(*, on_event: bool, by_mail: bool) -> Booking:
    return replace(_BOOKING, form=_BOOKING.form.model_copy(update={"on_event": on_event, "by_mail": by_mail}))


def _write(folder: Path, name: str, letter: Letter) -> list[Path]:
    files = {
        folder / f"{name}.html": letter.html.encode(),
        folder / f"{name}.txt": f"Subject: {letter.subject}\n\n{letter.text}".encode(),
        folder / f"{name}.eml": to_bytes(letter),
    }
    for path, content in files.items():
        path.write_bytes(content)
    return list(files)


_BOOKING = Booking(
    id="sample-booking",
    team_id="T0DEMO",
    tracking_id="SF-4K7Q2",
    draft_id="sample-draft",
    version=1,
    sequence=0,
    generation=1,
    state=BookingState.CONFIRMED,
    interval=Interval(_START, _START + timedelta(minutes=45)),
    organizer=_DANA,
    members=(_DANA, _PRIYA, _SAM),
    customer=Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago"),
    form=Form(
        subject="Pricing call",
        minutes=45,
        description="Agenda:\n1. Volume tiers for 2027\n2. Onboarding of the Oslo team\n3. Next steps",
        team_note="Their budget closes on 4 December. Priya: please bring the migration numbers.",
        conferencing=ConferencingKind.CUSTOM,
        conferencing_text="https://meet.bookings.example/dana-reyes\nBy phone: +1 555 0100, code 4217",
        meeting_type="video",
        location="12 Harbour Street, 3rd floor",
        obstacles=("Sam Okafor: Team sync",),
    ),
    uid="sample-booking@bookings.example",
    event=EventRef(calendar_id="sample", event_id="sample", uid="sample-booking@bookings.example"),
    rooms=(Room(id="oslo", name="Oslo"),),
    created_at=_NOW,
)
