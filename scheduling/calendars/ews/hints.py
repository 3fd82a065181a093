"""Where else an Exchange server may be heard of: what plain http and DNS say of a mail domain (MS-OXDISCO).

Both can be forged by anybody on the way. So these are hints: nothing is sent to what they name before it was judged.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from scheduling.calendars.base import Deadline
from scheduling.calendars.ews.http import Http

if TYPE_CHECKING:
    from dns.resolver import Resolver

RECORD_SECONDS = 3.0
MOST_RECORDS = 2

Hint = Callable[[str, Http, Deadline], Iterable[str]]
"""Addresses to ask about a mail domain. Raises CalendarErrors and HostRefused."""


def plain_redirect(domain: str, http: Http, deadline: Deadline) -> Iterable[str]:
    """Where an unauthenticated GET over plain http is sent on to."""
    target = http.redirect_of(f"http://autodiscover.{domain}/autodiscover/autodiscover.xml", deadline)
    return [target] if target else []


def service_record(domain: str, http: Http, deadline: Deadline) -> Iterable[str]:
    """The hosts of the domain's SRV record, over https."""
    seconds = min(RECORD_SECONDS, deadline.check())
    return [
        f"https://{host}{'' if port == 443 else f':{port}'}/autodiscover/autodiscover.xml"
        for host, port in servers_of(domain, seconds)
    ]


def servers_of(domain: str, seconds: float, resolver: "Resolver | None" = None) -> Sequence[tuple[str, int]]:
    """Hosts and ports of `_autodiscover._tcp` (RFC 2782), preferred ones first; none where nothing is said in time."""
    import dns.exception  # noqa: PLC0415 - dnspython takes a while that no start should pay
    import dns.resolver  # noqa: PLC0415 - the same

    try:
        asked = resolver or dns.resolver.Resolver()
        answer = asked.resolve(f"_autodiscover._tcp.{domain}.", "SRV", lifetime=seconds, search=False)
    except (dns.exception.DNSException, OSError, UnicodeError):
        return ()
    records = sorted(answer, key=lambda record: (record.priority, -record.weight))
    found = [(record.target.to_text(omit_final_dot=True), record.port) for record in records]
    return tuple((host, port) for host, port in found if host not in ("", "."))[:MOST_RECORDS]


HINTS: Sequence[Hint] = (plain_redirect, service_record)
"""In the order in which Outlook follows them."""
