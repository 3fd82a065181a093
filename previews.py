"""Every mail, rendered for a made-up meeting and written to files: what an editor of the templates looks at."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scheduling.domain import Booking, BookingState, ConferencingKind, Customer, Form, Interval, Person
from scheduling.mail.letter import Letter, Sender
from scheduling.mail.letters import customer_invitation, letters_for
from scheduling.mail.mime import to_bytes

SENDER = Sender("meetings@example.com", "Schedule For")
MADE_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def write_previews(folder: Path) -> Iterator[Path]:
    """Write `.html`, `.txt` and `.eml` per kind of mail; yields each path as it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    booking = made_up_booking()
    letters = (*letters_for(booking, SENDER, MADE_AT), customer_invitation(booking, SENDER, MADE_AT))
    for letter in letters:
        for ending, content in _files(letter):
            path = folder / f"{letter.kind.value}.{ending}"
            path.write_bytes(content)
            yield path


def _files(letter: Letter) -> Iterator[tuple[str, bytes]]:
    yield "html", letter.html.encode()
    yield "txt", f"Subject: {letter.subject}\n\n{letter.text}".encode()
    yield "eml", to_bytes(letter)


def made_up_booking() -> Booking:
    """A meeting that fills every line a template has."""
    rep = Person("T1", "U1", "Dana Reyes", "dana@example.com", "Europe/Berlin")
    colleague = Person("T1", "U2", "Priya Nair", "priya@example.com", "Asia/Kolkata")
    customer = Customer(name="Acme Buyer", email="buyer@acme.example", zone="America/Chicago")
    form = Form(
        customer=customer,
        subject="Pricing call",
        minutes=30,
        members=(rep.user_id, colleague.user_id),
        description="We go through the offer and answer questions.",
        team_note="They compare us with two others.",
        conferencing=ConferencingKind.CUSTOM,
        conferencing_text="https://meet.example.com/pricing",
        meeting_type="video",
        slot=START,
        obstacles=("Priya Nair: Team sync",),
    )
    return Booking(
        id="b1",
        team_id="T1",
        tracking_id="M-7K2Q9",
        draft_id="d1",
        version=1,
        sequence=0,
        generation=1,
        state=BookingState.CONFIRMED,
        interval=Interval(START, START + timedelta(minutes=form.minutes)),
        organizer=rep,
        members=(rep, colleague),
        customer=customer,
        form=form,
        uid="preview@example.com",
        created_at=MADE_AT,
    )
