"""Links to meet by: made with the booking where that works, or later on the rep's request. Never a reason not to book.

`make_link` is the outbox kind behind the retry button of the notice (6a): it makes the link, puts it onto the event and
mails everybody the newer version.
"""

import logging
from dataclasses import replace

from scheduling.accounts import Accounts
from scheduling.calendars.base import CalendarProvider, Deadline
from scheduling.clock import Clock
from scheduling.conferencing import ConferenceSystem
from scheduling.domain import Booking, BookingState, Conference, ConferencingKind, ConnectionState
from scheduling.errors import AuthExpired, ConferenceError, ConferenceRefused, ConferenceUnavailable, OutsideError
from scheduling.event_spec import attended_by, event_spec
from scheduling.outbox import Done, Kind, Task
from scheduling.store import Session, Store, bookings, connections
from scheduling.telling import Telling, booking_of

log = logging.getLogger(__name__)

LINK_SECONDS = 8.0
"""What a conferencing system may take while the event waits for it."""

RETRY_SECONDS = 25.0


class Linking:
    """Makes conference links."""

    def __init__(
        self, store: Store, telling: Telling, accounts: Accounts, zoom: ConferenceSystem | None, clock: Clock
    ) -> None:
        self._store = store
        self._telling = telling
        self._accounts = accounts
        self._zoom = zoom
        self._clock = clock

    def kinds(self) -> tuple[Kind, ...]:
        return (Kind("make_link", self.make_link, give_up=self._no_link, max_attempts=3),)

    def with_conference(self, booking: Booking, deadline: Deadline) -> Booking:
        """A Zoom meeting where one is wanted, kept at once because Zoom knows no idempotency key.

        Without one the meeting is booked all the same; the rep is told and can have the link made later.
        """
        if booking.form.conferencing is not ConferencingKind.ZOOM or booking.conference:
            return booking
        try:
            return replace(booking, conference=self._create(booking, deadline.sooner(LINK_SECONDS)))
        except ConferenceError as error:
            log.warning("no conference link", extra={"booking": booking.id, "code": error.code})
            return booking

    def make_link(self, task: Task) -> Done:
        """The missing link of a booked meeting, put onto its event; then everybody gets the newer version by mail."""
        booking = self._store.read(lambda tx: booking_of(tx, task))
        if booking.state is not BookingState.CONFIRMED or booking.event is None or not booking.lacks_link:
            return Done()
        deadline = Deadline.after(RETRY_SECONDS)
        provider = self._provider(booking)
        linked = replace(booking, version=booking.version + 1, sequence=booking.sequence + 1)
        if booking.form.conferencing is ConferencingKind.ZOOM:
            linked = replace(linked, conference=booking.conference or self._create(booking, deadline))
            ref = provider.update_event(booking.event, event_spec(linked, provider.capabilities), deadline)
        else:
            ref = provider.get_event(booking.event, deadline).ref
        url = linked.conference.url if linked.conference else ref.join_url
        if not url:
            raise ConferenceUnavailable("no_link_yet")
        linked = replace(linked, event=ref.model_copy(update={"join_url": url}))
        letters = self._telling.letters(linked, attended_by(linked, event_spec(linked, provider.capabilities)))

        def commit(tx: Session) -> None:
            bookings.save(tx, linked)
            letters(tx)
            self._telling.linked(tx, linked)

        return Done(commit)

    def _no_link(self, tx: Session, task: Task, _error: OutsideError) -> None:
        """Still none: the notice says so again, with its button."""
        booking = booking_of(tx, task)
        self._telling.linked(tx, booking)

    def _create(self, booking: Booking, deadline: Deadline) -> Conference:
        if self._zoom is None:
            raise ConferenceRefused("not_configured")
        minutes = int(booking.interval.duration.total_seconds() // 60)
        made = self._zoom.create(
            booking.form.subject, booking.interval.start, minutes, booking.organizer.email, deadline
        )
        self._store.transact(lambda tx: bookings.save(tx, replace(booking, conference=made)))
        return made

    def _provider(self, booking: Booking) -> CalendarProvider:
        connection = self._store.read(lambda tx: connections.get(tx, booking.team_id, booking.connection_id))
        if connection is None or connection.state is not ConnectionState.OK:
            raise AuthExpired("disconnected")
        secret = self._store.read(lambda tx: connections.secret(tx, connection.team_id, connection.id))
        return self._accounts.open(connection, secret)
