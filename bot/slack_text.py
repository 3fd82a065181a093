"""Slack's message markup and plain words, both ways. Pure.

https://docs.slack.dev/messaging/formatting-message-text/
"""

import re

MAIL_LINK = re.compile(r"<mailto:([^<>|\s]+)(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto|tel):[^<>|]+)(?:\|([^<>]*))?>")
_NAMED = re.compile(r"<([#!@])[^<>|]*\|([^<>]+)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def escaped(text: str) -> str:
    """For `text` and mrkdwn, so that no name or link in it comes alive."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    for entity, sign in _ENTITIES:  # the ampersand last, or `&amp;lt;` would become `<`
        text = text.replace(entity, sign)
    return text


def readable(text: str) -> str:
    """Links, channels and groups as people read them; signs instead of entities."""
    return unescaped(_NAMED.sub(_name_words, _LINK.sub(_link_words, text)))


def _name_words(named: re.Match[str]) -> str:
    """`#general` of a channel; people, groups and dates by their label alone."""
    return f"#{named.group(2).removeprefix('#')}" if named.group(1) == "#" else named.group(2)


def _link_words(link: re.Match[str]) -> str:
    """The label; the address as well where the label does not say it."""
    address, label = link.group(1), (link.group(2) or "").strip()
    if not label:
        return address.removeprefix("mailto:")
    return label if label in address else f"{label} ({address.removeprefix('mailto:')})"
