"""CalDAV's XML: the requests we send, and multi-status answers as plain values (RFC 4918, 4791, 6638).

Built with ElementTree, parsed with defusedxml: no DTD, no entities. Knows no HTTP.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote, unquote, urljoin, urlsplit

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from scheduling.domain import Interval

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"

LISTED = (
    *(f"{DAV}resourcetype", f"{DAV}displayname", f"{DAV}current-user-privilege-set"),
    *(f"{CAL}supported-calendar-component-set", f"{CAL}schedule-calendar-transp", f"{CAL}calendar-timezone"),
    *(f"{CAL}calendar-timezone-id", f"{CAL}schedule-default-calendar-URL"),
)
DISCOVERED = (
    *(f"{DAV}resourcetype", f"{DAV}current-user-principal"),
    *(f"{CAL}calendar-home-set", f"{CAL}calendar-user-address-set"),
)
OF_PRINCIPAL = (f"{CAL}calendar-home-set", f"{CAL}calendar-user-address-set")


class NotMultistatus(ValueError):
    """The body is no DAV multi-status document."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One `response`: its absolute URL, the status of the whole (None: per property), and the properties found."""

    url: str
    status: int | None
    properties: dict[str, ET.Element] = field(default_factory=dict)

    def text(self, name: str) -> str:
        element = self.properties.get(name)
        return (element.text or "").strip() if element is not None else ""

    def hrefs(self, name: str) -> list[str]:
        """The hrefs inside a property, as written."""
        element = self.properties.get(name)
        return [] if element is None else [(e.text or "").strip() for e in element.iter(f"{DAV}href")]

    def types(self) -> set[str]:
        element = self.properties.get(f"{DAV}resourcetype")
        return set() if element is None else {child.tag for child in element}


# Prefixes that people and simple servers know, instead of ElementTree's ns0 and ns1.
_NAMESPACES = {"xmlns:D": "DAV:", "xmlns:C": "urn:ietf:params:xml:ns:caldav"}


# --- requests ---------------------------------------------------------------------------------------------------


def propfind(names: Iterable[str]) -> bytes:
    root = ET.Element("D:propfind", _NAMESPACES)
    prop = ET.SubElement(root, "D:prop")
    for name in names:
        ET.SubElement(prop, name.replace(DAV, "D:").replace(CAL, "C:"))
    return _xml(root)


def events_query(window: Interval) -> bytes:
    """A calendar-query for whole objects, a day wider on both sides: floating and all-day times have no fixed zone."""
    root = ET.Element("C:calendar-query", _NAMESPACES)
    prop = ET.SubElement(root, "D:prop")
    ET.SubElement(prop, "D:getetag")
    ET.SubElement(prop, "C:calendar-data")
    calendar = ET.SubElement(ET.SubElement(root, "C:filter"), "C:comp-filter", name="VCALENDAR")
    event = ET.SubElement(calendar, "C:comp-filter", name="VEVENT")
    wide = window.widened(timedelta(days=1), timedelta(days=1))
    ET.SubElement(
        event,
        "C:time-range",
        start=f"{wide.start:%Y%m%dT%H%M%SZ}",
        end=f"{wide.end:%Y%m%dT%H%M%SZ}",
    )
    return _xml(root)


def _xml(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


# --- answers ----------------------------------------------------------------------------------------------------


def resources(body: bytes, base_url: str) -> list[Resource]:
    """The responses of a multi-status body. Raises NotMultistatus for anything else, HTML pages included."""
    root = _parsed(body)
    if root is None or root.tag != f"{DAV}multistatus":
        raise NotMultistatus
    return [_resource(response, base_url) for response in root.findall(f"{DAV}response")]


def preconditions(body: bytes) -> dict[str, list[str]]:
    """The failed preconditions in a DAV error body (RFC 4918 §16): local name -> hrefs inside. Else empty."""
    root = _parsed(body)
    if root is None or root.tag != f"{DAV}error":
        return {}
    return {child.tag.rpartition("}")[2]: [(e.text or "").strip() for e in child.iter(f"{DAV}href")] for child in root}


def _parsed(body: bytes) -> ET.Element | None:
    try:
        root = defusedxml.ElementTree.fromstring(body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError):  # LookupError: an unknown encoding
        return None
    return root if isinstance(root, ET.Element) else None


def _resource(response: ET.Element, base_url: str) -> Resource:
    found = Resource(absolute(base_url, response.findtext(f"{DAV}href", "")), _status(response))
    for propstat in response.findall(f"{DAV}propstat"):
        if _status(propstat) in (200, None):
            for prop in propstat.findall(f"{DAV}prop"):
                found.properties.update({element.tag: element for element in prop})
    return found


def _status(element: ET.Element) -> int | None:
    parts = element.findtext(f"{DAV}status", "").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None


# --- addresses --------------------------------------------------------------------------------------------------


def absolute(base_url: str, href: str) -> str:
    """An href as an absolute URL; servers write full URLs, paths, unescaped characters and doubled slashes."""
    href = href.strip()
    if href.startswith("//"):
        href = "/" + href.lstrip("/")
    return urljoin(base_url, quote(href, safe="%/:?#[]@!$&'()*+,;=~"))


def same_place(one: str, other: str) -> bool:
    """Whether two URLs name the same resource however they are escaped or end."""
    a, b = urlsplit(one), urlsplit(other)
    return (a.hostname, a.port) == (b.hostname, b.port) and _plain_path(a.path) == _plain_path(b.path)


def _plain_path(path: str) -> str:
    return unquote(path).rstrip("/")


def as_collection(url: str) -> str:
    return url if url.endswith("/") else url + "/"
