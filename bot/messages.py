"""`scheduling.ports.Notices` by the synchronous Slack client: sends what `cards` and `outcome` build."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot import cards
from bot.modals import connected
from bot.modals import outcome as outcome_screen
from bot.modals.blocks import View
from bot.slack_errors import call
from scheduling.domain import Booking, Connection, Draft, Person, Rep, Room, Screen, WorkspaceChoices
from scheduling.errors import NoticeRefused
from scheduling.ports import Outcome, Undone

_DEAD_CHANNEL = {"channel_not_found", "is_archived", "not_in_channel", "channel_type_not_supported"}


Links = Callable[[Rep], Mapping[str, str]]


def _no_links(_rep: Rep) -> Mapping[str, str]:
    return {}


class SlackNotices:
    """Called from the outbox; every method raises only NoticeError."""

    def __init__(self, client: WebClient, links: Links | None = None) -> None:
        """`links` makes fresh /connect addresses; without it the message about a lost calendar has a button only."""
        self._client = client
        self._links = links or _no_links

    def show_outcome(self, outcome: Outcome) -> None:
        """Replace the rep's open view; a view that was closed counts as told."""
        if not outcome.draft.view_id:
            return
        self._replace(outcome.draft.view_id, outcome_screen.build(outcome))

    def tell_member(self, booking: Booking, person: Person) -> None:
        self._post(person.user_id, cards.member_message(booking, person))

    def post_card(self, booking: Booking, channel: str, choices: WorkspaceChoices) -> None:
        """A channel that cannot be posted to must not swallow the card: then the rep gets it."""
        card = cards.channel_card(booking, choices)
        try:
            self._post(channel, card)
        except NoticeRefused as error:
            if error.code not in _DEAD_CHANNEL:
                raise
            self._post(booking.organizer.user_id, cards.undeliverable_card(card, channel, error.code))

    def tell_problem(self, outcome: Outcome) -> None:
        self._post(outcome.draft.user_id, cards.problem_message(outcome))

    def tell_connected(self, connection: Connection, draft: Draft | None) -> None:
        """The screen that asks for a calendar moves on; where it is not open any more, a message says so."""
        if draft is None or draft.screen is not Screen.TIMES or not self._moved_on(draft, connection):
            self._post(connection.user_id, cards.connected_message(connection))

    def _moved_on(self, draft: Draft, connection: Connection) -> bool:
        return bool(draft.view_id) and self._replace(str(draft.view_id), connected.build(draft, connection))

    def ask_reconnect(self, connection: Connection) -> None:
        links = self._links(Rep(connection.team_id, connection.user_id))
        self._post(connection.user_id, cards.reconnect_message(connection, links))

    def tell_undelivered(self, booking: Booking, address: str, code: str) -> None:
        self._post(booking.organizer.user_id, cards.undelivered_message(booking, address, code))

    def tell_room_declined(self, booking: Booking, room: Room, instead: tuple[Room, ...]) -> None:
        self._post(booking.organizer.user_id, cards.room_declined_message(booking, room, instead))

    def tell_room_changed(self, booking: Booking, left: str, taken: str) -> None:
        self._post(booking.organizer.user_id, cards.room_changed_message(booking, left, taken))

    def tell_link(self, booking: Booking) -> None:
        self._post(booking.organizer.user_id, cards.link_message(booking))

    def tell_undone(self, booking: Booking, what: Undone, name: str, code: str) -> None:
        self._post(booking.organizer.user_id, cards.undone_message(booking, what, name, code))

    def tell_overlap(self, booking: Booking, who: tuple[str, ...]) -> None:
        self._post(booking.organizer.user_id, cards.overlap_message(booking, who))

    def _replace(self, view_id: str, view: View) -> bool:
        """Whether the view was there to be replaced."""
        try:
            call(self._client.views_update, view_id=view_id, view=view)
        except NoticeRefused as error:
            if error.code != "not_found":
                raise
            return False
        return True

    def _post(self, channel: str, words: dict[str, Any]) -> None:
        """A user id as channel opens the DM."""
        call(self._client.chat_postMessage, channel=channel, unfurl_links=False, unfurl_media=False, **words)
