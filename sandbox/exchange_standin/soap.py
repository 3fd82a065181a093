"""SOAP envelopes and the elements in them, in the namespaces of EWS."""

from lxml import etree
from lxml.etree import _Element as Xml

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
S, M, T = f"{{{SOAP}}}", f"{{{MESSAGES}}}", f"{{{TYPES}}}"
BUILD = {"MajorVersion": "15", "MinorVersion": "2", "MajorBuildNumber": "1544", "MinorBuildNumber": "4"}
VERSION = "V2017_07_11"


def element(tag: str, *children: Xml, text: str | None = None, **attributes: str) -> Xml:
    """An element by its name in braces notation."""
    made = etree.Element(tag, attributes, nsmap={"m": MESSAGES, "t": TYPES})
    made.text = text
    made.extend(children)
    return made


def envelope(body: Xml) -> bytes:
    """A whole answer, with the server's version in its header as Exchange sends it."""
    root = etree.Element(f"{S}Envelope", nsmap={"s": SOAP, "m": MESSAGES, "t": TYPES})
    header = etree.SubElement(root, f"{S}Header")
    etree.SubElement(header, f"{T}ServerVersionInfo", BUILD | {"Version": VERSION})
    etree.SubElement(root, f"{S}Body").append(body)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def fault(code: str, back_off_ms: int | None = None) -> bytes:
    """A SOAP fault, which Exchange sends with HTTP 500."""
    root = etree.Element(f"{S}Envelope", nsmap={"s": SOAP})
    made = etree.SubElement(etree.SubElement(root, f"{S}Body"), f"{S}Fault")
    etree.SubElement(made, "faultcode").text = f"a:{code}"
    etree.SubElement(made, "faultstring").text = "The server cannot service this request right now."
    detail = etree.SubElement(made, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode").text = code
    etree.SubElement(detail, f"{{{ERRORS}}}Message").text = "The server cannot service this request right now."
    if back_off_ms is not None:
        waits = etree.SubElement(detail, f"{T}MessageXml")
        etree.SubElement(waits, f"{T}Value", Name="BackOffMilliseconds").text = str(back_off_ms)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def answer(operation: str, *messages: Xml) -> Xml:
    """`<m:XResponse>` around its messages."""
    return element(f"{M}{operation}Response", element(f"{M}ResponseMessages", *messages))


def message(operation: str, *content: Xml, code: str = "NoError") -> Xml:
    """One response message: a success, or an error with its code and no content."""
    if code == "NoError":
        done = element(f"{M}ResponseCode", text="NoError")
        return element(f"{M}{operation}ResponseMessage", done, *content, ResponseClass="Success")
    refused = (element(f"{M}MessageText", text=code), element(f"{M}ResponseCode", text=code))
    zero = element(f"{M}DescriptiveLinkKey", text="0")
    return element(f"{M}{operation}ResponseMessage", *refused, zero, *content, ResponseClass="Error")
