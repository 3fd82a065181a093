"""Exchange on a company's own servers: how people sign in, and which addresses we call for them.

The vendor's library takes a second and 50 MB to import, so it waits, in the files beside this one, until an account is
connected or called. Exchange Online is refused: it has closed this way in and is reached as Office 365.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast
from urllib.parse import urljoin, urlsplit

from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.calendars.caldav.http import same_site
from scheduling.calendars.ews.abilities import UnopenedCalendar, library
from scheduling.calendars.ews.discovery import Addresses, canonical_name, find_endpoint, first_addresses
from scheduling.calendars.ews.hints import HINTS, Hint
from scheduling.calendars.ews.http import Answer, Http, failure_of_status, host_of, is_exchange_online, is_xml
from scheduling.calendars.http import THIS_COMPUTER, header
from scheduling.calendars.systems import KeepSecret, Secret
from scheduling.errors import AccessDenied, EventMissing, HostRefused, Unsupported

BASIC, NTLM = "basic", "NTLM"
"""Ways to sign in, by exchangelib's names."""

_PATH = "/EWS/Exchange.asmx"
_NO_SERVICE = frozenset({"", "ews", "owa", "ecp"})
"""First parts of paths that people copy from their browsers."""

_GREETING = b"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
 xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:GetFolder><m:FolderShape>
<t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="calendar"/></m:FolderIds>
</m:GetFolder></s:Body></s:Envelope>"""
_GREETING_BYTES = 1024 * 1024
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 503})


class ExchangeSystem:
    """Any Exchange server from 2013 SP1 on: the operator's one, or found by the email address, or typed."""

    provider = "exchange"

    def __init__(
        self,
        http: Http,
        ews_url: str | None = None,
        *,
        addresses: Addresses = first_addresses,
        canonical: Callable[[str], str] = canonical_name,
        hints: Sequence[Hint] = HINTS,
    ) -> None:
        """`http` is the policy for servers that users name; `ews_url` the operator's server, if there is only one.

        `addresses` tells where Autodiscover is asked first, `canonical` the true name of a host, `hints` where else it
        may be heard of.
        """
        self._http = http
        self._ews_url = ews_url
        self._addresses = addresses
        self._canonical = canonical
        self._hints = hints

    def connect(self, fields: Mapping[str, str], deadline: Deadline) -> Account:
        """See PasswordSystem; fields are email, password, and as far as typed user_name and server.

        The password is tried once. Raises AuthExpired for a wrong one, Unsupported("office365") for Exchange Online,
        Unsupported("modern_auth") or ("digest") where the server takes neither Basic nor NTLM,
        EventMissing("autodiscover") when no server is known for the address, and ("not_exchange") when there is none.
        """
        email, password = fields["email"], fields["password"]
        user_name = fields.get("user_name") or email
        if is_exchange_online(email.rpartition("@")[2]):
            raise Unsupported("office365")
        endpoint = self._endpoint(email, user_name, password, fields.get("server", ""), deadline)
        endpoint, offer = self._greet(endpoint, deadline)
        secret = {
            "email": email,
            "user_name": user_name,
            "password": password,
            "endpoint": endpoint,
            "auth": chosen(offer, endpoint),
        }
        try:
            calendars, version = library("account").ExchangeCalendar(secret, self._http).look(deadline)
        except AccessDenied as error:
            if isinstance(error.__cause__, HostRefused):
                raise error.__cause__ from None
            raise
        return Account(self.provider, email, email, {**secret, **version}, calendars)

    def check(self, deadline: Deadline) -> None:
        """Whether the operator's server is one; no password is sent. Raises HostRefused and CalendarErrors."""
        if self._ews_url is not None:
            self._greet(_service_at(self._ews_url, self._http, is_service=True), deadline)

    def open(self, secret: Secret, _keep: KeepSecret) -> CalendarProvider:
        """See CalendarSystem; a password never changes by itself, and nothing has to be found again."""
        return cast("CalendarProvider", UnopenedCalendar(secret, self._http))

    def revoke(self, secret: Secret, deadline: Deadline) -> None:
        """A password cannot be given back: forgetting it is all there is."""

    def _endpoint(self, email: str, user_name: str, password: str, server: str, deadline: Deadline) -> str:
        """The service's address. What the operator or the person names is not looked for."""
        named = self._ews_url or server
        if named:
            return _service_at(named, self._http, is_service=self._ews_url is not None)

        def signed(url: str, body: bytes, offer: str, deadline: Deadline) -> Answer:
            answer: Answer = library("wire").signed_post(
                url, body, chosen(offer, url), user_name, password, self._http, deadline
            )
            return answer

        return find_endpoint(email, self._http, signed, deadline, self._addresses, self._canonical, self._hints)

    def _greet(self, url: str, deadline: Deadline) -> tuple[str, str]:
        """The service where it really is, and which ways to sign in it offers. No password is sent yet."""
        for _ in range(_MOST_REDIRECTS):
            if is_exchange_online(host_of(url)):
                raise Unsupported("office365")
            answer = self._http.request(
                "POST",
                url,
                headers={"content-type": "text/xml; charset=utf-8"},
                content=_GREETING,
                deadline=deadline,
                max_bytes=_GREETING_BYTES,
            )
            if answer.status not in _REDIRECTS:
                return url, _offer(answer)
            url = self._same_service(url, urljoin(url, header(answer, "location")))
        raise AccessDenied("redirect")

    def _same_service(self, url: str, other: str) -> str:
        if not is_exchange_online(host_of(other)):
            self._http.check_url(other)
            if not same_site(url, other):  # the password is for the server that was named
                raise AccessDenied("redirect")
        return other


def _service_at(typed: str, http: Http, *, is_service: bool) -> str:
    """The service of a server as people write it: a host, the address of its web mail, or the whole thing.

    `is_service`: the operator says that it is the service's, so another path than the usual one is meant. Raises
    HostRefused.
    """
    url = typed if "://" in typed else f"https://{typed}"
    http.check_url(url)
    parts = urlsplit(url)
    first = parts.path.strip("/").lower().partition("/")[0]
    is_whole = parts.path.lower().endswith(".asmx") or (is_service and first not in _NO_SERVICE)
    path = parts.path if is_whole else _PATH
    return f"{parts.scheme.lower()}://{parts.netloc}{path}"


def _offer(answer: Answer) -> str:
    """The ways to sign in; raises the CalendarError for an answer that no Exchange server gives."""
    if answer.status == 401:
        return header(answer, "www-authenticate")
    if answer.status in _BUSY:
        raise failure_of_status(answer) or EventMissing("not_exchange")
    if answer.status in (200, 500) and is_xml(answer.body):  # one that lets anybody ask; it will see who we are
        return ""
    raise EventMissing("not_exchange")


def chosen(offer: str, url: str) -> str:
    """How to sign in where a server offers several ways.

    Basic over TLS before NTLM: Extended Protection breaks NTLM behind proxies that end TLS, and a second try with the
    same password might lock the account. Without TLS, NTLM, which does not show the password, but to a server on this
    computer.
    """
    offered = {word.strip(",").lower() for word in offer.replace(",", " ").split()}
    basic, ntlm = "basic" in offered, bool(offered & {"ntlm", "negotiate"})
    if basic and ntlm:
        return BASIC if url.lower().startswith("https:") or host_of(url) in THIS_COMPUTER else NTLM
    if basic or not offered:
        return BASIC
    if ntlm:
        return NTLM
    raise Unsupported("digest" if "digest" in offered else "modern_auth")
