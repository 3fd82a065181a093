"""A message that somebody schedules from: who wrote or is meant, and what it is about. Pure.

The first mail address becomes the customer's, a name right before it the customer's name, and the first line the
subject. Everything can be changed in the form, so a guess that is wrong costs a correction and no more.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.command import find_mail, unwrapped
from bot.modals.blocks import fit, one_line
from bot.slack_text import escaped, readable
from scheduling.domain import Prefill

SUBJECT_LIMIT = 150
NAME_LIMIT = 80
MOST_WORDS = 5
DEEPEST = 6
LONGEST_MESSAGE = 40_000

_HERE = "\0"
_BARE_MENTION = re.compile(r"<[@#!][^<>|]*>")
_MARK = re.compile(r"(?<!\w)[*_~`]+(?=\S)|(?<=\S)[*_~`]+(?!\w)")
_BULLET = re.compile(r"^\s*(?:>|&gt;|•|◦|-|\d+\.)\s+")
_EMOJI = re.compile(r"(?<!\w):[a-z0-9_+'-]+:(?!\w)")
_DIVIDER = re.compile(r"[:;,|•·–—/(\[{<>]|\s-\s")
_LABELLED = re.compile(r"\s*(?:full |customer |contact )?name:\s*(\S.{0,200})", re.IGNORECASE)
_NO_NAMES = {"contact", "customer", "email", "e-mail", "from", "lead", "mail", "name", "new", "reply", "to", "cc"}
_PARTICLES = {
    "&",
    "and",
    "al",
    "bin",
    "da",
    "de",
    "den",
    "der",
    "di",
    "dos",
    "du",
    "el",
    "la",
    "le",
    "of",
    "van",
    "von",
    "y",
}


def parse_message(message: Mapping[str, Any]) -> Prefill:
    """What the form can take over from a message as Slack sends it: its text, else its blocks and attachments."""
    texts = list(_texts(message))
    said = next((text for text in texts if find_mail(text)[2]), texts[0] if texts else "")
    start, end, mail = find_mail(said)
    if not mail:
        return Prefill(subject=_subject(said))
    bracketed = said[:start].endswith(("<", "&lt;"))
    before, after = unwrapped(said[:start], said[end:])
    about = f"{before}{_HERE}{after}" if said is texts[0] else texts[0]
    return Prefill(name=_name_before(before, bracketed) or _labelled_name(said), email=mail, subject=_subject(about))


def as_command(prefill: Prefill) -> str:
    """The same in the words of the command, for a button that opens the form again."""
    words = f"{prefill.email} {prefill.name} 30m {prefill.subject}" if prefill.says_anything else ""
    return escaped(words)


# --- where a message keeps its words ----------------------------------------------------------------------------------


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """The text, the blocks, and each attachment, those that say something."""
    parts = [message.get("text"), "\n".join(_block_texts(message.get("blocks")))]
    attachments = message.get("attachments")
    for each in attachments if isinstance(attachments, list) else ():
        if isinstance(each, dict):
            parts += ["\n".join(_attachment_texts(each)), each.get("fallback")]
    yield from (part[:LONGEST_MESSAGE] for part in parts if isinstance(part, str) and part.strip())


def _attachment_texts(attachment: Mapping[str, Any]) -> Iterator[str]:
    for key in ("pretext", "title", "text"):
        if isinstance(attachment.get(key), str):
            yield attachment[key]
    fields = attachment.get("fields")
    for each in fields if isinstance(fields, list) else ():
        if isinstance(each, dict):
            yield f"{each.get('title') or ''}: {each.get('value') or ''}"
    yield from _block_texts(attachment.get("blocks"))


def _block_texts(blocks: object) -> Iterator[str]:
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, dict):
            continue
        if block.get("type") == "rich_text":
            yield from _rich_lines(block.get("elements"), DEEPEST)
            continue
        fields, elements = block.get("fields"), block.get("elements")
        for holder in (block, *(fields if isinstance(fields, list) else ())):
            text = holder.get("text") if isinstance(holder, dict) else None
            words = text.get("text") if isinstance(text, dict) else text
            if isinstance(words, str):
                yield words
        if block.get("type") == "context":
            yield from _block_texts(elements)


def _rich_lines(elements: object, depth: int) -> Iterator[str]:
    """Sections, lists and quotes, a line each."""
    for element in elements if isinstance(elements, list) else ():
        if not isinstance(element, dict) or depth == 0:
            continue
        inner = element.get("elements")
        if element.get("type") == "rich_text_list":
            yield from _rich_lines(inner, depth - 1)
        elif isinstance(inner, list):
            yield "".join(_leaf(leaf) for leaf in inner if isinstance(leaf, dict))


def _leaf(leaf: Mapping[str, Any]) -> str:
    text, url = leaf.get("text"), leaf.get("url")
    if leaf.get("type") == "link" and isinstance(url, str):
        return f"<{url}|{text}>" if isinstance(text, str) else f"<{url}>"
    return escaped(text) if isinstance(text, str) else ""


# --- name and subject -------------------------------------------------------------------------------------------------


def _name_before(before: str, bracketed: bool) -> str:
    """The name that ends where the address begins.

    `Acme Buyer <mail>` says plainly that it is one; before a bare address only words with capitals count, or
    "please write to" would be a name too.
    """
    line = _plain_line(before.rpartition("\n")[2]).rstrip()
    quoted = re.search(r"[\"“]([^\"“”]{1,80})[\"”]$", line)
    if quoted:
        return one_line(quoted.group(1))
    words = _DIVIDER.split(line)[-1].split()
    if not bracketed or len(words) > MOST_WORDS:
        words = _last_capitalised(words)
    if all(word.casefold() in _NO_NAMES for word in words):
        return ""
    return fit(one_line(" ".join(words)), NAME_LIMIT)


def _labelled_name(said: str) -> str:
    """What a form wrote behind `Name:`."""
    found = next((match for line in said.split("\n") if (match := _LABELLED.match(_plain_line(line)))), None)
    return fit(one_line(found.group(1)), NAME_LIMIT) if found else ""


def _last_capitalised(words: list[str]) -> list[str]:
    found: list[str] = []
    for word in reversed(words[-MOST_WORDS:]):
        is_name = word[:1].isalpha() and not word[:1].islower() and word.casefold() not in _NO_NAMES
        if not is_name and word not in _PARTICLES:
            break
        found.insert(0, word)
    while found and found[0] in _PARTICLES:
        found.pop(0)
    return found


def _subject(said: str) -> str:
    """The first line that says something beside the address."""
    for line in said.split("\n"):
        words = one_line(_without_address(_plain_line(line)))
        if any(sign.isalnum() for sign in words):
            return fit(words, SUBJECT_LIMIT)
    return ""


def _without_address(line: str) -> str:
    """The line without the place of the address and without punctuation that introduced it."""
    before, here, after = line.partition(_HERE)
    if not here:
        return line
    before, after = before.rstrip(), after.lstrip()
    if not after or after[0] in ",.;:!?)":
        before = before.rstrip(" :;,–—-(")
        return (before + after).strip(" ,;") if before else after.lstrip(" ,.;:!?)")
    return f"{before} {after}".strip()


def _plain_line(line: str) -> str:
    """Without bullets, emphasis, mentions and emoji codes; links as people read them."""
    line = _EMOJI.sub(" ", _BARE_MENTION.sub(" ", _BULLET.sub("", line)))
    return _MARK.sub("", readable(line))
