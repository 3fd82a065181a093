"""Rules for composition objects: text, option, option group, confirm, filter, and for rich text."""

import re

from sandbox.workspace.rule_kit import (
    Check,
    Json,
    Report,
    Shape,
    anything,
    array,
    boolean,
    identifier,
    integer,
    kind_of,
    one_of,
    string,
    url,
)

BROADCAST = re.compile(r"<!(channel|here|everyone)(\|[^>]*)?>")
TOKEN = re.compile(r"<[^<>\n]+>")
ENTITY = re.compile(r"&(amp|lt|gt);")


def text(rule: str, low: int = 1, high: int = 3000, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Check:
    """A text object of the given kinds whose text has `low` to `high` characters."""

    def check(report: Report, value: Json, pointer: str) -> None:
        if not isinstance(value, dict):
            report.refuse("G2", pointer, "must provide an object")
            return
        kind = kind_of(value)
        if kind not in {"plain_text", "mrkdwn"}:
            report.refuse("G6", f"{pointer}/type", f"unsupported type: {kind}")
            return
        if kind not in kinds:
            report.refuse("G6", f"{pointer}/type", f"must be {' or '.join(kinds)}")
        extra = "emoji" if kind == "plain_text" else "verbatim"
        shape = Shape({"type": anything, "text": string(rule, low, high), extra: boolean("G6")}, ("type", "text"))
        for stray in {"emoji", "verbatim"} - {extra}:
            if stray in value:
                report.refuse("G6", pointer, f"invalid additional property: {stray}")
        shape(
            report,
            {key: content for key, content in value.items() if key not in {"emoji", "verbatim"} - {extra}},
            pointer,
        )
        if isinstance(value.get("text"), str):
            (warn_about_plain if kind == "plain_text" else warn_about_mrkdwn)(report, value["text"], f"{pointer}/text")

    return check


def plain(rule: str, high: int, low: int = 1) -> Check:
    """A plain_text object."""
    return text(rule, low, high, ("plain_text",))


def warn_about_plain(report: Report, content: str, pointer: str) -> None:
    """Plain text shows mark-up as it stands."""
    if "<!date^" in content or "<@" in content or re.search(r"(?<!\S)\*\w[^*\n]*\*(?!\S)", content):
        report.warn("E24", pointer, "mark-up is shown as it stands in plain_text")


def warn_about_mrkdwn(report: Report, content: str, pointer: str) -> None:
    """Mark-up from a stranger can call a whole channel, and raw < > & may vanish."""
    if BROADCAST.search(content) and not report.broadcasts_allowed:
        report.warn("M4", pointer, "text addresses a whole channel")
    rest = ENTITY.sub("", TOKEN.sub("", content))
    if re.search(r"[&<]", rest) or re.search(r"(?m)(?<!^)>", rest):
        report.warn("M4", pointer, "raw &, < or > outside a token must be written as an entity")


def option(*, kinds: tuple[str, ...] = ("plain_text",), has_url: bool = False) -> Check:
    """One option of a select, an overflow, radio buttons or checkboxes."""
    fields: dict[str, Check] = {
        "text": text("E7", 1, 75, kinds),
        "value": string("E7", 1, 150),
        "description": text("E7", 1, 75, kinds),
    }
    if has_url:
        fields["url"] = url(rule="E7")
    shape = Shape(fields, ("text", "value"))

    def check(report: Report, value: Json, pointer: str) -> None:
        if isinstance(value, dict) and "url" in value and not has_url:
            report.refuse("E7", pointer, "invalid additional property: url")
            value = {key: content for key, content in value.items() if key != "url"}
        shape(report, value, pointer)

    return check


def options(
    rule: str, high: int, low: int = 1, *, kinds: tuple[str, ...] = ("plain_text",), has_url: bool = False
) -> Check:
    """The options of one element; two with the same value cannot be told apart."""
    listed = array(rule, option(kinds=kinds, has_url=has_url), low, high)

    def check(report: Report, value: Json, pointer: str) -> None:
        listed(report, value, pointer)
        if isinstance(value, list):
            values = [str(entry.get("value")) for entry in value if isinstance(entry, dict)]
            if len(values) != len(set(values)):
                report.warn("E9", pointer, "two options have the same value")

    return check


def option_groups(rule: str, high: int = 100, low: int = 1) -> Check:
    """Options under headings."""
    group = Shape({"label": plain("G4", 75), "options": options(rule, 100, low)}, ("label", "options"))
    return array(rule, group, low, high)


CONFIRM = Shape(
    {
        "title": plain("E20", 100),
        "text": text("E20", 1, 300),
        "confirm": plain("E20", 30),
        "deny": plain("E20", 30),
        "style": one_of("E20", "primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)


def conversation_filter(report: Report, value: Json, pointer: str) -> None:
    """Which conversations a select offers; an empty filter is refused."""
    if value == {}:
        report.refuse("E18", pointer, "must have at least one of the fields")
    Shape(
        {
            "include": array("E18", one_of("E18", "im", "mpim", "private", "public"), 1),
            "exclude_external_shared_channels": boolean("E18"),
            "exclude_bot_users": boolean("E18"),
        }
    )(report, value, pointer)


STYLE = Shape(
    dict.fromkeys(
        ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), boolean()
    )
)

LEAVES: dict[str, Shape] = {
    "text": Shape({"text": string("G4", 1), "style": STYLE}, ("text",)),
    "link": Shape({"url": string("G7", 1, 3000), "text": string("G4"), "unsafe": boolean(), "style": STYLE}, ("url",)),
    "user": Shape({"user_id": identifier("UW"), "style": STYLE}, ("user_id",)),
    "usergroup": Shape({"usergroup_id": identifier("S"), "style": STYLE}, ("usergroup_id",)),
    "channel": Shape({"channel_id": identifier("CGD"), "style": STYLE}, ("channel_id",)),
    "emoji": Shape(
        {"name": string("G4", 1), "unicode": string("G4"), "skin_tone": integer("G4", 1, 6), "style": STYLE}, ("name",)
    ),
    "date": Shape(
        {
            "timestamp": integer("G2", 0),
            "format": string("G4", 1),
            "url": string("G7"),
            "fallback": string("G4"),
            "style": STYLE,
            "timezone": string("G4"),
        },
        ("timestamp", "format"),
    ),
    "broadcast": Shape({"range": one_of("G3", "here", "channel", "everyone"), "style": STYLE}, ("range",)),
    "color": Shape({"value": string("G4", 1), "style": STYLE}, ("value",)),
    "team": Shape({"team_id": identifier("T"), "style": STYLE}, ("team_id",)),
}


def leaf(report: Report, value: Json, pointer: str) -> None:
    """One run inside a rich text section; nothing in it is parsed as mark-up."""
    kind = kind_of(value)
    if kind not in LEAVES:
        report.refuse("G3", f"{pointer}/type", f"unsupported type: {kind}")
        return
    if kind == "broadcast" and not report.broadcasts_allowed:
        report.warn("M4", pointer, "text addresses a whole channel")
    LEAVES[kind].plus(type=anything)(report, value, pointer)


RUNS = array("G5", leaf, 0)
SECTION = Shape({"type": one_of("G3", "rich_text_section"), "elements": RUNS}, ("type", "elements"))
RICH_PARTS: dict[str, Shape] = {
    "rich_text_section": SECTION,
    "rich_text_list": Shape(
        {
            "type": anything,
            "style": one_of("G3", "bullet", "ordered"),
            "elements": array("G5", SECTION, 1),
            "indent": integer("G5", 0, 8),
            "offset": integer("G5", 0),
            "border": integer("G5", 0, 1),
        },
        ("type", "style", "elements"),
    ),
    "rich_text_quote": Shape({"type": anything, "elements": RUNS, "border": integer("G5", 0, 1)}, ("type", "elements")),
    "rich_text_preformatted": Shape(
        {"type": anything, "elements": RUNS, "border": integer("G5", 0, 1), "language": string("G4")},
        ("type", "elements"),
    ),
}


def rich_part(report: Report, value: Json, pointer: str) -> None:
    """A section, list, quote or preformatted part of rich text."""
    kind = kind_of(value)
    if kind not in RICH_PARTS:
        report.refuse("G3", f"{pointer}/type", f"unsupported type: {kind}")
        return
    RICH_PARTS[kind](report, value, pointer)


RICH_TEXT = Shape(
    {"type": one_of("E16", "rich_text"), "block_id": string("V7", 1, 255), "elements": array("G5", rich_part, 1)},
    ("type", "elements"),
)
