"""Office 365 through Microsoft Graph v1.0: plain HTTP over the door to the outside. Translates and classifies only.

Reference: learn.microsoft.com/graph/api/resources/calendar-overview. One account's own time comes with details from
calendarView, that of others from getSchedule. Graph invites every attendee by itself.
"""

import json
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from scheduling.calendars.base import (
    Account,
    Availability,
    CalendarInfo,
    CalendarRef,
    Capabilities,
    Deadline,
    EventSpec,
    EventState,
    RoomInfo,
    SendsInvitations,
)
from scheduling.calendars.graph.busy import BusyReader
from scheduling.calendars.graph.errors import sign_in_error
from scheduling.calendars.graph.events import EventBook
from scheduling.calendars.graph.http import Gate, GraphSession, Json
from scheduling.calendars.graph.sign_in import PERSONAL, SCOPES, AccountTokens, SignIns
from scheduling.calendars.http import Http
from scheduling.calendars.systems import KeepSecret, Secret, SignIn
from scheduling.domain import EventRef, Interval
from scheduling.errors import AccessDenied, AuthExpired, CalendarError, ConsentMissing, EventMissing, Unsupported

TEAMS = "Microsoft Teams"
BEGIN_SECONDS = 8.0

WORK = Capabilities(
    others_free_busy=True,
    titles_of_others=True,
    rooms=True,
    native_conference=TEAMS,
    sends_invitations=SendsInvitations.ALWAYS,
    max_refs_per_call=20,
    max_window=timedelta(days=61),
)
PRIVATE = Capabilities(sends_invitations=SendsInvitations.ALWAYS, max_window=timedelta(days=366))
"""Personal accounts: getSchedule, rooms and Teams are for organizations."""


class GraphCalendar:
    """One connected Microsoft account."""

    provider = "microsoft"

    def __init__(self, session: GraphSession, *, personal: bool = False) -> None:
        self.capabilities = PRIVATE if personal else WORK
        self._session = session
        self._busy = BusyReader(session, reads_others=not personal)
        self._events = EventBook(session, self._allows_teams)

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        """See CalendarProvider. Outlook's free/busy is that of the default calendar."""
        items = [item for item in self._session.pages("/me/calendars?$top=100", deadline) if item.get("id")]
        default = self._default_of(items, deadline)
        found = [
            CalendarInfo(
                id=str(item["id"]),
                name=str(item.get("name") or ""),
                zone=None,
                writable=item.get("canEdit") is True,
                primary=item["id"] == default,
                counts_as_busy=item["id"] == default,
            )
            for item in items
        ]
        return tuple(sorted(found, key=lambda calendar: not calendar.primary))

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        """See CalendarProvider; raises Unsupported without Place.Read.All, which an administrator grants."""
        if not self.capabilities.rooms:
            raise Unsupported("rooms")
        try:
            places = list(self._session.pages("/places/microsoft.graph.room?$top=100", deadline))
        except AccessDenied as error:
            raise Unsupported("rooms_consent") from error
        return tuple(
            RoomInfo(str(place["emailAddress"]), str(place.get("displayName") or place["emailAddress"]))
            for place in places
            if place.get("emailAddress")
        )

    def availability(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, *, default_zone: str
    ) -> tuple[Availability, ...]:
        """See CalendarProvider."""
        return self._busy.read(refs, window, deadline, default_zone)

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider. The UID is Microsoft's own choice."""
        return self._events.create(spec, deadline)

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        """See CalendarProvider."""
        return self._events.find(spec, deadline)

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        """See CalendarProvider. A Teams link that came late is in the state's ref."""
        return self._events.get(ref, deadline)

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        """See CalendarProvider. Only what changed is sent: then only those are told whom it concerns."""
        return self._events.update(ref, spec, deadline)

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """See CalendarProvider. `message` reaches the attendees with Microsoft's cancellation."""
        self._events.cancel(ref, message, deadline)

    def owner(self, deadline: Deadline) -> str:
        """The address of whom the account's own calendar belongs to, empty where that is not told."""
        try:
            found = self._session.read("/me/calendar?$select=id,owner", deadline).get("owner")
        except CalendarError:
            return ""
        return str(found.get("address") or "") if isinstance(found, Mapping) else ""

    def _default_of(self, items: Sequence[Json], deadline: Deadline) -> object:
        """The id of the account's own calendar; asked for where the list does not mark it."""
        marked = next((item["id"] for item in items if item.get("isDefaultCalendar") is True), None)
        if marked is not None or not items:
            return marked
        return self._session.read("/me/calendar?$select=id", deadline).get("id")

    def _allows_teams(self, calendar_id: str, deadline: Deadline) -> bool:
        if self.capabilities.native_conference is None:
            return False
        for item in self._session.pages("/me/calendars?$top=100", deadline):
            if item.get("id") == calendar_id or (not calendar_id and item.get("isDefaultCalendar") is True):
                allowed = item.get("allowedOnlineMeetingProviders")
                return allowed is None or (isinstance(allowed, list) and "teamsForBusiness" in allowed)
        return False


