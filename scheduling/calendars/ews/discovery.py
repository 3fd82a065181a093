"""Finding an Exchange server by an email address: Autodiscover, as XML (POX) and as SOAP, MS-OXDISCO and MS-OXDSCLI.

Every address, first ones and redirects alike, is asked without the password first; only one that wants a sign-in gets
it, once. A refused password ends the search: more tries would lock the account.
"""

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from scheduling.calendars.base import Deadline
from scheduling.calendars.caldav.http import same_site
from scheduling.calendars.ews.hints import Hint
from scheduling.calendars.ews.http import Answer, Http, host_of, is_exchange_online
from scheduling.calendars.http import header
from scheduling.errors import AuthExpired, CalendarError, EventMissing, HostRefused, Unsupported

ONE_ADDRESS_SECONDS = 6.0
CANONICAL_SECONDS = 2.0
_MOST_STEPS = 12
_MOST_BYTES = 1024 * 1024
_REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_A = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
_XML = {"content-type": "text/xml; charset=utf-8"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class SignedPost(Protocol):
    """One request with the password, signed in the way that `offer`, a WWW-Authenticate header, allows."""

    def __call__(self, url: str, body: bytes, offer: str, deadline: Deadline) -> Answer: ...


Addresses = Callable[[str], Iterable[str]]
"""Where to ask first about an email address."""


@dataclass(slots=True)
class _Search:
    """Where to ask next, and what stood in the way so far."""

    email: str
    addresses: Addresses
    hints: Iterator[Hint]
    waiting: list[str]
    asked: set[str] = field(default_factory=set)
    refused: HostRefused | None = None


def find_endpoint(
    email: str,
    http: Http,
    signed: SignedPost,
    deadline: Deadline,
    addresses: Addresses,
    canonical: Callable[[str], str],
    hints: Iterable[Hint],
) -> str:
    """The address of the EWS service for `email`.

    `canonical` tells the true name of a host; `hints` are followed when nobody under `addresses` tells.

    Raises EventMissing("autodiscover") when nobody tells, AuthExpired for a refused password, Unsupported("office365")
    when it leads to Exchange Online, HostRefused when all that was found may not be called, with "unconfirmed" for a
    host that only a hint named: the person must confirm it.
    """
    search = _Search(email, addresses, iter(hints), list(addresses(email)))
    while len(search.asked) < _MOST_STEPS and (search.waiting or _hinted(search, http, deadline)):
        url = search.waiting.pop(0)
        if url in search.asked:
            continue
        search.asked.add(url)
        try:
            found = _ask(url, search, http, signed, _a_part_of(deadline))
        except HostRefused as error:
            search.refused = search.refused or error
        except (AuthExpired, Unsupported):
            raise
        except CalendarError:
            deadline.check()  # this address does not answer; the next one may
        else:
            if found:
                return found
    if any(is_exchange_online(canonical(host)) for host in sorted({host_of(url) for url in addresses(email)})):
        raise Unsupported("office365")  # its certificate is for another name, so nothing was answered
    if search.refused is not None:
        raise search.refused
    raise EventMissing("autodiscover")


def _hinted(search: _Search, http: Http, deadline: Deadline) -> bool:
    """Whether one of the hints that are left names an address; it joins what is waiting once it may be asked."""
    domain = search.email.rpartition("@")[2].lower()
    for hint in search.hints:
        try:
            for url in hint(domain, http, _a_part_of(deadline)):
                _judge_hint(url, domain, http)
                search.waiting.append(url)
        except HostRefused as error:
            search.refused = search.refused or error
        except Unsupported:
            raise
        except CalendarError:
            deadline.check()
        if search.waiting:
            return True
    return False


def _judge_hint(url: str, domain: str, http: Http) -> None:
    """Hints can be forged, and what they name is asked with the password: so only over https, and only at the mail
    domain's own site or a host the operator vouches for. Any other host the person must confirm by typing it.
    """
    _keep_on_premises(url)
    http.check_url(url)
    if not http.vouches_for(url) and not same_site(f"https://{domain}/", url):
        raise HostRefused("unconfirmed", host_of(url))


def _a_part_of(deadline: Deadline) -> Deadline:
    return min(deadline, Deadline.after(ONE_ADDRESS_SECONDS), key=_moment)


def canonical_name(host: str) -> str:
    """The name that a host's aliases lead to, empty when there is none in time; nothing is called."""
    box: queue.SimpleQueue[str] = queue.SimpleQueue()

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            box.put(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)[0][3])

    threading.Thread(target=look_up, name="canonical-name", daemon=True).start()
    try:
        return box.get(timeout=CANONICAL_SECONDS)
    except queue.Empty:
        return ""


def _moment(deadline: Deadline) -> float:
    return deadline.at


def first_addresses(email: str) -> Iterator[str]:
    """The host made for it before the domain itself, which is often a web site of somebody else's making."""
    domain = email.rpartition("@")[2].lower()
    for host in (f"autodiscover.{domain}", domain):
        for kind in ("xml", "svc"):
            yield f"https://{host}/autodiscover/autodiscover.{kind}"


