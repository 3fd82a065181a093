"""Google Calendar: signing in, and one connected account.

Google's libraries are imported with `transport` when the first call needs them, never before. Times are read
in `reading`, meanings are in `busy` and `events`, refusals in `errors`.
"""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

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
from scheduling.calendars.google import busy as times
from scheduling.calendars.google import events, reading, sign_in
from scheduling.calendars.google.session import GoogleSession
from scheduling.calendars.systems import KeepSecret, Secret, SignIn
from scheduling.clock import Clock, utc_now
from scheduling.domain import EventRef, Interval
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    Conflict,
    ConsentMissing,
    EventMissing,
    Refused,
    Unavailable,
)

if TYPE_CHECKING:
    from scheduling.calendars.google.transport import Google

API_URL = "https://www.googleapis.com/calendar/v3/"
AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

Json = Mapping[str, Any]


class GoogleSystem:
    """Google as the operator registered this app with it (an OAuth client of type web application).

    `api_url` ends in `/calendar/v3/`. `extra_ca` is a file of CA certificates trusted besides the usual ones.
    """

    provider = "google"

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        api_url: str = API_URL,
        auth_url: str = AUTH_URL,
        token_url: str = TOKEN_URL,
        *,
        extra_ca: Path | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._client = (client_id, client_secret)
        self._api_url = api_url.rstrip("/") + "/"
        self._auth_url = auth_url
        self._token_url = token_url
        self._extra_ca = extra_ca
        self._clock = clock
        self._grants = sign_in.Grants()
        self._lock = threading.Lock()
        self._google: Google | None = None

    @property
    def google(self) -> "Google":
        """The libraries, imported and set up when first asked for."""
        with self._lock:
            if self._google is None:
                from scheduling.calendars.google import transport as google_transport  # noqa: PLC0415 - half a second that no start pays

                directory = None if self._api_url == API_URL else urljoin(self._api_url, "/")
                self._google = google_transport.Google(self._api_url, directory, self._token_url, self._extra_ca)
            return self._google

    def begin(self, redirect_uri: str, state: str, login_hint: str | None) -> SignIn:
        return sign_in.begin(self._auth_url, self._client[0], redirect_uri, state, login_hint)

    def finish(
        self, flow: Mapping[str, str], params: Mapping[str, str], redirect_uri: str, deadline: Deadline
    ) -> Account:
        code = sign_in.code_of(params)
        tokens = sign_in.exchange(self.google, self._token_url, self._client, flow, code, redirect_uri, deadline)
        claims = self._claims(tokens.get("id_token"), flow)
        secret = {
            "access_token": tokens["access_token"],
            "refresh_token": tokens["refresh_token"],
            "expires_at": sign_in.expires_at(tokens, self._clock()),
            "scopes": " ".join(sorted(sign_in.scopes_of(tokens))),
            "sub": claims.get("sub", ""),
        }
        newest: list[Secret] = [secret]
        calendars = self.open(secret, newest.append).list_calendars(deadline)
        # The primary calendar goes by the account's address.
        email = claims.get("email") or next(
            (n for n in (calendars[0].id, calendars[0].name) if "@" in n), calendars[0].id
        )
        return Account(self.provider, email, email, newest[-1], calendars)

    def check(self, redirect_uri: str, deadline: Deadline) -> None:
        """Whether Google knows our client and its secret: a code that nobody made must be all that is wrong.

        Raises Unavailable("misconfigured") and the other CalendarErrors.
        """
        flow = self.begin(redirect_uri, "check", None).flow
        try:
            sign_in.exchange(self.google, self._token_url, self._client, flow, "4/none", redirect_uri, deadline)
        except AuthExpired:
            return
        raise Unavailable("answer")

    def open(self, secret: Secret, keep: KeepSecret) -> "GoogleCalendar":
        def refresh(refresh_token: str, deadline: Deadline) -> Mapping[str, str]:
            return self.google.refresh(self._client, refresh_token, deadline)

        grant = self._grants.of(secret.get("refresh_token", ""))
        tokens = sign_in.Tokens(secret, keep, grant, refresh, self._clock)
        return GoogleCalendar(GoogleSession(lambda: self.google, tokens), frozenset(secret.get("scopes", "").split()))

    def revoke(self, secret: Secret, deadline: Deadline) -> None:
        form = urlencode({"token": secret.get("refresh_token", "")}).encode()
        for url in sign_in.revoke_urls(self._token_url):
            status, body = self.google.post(url, form, deadline)
            if status not in (404, 405):
                break
        if status != 200 and body.get("error") not in ("invalid_token", "invalid_grant"):
            raise Unavailable(f"http_{status}")

    def _claims(self, id_token: object, flow: Mapping[str, str]) -> dict[str, str]:
        """`sub` and `email` of the ID token; it must be for us and of this very sign-in."""
        if not isinstance(id_token, str):
            return {}
        from scheduling.calendars.google.transport import claims_of  # noqa: PLC0415 - see `google`

        claims = claims_of(id_token)
        if claims.get("aud", self._client[0]) != self._client[0] or claims.get("nonce", flow["nonce"]) != flow["nonce"]:
            raise AuthExpired("id_token")
        return {name: claims[name] for name in ("sub", "email") if isinstance(claims.get(name), str)}


