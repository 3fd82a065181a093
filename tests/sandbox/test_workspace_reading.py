"""What a person reads: blocks, mark-up, dates in the viewer's zone, and links."""

from datetime import UTC, datetime

import pytest

from sandbox.workspace import Person, Workspace
from sandbox.workspace.render import Eye
from tests.sandbox.small_app import button, modal, opens, plain


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("*Tue* _now_ &lt;x&gt; &amp; <https://a.example|here>", "Tue now <x> & here"),
        ("<@U0PRIYA> in <#C0DEMOSALES> <!here>", "@Priya Nair in #sales @here"),
        ("<!date^1795617000^{date_num} {time}|soon>", "2026-11-25 20:00"),
        ("<!date^1795617000^{date_short_pretty} at {time}^https://a.example|soon>", "tomorrow at 20:00"),
        ("<!date^never^{time}|soon>", "soon"),
    ],
)
def test_mark_up_is_read_in_the_viewers_zone(source, seen):
    workspace = Workspace(
        people=[Person("U0PRIYA", "priya", "Priya Nair", "Asia/Kolkata")],
        clock=lambda: datetime(2026, 11, 24, 9, tzinfo=UTC),
    )

    assert Eye(workspace, "U0PRIYA").mrkdwn(source) == seen


def test_links_are_found_by_their_visible_words(over_http):
    where = {"type": "mrkdwn", "text": "<https://meet.example/1|Join> or <https://a.example/x?y=1&amp;z=2>"}
    leaf = {"type": "link", "url": "https://b.example", "text": "Calendar"}
    view = modal(
        {"type": "section", "text": where, "accessory": button("Open", "o", url="https://c.example")},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]},
        submit=None,
    )
    world = over_http(opens(view))

    screen = world.dana.command("/form")

    assert screen.links == {
        "Join": "https://meet.example/1",
        "https://a.example/x?y=1&z=2": "https://a.example/x?y=1&z=2",
        "Open": "https://c.example",
        "Calendar": "https://b.example",
    }


def test_every_block_can_be_read():
    workspace = Workspace()
    rich = {
        "type": "rich_text",
        "block_id": "r",
        "elements": [
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "*raw* <x>"}]}],
            },
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "user", "user_id": "U0SAM"},
                    {"type": "link", "url": "https://a.example", "text": " here"},
                    {"type": "date", "timestamp": 1795617000, "format": " {time}"},
                    {"type": "emoji", "name": "wave", "unicode": "1f44b"},
                ],
            },
        ],
    }
    cell = {"type": "raw_text", "text": "a"}
    blocks = [
        {"type": "header", "block_id": "h", "text": plain("Head")},
        {"type": "section", "block_id": "s", "fields": [plain("One"), {"type": "mrkdwn", "text": "*Two*"}]},
        {"type": "context", "block_id": "c", "elements": [plain("Note"), {"type": "image", "alt_text": "A map"}]},
        rich,
        {"type": "table", "block_id": "t", "rows": [[cell, {**cell, "text": "b"}]]},
    ]

    drawn = Eye(workspace, "U0DANA").read(blocks, {})

    assert drawn.headers == ("Head",)
    assert drawn.lines == (
        "Head", "One", "Two", "Note  [image: A map]", "• *raw* <x>", "@Sam Okafor here 15:30👋", "a | b",
    )  # fmt: skip
