"""Autodiscover in both of its shapes: POX (autodiscover.xml) and SOAP (autodiscover.svc)."""

from lxml import etree

REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
OUTER = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
INNER = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
A = "http://schemas.microsoft.com/exchange/2010/Autodiscover"


def pox(asked: bytes, ews_url: str, redirects: dict[str, str]) -> bytes:
    """Settings, or a redirect: `redirects` maps `url` or `address` to where the person is sent."""
    address = etree.fromstring(asked).findtext(f".//{{{REQUEST}}}EMailAddress")
    root = etree.Element(f"{{{OUTER}}}Autodiscover", nsmap={None: OUTER})
    response = etree.SubElement(root, f"{{{INNER}}}Response", nsmap={None: INNER})
    user = etree.SubElement(response, f"{{{INNER}}}User")
    etree.SubElement(user, f"{{{INNER}}}AutoDiscoverSMTPAddress").text = address
    account = etree.SubElement(response, f"{{{INNER}}}Account")
    etree.SubElement(account, f"{{{INNER}}}AccountType").text = "email"
    action = "redirectUrl" if "url" in redirects else "redirectAddr" if "address" in redirects else "settings"
    etree.SubElement(account, f"{{{INNER}}}Action").text = action
    if "url" in redirects:
        etree.SubElement(account, f"{{{INNER}}}RedirectUrl").text = redirects["url"]
    elif "address" in redirects:
        etree.SubElement(account, f"{{{INNER}}}RedirectAddr").text = redirects["address"]
    else:
        for kind in ("EXCH", "EXPR"):
            protocol = etree.SubElement(account, f"{{{INNER}}}Protocol")
            etree.SubElement(protocol, f"{{{INNER}}}Type").text = kind
            etree.SubElement(protocol, f"{{{INNER}}}EwsUrl").text = ews_url
        _web(account, ews_url)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _web(account: etree._Element, ews_url: str) -> None:
    """The web mail's protocol, which holds others of the same types but without their EwsUrl."""
    web = etree.SubElement(account, f"{{{INNER}}}Protocol")
    etree.SubElement(web, f"{{{INNER}}}Type").text = "WEB"
    for side, kind in (("Internal", "EXCH"), ("External", "EXPR")):
        inner = etree.SubElement(etree.SubElement(web, f"{{{INNER}}}{side}"), f"{{{INNER}}}Protocol")
        etree.SubElement(inner, f"{{{INNER}}}Type").text = kind
        etree.SubElement(inner, f"{{{INNER}}}ASUrl").text = ews_url


def soap(ews_url: str, redirects: dict[str, str]) -> bytes:
    """The answer to GetUserSettings for one user."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    message = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{A}}}GetUserSettingsResponseMessage")
    response = etree.SubElement(message, f"{{{A}}}Response")
    etree.SubElement(response, f"{{{A}}}ErrorCode").text = "NoError"
    user = etree.SubElement(etree.SubElement(response, f"{{{A}}}UserResponses"), f"{{{A}}}UserResponse")
    code = "RedirectUrl" if "url" in redirects else "RedirectAddress" if "address" in redirects else "NoError"
    etree.SubElement(user, f"{{{A}}}ErrorCode").text = code
    if code != "NoError":
        etree.SubElement(user, f"{{{A}}}RedirectTarget").text = redirects.get("url") or redirects["address"]
    else:
        setting = etree.SubElement(etree.SubElement(user, f"{{{A}}}UserSettings"), f"{{{A}}}UserSetting")
        etree.SubElement(setting, f"{{{A}}}Name").text = "ExternalEwsUrl"
        etree.SubElement(setting, f"{{{A}}}Value").text = ews_url
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))