class GoogleCalendar:
    """One connected account; `scopes` is what its owner granted."""

    def __init__(self, session: GoogleSession, scopes: frozenset[str]) -> None:
        self._google = session
        self._sees_directory = sign_in.ROOMS in scopes
        self.capabilities = Capabilities(
            others_free_busy=True,
            rooms=True,
            native_conference="Google Meet",
            sends_invitations=SendsInvitations.OPTIONAL,
            max_refs_per_call=times.MOST_IDS,
            max_window=times.MOST_DAYS,
        )

    def list_calendars(self, deadline: Deadline) -> tuple[CalendarInfo, ...]:
        return reading.list_calendars(self._google, deadline)

    def list_rooms(self, deadline: Deadline) -> tuple[RoomInfo, ...]:
        """The rooms in the person's own calendar list; all of the organization's where its directory may be read."""
        found = {room.address: room for room in reading.list_rooms(self._google, deadline)}
        if self._sees_directory:
            with contextlib.suppress(
                AccessDenied, ConsentMissing
            ):  # the scope was granted, but not by an administrator
                found |= {room.address: room for room in reading.directory_rooms(self._google, deadline)}
        return tuple(sorted(found.values(), key=lambda room: (room.name, room.address)))

    def availability(
        self, refs: Sequence[CalendarRef], window: Interval, deadline: Deadline, *, default_zone: str
    ) -> tuple[Availability, ...]:
        return reading.availability(self._google, refs, window, deadline, default_zone)

    def create_event(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        body = events.new_body_of(spec)
        try:
            return self._insert(spec, body, deadline)
        except Conflict:
            return self._adopted(spec, deadline)

    def find_event(self, spec: EventSpec, deadline: Deadline) -> EventRef | None:
        found = self._stored(spec, deadline)
        if found is None:
            entries = self._google.entries(
                self._google.events.list,
                deadline,
                calendarId=spec.calendar_id,
                privateExtendedProperty=f"{events.KEY}={events.key_value(spec.key)}",
            )
            found = next((e for e in entries if events.is_ours(e, spec.key) and e.get("status") != "cancelled"), None)
        return None if found is None else events.ref_of(found, spec.calendar_id)

    def get_event(self, ref: EventRef, deadline: Deadline) -> EventState:
        event = self._get(ref.calendar_id, ref.event_id, deadline)
        zone = self._zone_of(ref.calendar_id, deadline) if events.is_all_day(event) else "UTC"
        return events.state_of(event, ref.calendar_id, zone)

    def update_event(self, ref: EventRef, spec: EventSpec, deadline: Deadline) -> EventRef:
        current = self._get(ref.calendar_id, ref.event_id, deadline)
        changed_since = ref.etag is not None and current.get("etag") != ref.etag
        if changed_since and (events.says(current, spec) or not events.is_as_sealed(current)):
            return _settled(current, ref, spec)
        request = self._google.events.patch(
            calendarId=ref.calendar_id,
            eventId=ref.event_id,
            body=events.change_of(spec, current),
            sendUpdates="all",
            conferenceDataVersion=1,
        )
        request.headers["if-match"] = str(current.get("etag") or "*")
        try:
            changed = self._google.entry(request, deadline, writes=True)
        except Conflict:
            return _settled(self._get(ref.calendar_id, ref.event_id, deadline), ref, spec)
        return events.ref_of(changed, ref.calendar_id)

    def cancel_event(self, ref: EventRef, message: str | None, deadline: Deadline) -> None:
        """Google sends the cancellations itself, in its own words: `message` has no place there."""
        request = self._google.events.delete(calendarId=ref.calendar_id, eventId=ref.event_id, sendUpdates="all")
        try:
            answer = self._google.call(request, deadline, writes=True)
        except EventMissing:
            return
        if answer:
            raise Ambiguous("answer")

    def _insert(self, spec: EventSpec, body: Json, deadline: Deadline) -> EventRef:
        def insert(whole: Json) -> EventRef:
            request = self._google.events.insert(
                calendarId=spec.calendar_id, body=whole, sendUpdates="all", conferenceDataVersion=1
            )
            return events.ref_of(self._google.entry(request, deadline, writes=True), spec.calendar_id)

        if not spec.native_conference:
            return insert(body)
        try:
            return insert({**body, **events.meeting_request(spec)})
        except Refused:
            return insert(body)  # a calendar that may not have Meet: booked all the same, without its link

    def _adopted(self, spec: EventSpec, deadline: Deadline) -> EventRef:
        """The id is taken. By us: that is our event. A deleted event keeps its id for ever."""
        request = self._google.events.get(calendarId=spec.calendar_id, eventId=events.event_id(spec.key))
        event = self._google.entry(request, deadline)
        if event.get("status") == "cancelled":
            raise Refused("deleted")
        if not events.is_ours(event, spec.key):
            raise Conflict("not_ours")
        return events.ref_of(event, spec.calendar_id)

    def _stored(self, spec: EventSpec, deadline: Deadline) -> Json | None:
        try:
            event = self._get(spec.calendar_id, events.event_id(spec.key), deadline)
        except EventMissing:
            return None
        return event if events.is_ours(event, spec.key) else None

    def _get(self, calendar_id: str, event_id: str, deadline: Deadline) -> Json:
        event = self._google.entry(self._google.events.get(calendarId=calendar_id, eventId=event_id), deadline)
        if event.get("status") == "cancelled":
            raise EventMissing("cancelled")
        return event

    def _zone_of(self, calendar_id: str, deadline: Deadline) -> str:
        entry = self._google.entry(self._google.calendar_list.get(calendarId=calendar_id), deadline)
        return str(entry.get("timeZone") or "UTC")


def _settled(current: Json, ref: EventRef, spec: EventSpec) -> EventRef:
    """Somebody changed it: fine when it says what we want, as after our own update whose answer was lost."""
    if events.says(current, spec):
        return events.ref_of(current, ref.calendar_id)
    raise Conflict("changed")