def _ask(url: str, search: _Search, http: Http, signed: SignedPost, deadline: Deadline) -> str | None:
    """The service's address if `url` tells it; where it sends us instead joins what is waiting."""
    _keep_on_premises(url)
    body = _soap_body(url, search.email) if url.lower().endswith(".svc") else _pox_body(search.email)
    answer = http.request("POST", url, headers=_XML, content=body, deadline=deadline, max_bytes=_MOST_BYTES)
    if answer.status == 401:
        answer = signed(url, body, header(answer, "www-authenticate"), deadline)
        if answer.status == 401:
            raise AuthExpired("password")
    if answer.status in _REDIRECTS and header(answer, "location"):
        _go_on(urljoin(url, header(answer, "location")), search, http)
        return None
    return _told(answer, search, http) if answer.status == 200 else None


def _keep_on_premises(url: str) -> None:
    if is_exchange_online(host_of(url)):
        raise Unsupported("office365")


def _go_on(url: str, search: _Search, http: Http) -> None:
    """Ask `url` next. Raises HostRefused."""
    _keep_on_premises(url)
    http.check_url(url)
    search.waiting.insert(0, url)


def _told(answer: Answer, search: _Search, http: Http) -> str | None:
    try:
        root = fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    read = _read_soap if root.tag == f"{{{_SOAP}}}Envelope" else _read_pox
    endpoint, redirect, address = read(root)
    if redirect:
        _go_on(redirect, search, http)
    elif address and "@" in address and address != search.email:
        if is_exchange_online(address.rpartition("@")[2]):
            raise Unsupported("office365")
        search.email = address
        search.waiting[:0] = list(search.addresses(address))
    elif endpoint:
        _keep_on_premises(endpoint)
        http.check_url(endpoint)
        return endpoint
    return None


_Told = tuple[str, str, str]
"""The service's address, an address to ask instead, an email address to ask about instead; each may be empty."""


def _read_pox(root: Element) -> _Told:
    texts: Callable[[Element, str], str] = lambda at, name: (at.findtext(f"{{{_RESPONSE}}}{name}") or "").strip()  # noqa: E731 - of this schema only
    told = [(texts(p, "Type"), texts(p, "EwsUrl")) for p in root.iter(f"{{{_RESPONSE}}}Protocol")]
    # The protocol of the web mail holds others of the same types, without an address: the first that has one counts.
    endpoint = next((url for wanted in ("EXPR", "EXHTTP", "EXCH") for kind, url in told if kind == wanted and url), "")
    accounts = list(root.iter(f"{{{_RESPONSE}}}Account"))
    if not accounts:
        return "", "", ""
    return endpoint, texts(accounts[0], "RedirectUrl"), texts(accounts[0], "RedirectAddr")


def _read_soap(root: Element) -> _Told:
    endpoint, settings = "", {}
    for setting in root.iter(f"{{{_A}}}UserSetting"):
        settings[setting.findtext(f"{{{_A}}}Name")] = (setting.findtext(f"{{{_A}}}Value") or "").strip()
    endpoint = settings.get("ExternalEwsUrl") or settings.get("InternalEwsUrl") or ""
    for user in root.iter(f"{{{_A}}}UserResponse"):
        code = user.findtext(f"{{{_A}}}ErrorCode")
        target = (user.findtext(f"{{{_A}}}RedirectTarget") or "").strip()
        if code == "RedirectUrl":
            return "", target, ""
        if code == "RedirectAddress":
            return "", "", target
    return endpoint, "", ""


def _pox_body(email: str) -> bytes:
    root = Element(f"{{{_REQUEST}}}Autodiscover")
    request = SubElement(root, f"{{{_REQUEST}}}Request")
    SubElement(request, f"{{{_REQUEST}}}EMailAddress").text = email
    SubElement(request, f"{{{_REQUEST}}}AcceptableResponseSchema").text = _RESPONSE
    return _bytes(root)


def _soap_body(url: str, email: str) -> bytes:
    root = Element(f"{{{_SOAP}}}Envelope")
    head = SubElement(root, f"{{{_SOAP}}}Header")
    SubElement(head, f"{{{_A}}}RequestedServerVersion").text = "Exchange2013"
    SubElement(head, f"{{{_ADDRESSING}}}Action").text = f"{_A}/Autodiscover/GetUserSettings"
    SubElement(head, f"{{{_ADDRESSING}}}To").text = url
    message = SubElement(SubElement(root, f"{{{_SOAP}}}Body"), f"{{{_A}}}GetUserSettingsRequestMessage")
    request = SubElement(message, f"{{{_A}}}Request")
    user = SubElement(SubElement(request, f"{{{_A}}}Users"), f"{{{_A}}}User")
    SubElement(user, f"{{{_A}}}Mailbox").text = email
    settings = SubElement(request, f"{{{_A}}}RequestedSettings")
    for name in ("ExternalEwsUrl", "InternalEwsUrl"):
        SubElement(settings, f"{{{_A}}}Setting").text = name
    return _bytes(root)


def _bytes(root: Element) -> bytes:
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body