class MicrosoftSystem:
    """Microsoft accounts, signed in to at the operator's application."""

    provider = "microsoft"

    def __init__(
        self,
        http: Http,
        client_id: str,
        client_secret: str,
        authority: str,
        graph_url: str,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`http` reaches the two addresses; `graph_url` ends in /v1.0; `pause` sleeps."""
        self._http = http
        self._graph_url = graph_url.rstrip("/")
        self._sign_ins = SignIns(http, client_id, client_secret, authority)
        self._pause = pause
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}
        self._tokens: weakref.WeakValueDictionary[str, AccountTokens] = weakref.WeakValueDictionary()

    def begin(self, redirect_uri: str, state: str, login_hint: str | None) -> SignIn:
        """See OAuthSystem."""
        app = self._sign_ins.app(self._sign_ins.cache(), Deadline.after(BEGIN_SECONDS))
        flow = app.initiate_auth_code_flow(
            list(SCOPES),
            redirect_uri=redirect_uri,
            state=state,
            response_mode="form_post",
            prompt="select_account",
            login_hint=login_hint,
        )
        return SignIn(self._sign_ins.public(flow.pop("auth_uri")), {"msal": json.dumps(flow)})

    def finish(
        self, flow: Mapping[str, str], params: Mapping[str, str], redirect_uri: str, deadline: Deadline
    ) -> Account:
        """See OAuthSystem. Refused("use_exchange") means that the mailbox is not in Microsoft's cloud."""
        kept: dict[str, Any] = json.loads(flow["msal"])
        cache = self._sign_ins.cache()
        app = self._sign_ins.app(cache, deadline)
        try:
            result = app.acquire_token_by_auth_code_flow(kept, dict(params))
        except (ValueError, KeyError, TypeError) as error:  # another state, or no code
            raise AuthExpired("state") from error
        except RuntimeError as error:  # an identity for another sign-in: the nonce is not ours
            raise AuthExpired("identity") from error
        if not isinstance(result, Mapping) or not isinstance(result.get("access_token"), str):
            raise sign_in_error(result, lambda: self._sign_ins.admin_consent_url(redirect_uri))
        if not _covers(str(result.get("scope", " ".join(SCOPES)))):  # unsaid means as asked (RFC 6749 §5.1)
            raise ConsentMissing("scope", missing=("events",))
        accounts = app.get_accounts()
        if len(accounts) != 1:
            raise AuthExpired("identity")
        claims = result.get("id_token_claims")
        claims = claims if isinstance(claims, Mapping) else {}
        if not json.loads(cache.serialize()).get("RefreshToken"):
            raise ConsentMissing("offline", missing=("offline",))
        address = str(claims.get("preferred_username") or claims.get("email") or accounts[0].get("username") or "")
        secret = {
            "id": secrets.token_hex(16),
            "account": accounts[0]["home_account_id"],
            "tenant": str(claims.get("tid") or ""),
            "user": address,
            "cache": cache.serialize(),
            "version": str(time.time_ns()),
        }
        newest: list[Secret] = [secret]
        opened = self.open(secret, newest.append)
        calendars = opened.list_calendars(deadline)
        if not calendars:
            raise EventMissing("no_calendar")
        account_id = address or secret["account"]
        return Account(
            self.provider, account_id, address or opened.owner(deadline) or account_id, newest[-1], calendars
        )

    def open(self, secret: Secret, keep: KeepSecret) -> GraphCalendar:
        """See CalendarSystem."""
        with self._lock:
            tokens = self._tokens.get(secret["id"])
            if tokens is None:
                tokens = self._tokens[secret["id"]] = AccountTokens(self._sign_ins, secret)
            gate = self._gates.setdefault(secret["tenant"], Gate())
        tokens.learn(secret)
        session = GraphSession(self._http, self._graph_url, _Kept(tokens, keep), gate, self._pause)
        return GraphCalendar(session, personal=secret["tenant"] == PERSONAL)

    def revoke(self, secret: Secret, deadline: Deadline) -> None:
        """Microsoft has no call to give one grant back: forgetting the tokens is all there is.

        People remove the app at myapps.microsoft.com, administrators in Entra.
        """

    def check(self, deadline: Deadline) -> None:
        """Whether the authority answers. Raises CalendarError."""
        self._sign_ins.check(deadline)


class _Kept:
    """The tokens of an account together with the way to store them."""

    def __init__(self, tokens: AccountTokens, keep: KeepSecret) -> None:
        self._tokens = tokens
        self._keep = keep

    def get(self, deadline: Deadline, refused: str | None = None) -> str:
        return self._tokens.get(deadline, self._keep, refused)


def _covers(granted: str) -> bool:
    """Whether everything was granted that we asked for; scopes may come with their resource's address."""
    names = {scope.rpartition("/")[2].lower() for scope in granted.split()}
    return {scope.lower() for scope in SCOPES} <= names
