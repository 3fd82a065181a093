"""Payloads that Slack takes: those that show badly with their rule, and good ones."""

from tests.sandbox.payload_kit import (
    CONFIRM,
    GROUPED,
    HELLO,
    IMAGE,
    NUMBER,
    RICH,
    SELECT,
    TABLE,
    Case,
    el,
    h,
    inp,
    m,
    md,
    opt,
    opts,
    rich,
    v,
)
from tests.sandbox.small_app import actions, button, plain, section, text_input

WARNED: list[Case] = [
    v("G7", "picture on a private host", {**IMAGE, "image_url": "http://localhost/a.png"}),
    m("G8", "long blocks", *[section("x" * 2900) for _ in range(5)]),
    v("V9", "submit without callback_id", HELLO, callback_id=None),
    m("M2", "blocks without text", HELLO, text=""),
    ("M2", "message", "text over 4000", {"text": "x" * 4001}),
    ("M4", "message", "whole channel", {"text": "hello <!channel>"}),
    m("M4", "whole channel in a block", {"type": "section", "text": md("<!here> hello")}),
    m("M4", "raw ampersand", {"type": "section", "text": md("Smith & Sons")}),
    m("M4", "raw less-than", {"type": "section", "text": md("a < b")}),
    m(
        "M4",
        "broadcast leaf",
        rich({"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "here"}]}),
    ),
    h("B10", "table on home", TABLE),
    v("B11", "card in a modal", {"type": "card", "title": plain("x")}),
    v("E8", "initial options in two groups", actions({**GROUPED, "initial_options": [opt("A", "a"), opt("B", "b")]})),
    v("E9", "value twice", actions(el("static_select", options=[opt("A", "1"), opt("B", "1")]))),
    v(
        "E21",
        "config without dispatch_action",
        inp(el("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]})),
    ),
    v("E24", "date token in plain text", section("at <!date^1764000000^{time}|noon>")),
    v("E24", "mention in plain text", section("ask <@U0DANA>")),
    v("E24", "emphasis in plain text", section("a *bold* word")),
]
GOOD: list[Case] = [
    v("", "smallest modal", HELLO, submit=None, callback_id=None),
    v(
        "",
        "longest words",
        section("x" * 3000),
        title=plain("x" * 24),
        submit=plain("x" * 24),
        close=plain("x" * 24),
        private_metadata="x" * 3000,
        external_id="x" * 255,
        callback_id="x" * 255,
        clear_on_close=True,
        notify_on_close=True,
    ),
    v("", "empty names", HELLO, submit=None, private_metadata="", callback_id="", external_id=""),
    v("", "code points, not bytes", HELLO, title=plain("é" * 24)),
    v("", "100 blocks", *[{"type": "divider"}] * 100),
    v(
        "",
        "every input",
        *[
            inp(element, f"b{n}")
            for n, element in enumerate(
                [
                    el("plain_text_input", min_length=0, max_length=3000, multiline=True, initial_value="x"),
                    el("email_text_input"),
                    el("url_text_input"),
                    {**NUMBER, "min_value": "1", "max_value": "9", "initial_value": "5"},
                    el("file_input", max_files=10),
                    el("rich_text_input", initial_value=RICH, min_lines=1),
                    SELECT,
                    el("radio_buttons", options=[{"text": md("*x*"), "value": "1"}]),
                    el("checkboxes", options=opts(10), initial_options=opts(2)),
                    el("datepicker", initial_date="2028-02-29"),
                    el("timepicker", initial_time="23:59", timezone="Asia/Kolkata"),
                    el("datetimepicker", initial_date_time=1_764_000_000),
                    el("users_select", initial_user="U0DANA"),
                    el("multi_users_select", initial_users=["U1", "W2"], max_selected_items=2),
                    el("conversations_select", filter={"include": ["public"]}, response_url_enabled=True),
                    el("channels_select"),
                    el("external_select", min_query_length=0, initial_option=opt()),
                    el("multi_external_select", initial_options=[opt()]),
                    el("multi_channels_select"),
                    el("multi_conversations_select", default_to_current_conversation=True),
                    GROUPED,
                ]
            )
        ],
    ),
    v(
        "",
        "25 buttons",
        actions(
            *[button("x" * 75, f"a{n}", value="v", style="primary", accessibility_label="x" * 75) for n in range(25)]
        ),
    ),
    v(
        "",
        "an overflow of one entry with address",
        section("x", accessory=el("overflow", options=[opt(url="https://a.example/")])),
    ),
    v(
        "",
        "alert, header, context, picture",
        {"type": "alert", "text": md("x"), "level": "warning"},
        {"type": "header", "text": plain("x" * 150), "level": 2},
        {"type": "context", "elements": [md("x"), plain("y"), IMAGE]},
        IMAGE,
    ),
    v(
        "",
        "confirm and link",
        actions(button("x", "a", url="https://a.example/x?y=1", confirm={**CONFIRM, "style": "danger"})),
    ),
    v(
        "",
        "escaped mrkdwn",
        {"type": "section", "text": md("Smith &amp; Sons &lt;x&gt; <https://a.example|here>", verbatim=True)},
    ),
    v(
        "",
        "dispatching input",
        inp(
            el("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]}),
            dispatch_action=True,
        ),
    ),
    h("", "home", HELLO, actions(button("x", "a")), private_metadata="x", callback_id="home"),
    h("", "home with an input", text_input("Name", "n")),
    m("", "message", HELLO, RICH, actions(button("Join", "j", url="https://meet.example/1"))),
    m("", "date token", {"type": "section", "text": md("<!date^1764000000^{date_short_pretty} {time}|Monday> x")}),
    ("", "message", "text alone", {"text": "Hello"}),
    m("", "50 blocks", *[{"type": "divider"}] * 50),
    m("", "quote mark at the start", {"type": "section", "text": md("> quoted")}),
]
