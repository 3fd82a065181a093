"""Rules for interactive elements: where each may stand, and what it may hold."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import available_timezones

from sandbox.workspace.rule_kit import (
    Check,
    Json,
    Report,
    Shape,
    anything,
    array,
    boolean,
    identifier,
    image_url,
    integer,
    kind_of,
    one_of,
    string,
    url,
)
from sandbox.workspace.rule_texts import CONFIRM, RICH_TEXT, conversation_filter, option, option_groups, options, plain

EVERYWHERE = frozenset({"modal", "home", "message"})
ANY_TEXT = ("plain_text", "mrkdwn")
TEXT_INPUTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"})
HOST_RULES = {"section": "B1", "actions": "B2", "context": "B3", "input": "B6"}
PLACE_RULES = {  # elements whose place has a rule of its own
    "overflow": "E4",
    "datetimepicker": "E12",
    "email_text_input": "E15",
    "url_text_input": "E15",
    "number_input": "E15",
    "file_input": "E15",
    "rich_text_input": "E16",
}


def calendar_day(report: Report, value: Json, pointer: str) -> None:
    """A real day as YYYY-MM-DD."""
    try:
        good = (
            isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value)) and bool(date.fromisoformat(value))
        )
    except ValueError:
        good = False
    if not good:
        report.refuse("E10", pointer, "must be a valid date in the format YYYY-MM-DD")


def time_zone(report: Report, value: Json, pointer: str) -> None:
    """An IANA zone name."""
    if not isinstance(value, str) or value not in available_timezones():
        report.refuse("E11", pointer, "must be a valid timezone")


def number(value: Json) -> Decimal | None:
    """The number a number_input's text stands for, or None."""
    try:
        return Decimal(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) else None
    except InvalidOperation:
        return None


def numeric(report: Report, value: Json, pointer: str) -> None:
    """A number written as text."""
    if number(value) is None:
        report.refuse("E14", pointer, "must be a numeric string")


def focus(report: Report, value: Json, pointer: str) -> None:
    """At most one element of a view takes the focus."""
    boolean("V8")(report, value, pointer)
    if value is True:
        report.focused.append(pointer)
        if len(report.focused) > 1:
            report.refuse("V8", pointer, "focus_on_load may be true for only one element")


def once_each(report: Report, value: Json, pointer: str) -> None:
    """trigger_actions_on: one or both of the two occasions."""
    array("E21", one_of("E21", "on_enter_pressed", "on_character_entered"), 1, 2)(report, value, pointer)
    if isinstance(value, list) and len(value) != len(set(map(str, value))):
        report.refuse("E21", pointer, "must contain unique items")


DISPATCH = Shape({"trigger_actions_on": once_each})
BASE = Shape({"type": anything, "action_id": string("E1", 1, 255)}, ("type",))
FOCUSED = BASE.plus(focus_on_load=focus, placeholder=plain("E2", 150))
TYPED = FOCUSED.plus(dispatch_action_config=DISPATCH)
SELECT = FOCUSED.plus(confirm=CONFIRM)
MAX_SELECTED = integer("E17", 1)
CONVERSATION_SELECT = SELECT.plus(filter=conversation_filter, default_to_current_conversation=boolean())


def entries(rule: str, check: Check) -> Check:
    """A non-empty list of initial values, none twice."""

    def unique(report: Report, value: Json, pointer: str) -> None:
        array(rule, check)(report, value, pointer)
        if isinstance(value, list) and any(value.index(entry) < index for index, entry in enumerate(value)):
            report.refuse(rule, pointer, "must contain unique items")

    return unique


def listed(element: dict[str, Any]) -> list[list[Any]]:
    """The element's options, one list per group."""
    if "option_groups" in element:
        groups = element["option_groups"] if isinstance(element["option_groups"], list) else []
        inner = [group.get("options") for group in groups if isinstance(group, dict)]
        return [group for group in inner if isinstance(group, list)]
    return [element["options"]] if isinstance(element.get("options"), list) else []


def initial_is_listed(report: Report, element: dict[str, Any], pointer: str) -> None:
    """An initial option must equal a listed one in every key."""
    groups = listed(element)
    single = element.get("initial_option")
    many = element.get("initial_options")
    chosen = ([single] if single is not None else []) + (many if isinstance(many, list) else [])
    homes = [next((i for i, group in enumerate(groups) if entry in group), None) for entry in chosen]
    name = "initial_option" if single is not None else "initial_options"
    if None in homes:
        report.refuse("E8", f"{pointer}/{name}", "must be one of the provided options")
    elif len(set(homes)) > 1:
        report.warn("E8", f"{pointer}/{name}", "Slack refuses initial options that span several groups at times")


def static_choice(report: Report, element: dict[str, Any], pointer: str) -> None:
    """A static select has options or option groups, never both."""
    if ("options" in element) == ("option_groups" in element):
        report.refuse("E6", pointer, "must define either `options` or `option_groups`")
    initial_is_listed(report, element, pointer)


def no_more_than_max(report: Report, element: dict[str, Any], pointer: str) -> None:
    """The initial values of a multi-select fit under max_selected_items."""
    most = element.get("max_selected_items")
    for name, value in element.items():
        if name.startswith("initial_") and isinstance(value, list) and isinstance(most, int) and len(value) > most:
            report.refuse("E17", f"{pointer}/{name}", f"no more than {most} items allowed")


def text_bounds(report: Report, element: dict[str, Any], pointer: str) -> None:
    """min_length <= max_length, and the initial value is no longer than that."""
    low, high, initial = element.get("min_length"), element.get("max_length"), element.get("initial_value")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        report.refuse("E13", f"{pointer}/min_length", "min_length must not be greater than max_length")
    if isinstance(high, int) and isinstance(initial, str) and len(initial) > high:
        report.refuse("E13", f"{pointer}/initial_value", f"must be less than {high + 1} characters")


def number_bounds(report: Report, element: dict[str, Any], pointer: str) -> None:
    """min_value <= initial_value <= max_value, whole unless decimals are allowed."""
    low, high, initial = (number(element.get(name)) for name in ("min_value", "max_value", "initial_value"))
    if low is not None and high is not None and low > high:
        report.refuse("E14", f"{pointer}/min_value", "min_value must not be greater than max_value")
    if initial is not None and ((low is not None and initial < low) or (high is not None and initial > high)):
        report.refuse("E14", f"{pointer}/initial_value", "initial_value must be between min_value and max_value")
    if initial is not None and element.get("is_decimal_allowed") is False and initial != initial.to_integral_value():
        report.refuse("E14", f"{pointer}/initial_value", "must be a whole number")


def lines_bounds(report: Report, element: dict[str, Any], pointer: str) -> None:
    """min_lines <= max_lines."""
    low, high = element.get("min_lines"), element.get("max_lines")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        report.refuse("E16", f"{pointer}/min_lines", "min_lines must not be greater than max_lines")


def picture_source(report: Report, element: dict[str, Any], pointer: str) -> None:
    """An image comes from an address or from a Slack file, never from both."""
    if ("image_url" in element) == ("slack_file" in element):
        report.refuse("B5", pointer, "must define either `image_url` or `slack_file`")


def slack_file(report: Report, value: Json, pointer: str) -> None:
    """A file named by id or by address."""
    Shape({"id": string("B5", 1), "url": url(rule="B5")})(report, value, pointer)
    if isinstance(value, dict) and ("id" in value) == ("url" in value):
        report.refuse("B5", pointer, "must define either `id` or `url`")


Extra = Callable[[Report, dict[str, Any], str], None]


@dataclass(frozen=True, slots=True)
class Element:
    """Where an element may stand, its fields, and the rules that tie fields together."""

    hosts: frozenset[str]
    shape: Shape
    surfaces: frozenset[str] = EVERYWHERE
    extras: tuple[Extra, ...] = ()


SAI = frozenset({"section", "actions", "input"})
SA = frozenset({"section", "actions"})
INPUT = frozenset({"input"})
MODAL = frozenset({"modal"})
IMAGE_FIELDS: dict[str, Check] = {"image_url": image_url, "alt_text": string("B5", 1, 2000), "slack_file": slack_file}


def _multi(shape: Shape, *extras: Extra) -> Element:
    return Element(SAI, shape.plus(max_selected_items=MAX_SELECTED), extras=(*extras, no_more_than_max))


STATIC = SELECT.plus(options=options("E6", 100), option_groups=option_groups("E6"))
EXTERNAL = SELECT.plus(min_query_length=integer("E22", 0))
CONFIRMED_CHOICE = BASE.plus(
    ("options",), options=options("E5", 10, kinds=ANY_TEXT), confirm=CONFIRM, focus_on_load=focus
)
PLAIN_OPTION, RICH_OPTION = option(), option(kinds=ANY_TEXT)
USER, CHANNEL, CONVERSATION = identifier("UW"), identifier("CG"), identifier("CGDUW")
PICTURE = Shape({"type": anything, **IMAGE_FIELDS}, ("alt_text",), "B5")

ELEMENTS: dict[str, Element] = {
    "button": Element(
        frozenset({*SA, "card"}),
        BASE.plus(
            ("text",),
            text=plain("E3", 75),
            value=string("E3", 1, 2000),
            url=url(rule="E3"),
            style=one_of("E3", "primary", "danger"),
            confirm=CONFIRM,
            accessibility_label=string("E3", 1, 75),
        ),
    ),
    "overflow": Element(SA, BASE.plus(("options",), options=options("E4", 5, has_url=True), confirm=CONFIRM)),
    "static_select": Element(SAI, STATIC.plus(initial_option=PLAIN_OPTION), extras=(static_choice,)),
    "multi_static_select": _multi(STATIC.plus(initial_options=entries("E8", PLAIN_OPTION)), static_choice),
    "external_select": Element(SAI, EXTERNAL.plus(initial_option=PLAIN_OPTION)),
    "multi_external_select": _multi(EXTERNAL.plus(initial_options=entries("E8", PLAIN_OPTION))),
    "users_select": Element(SAI, SELECT.plus(initial_user=USER)),
    "multi_users_select": _multi(SELECT.plus(initial_users=entries("E8", USER))),
    "channels_select": Element(SAI, SELECT.plus(initial_channel=CHANNEL, response_url_enabled=boolean("E19"))),
    "multi_channels_select": _multi(SELECT.plus(initial_channels=entries("E8", CHANNEL))),
    "conversations_select": Element(
        SAI, CONVERSATION_SELECT.plus(initial_conversation=CONVERSATION, response_url_enabled=boolean("E19"))
    ),
    "multi_conversations_select": _multi(CONVERSATION_SELECT.plus(initial_conversations=entries("E8", CONVERSATION))),
    "radio_buttons": Element(SAI, CONFIRMED_CHOICE.plus(initial_option=RICH_OPTION), extras=(initial_is_listed,)),
    "checkboxes": Element(
        SAI, CONFIRMED_CHOICE.plus(initial_options=entries("E8", RICH_OPTION)), extras=(initial_is_listed,)
    ),
    "datepicker": Element(SAI, SELECT.plus(initial_date=calendar_day)),
    "timepicker": Element(
        SAI, SELECT.plus(initial_time=string("E11", 5, 5, r"([01]\d|2[0-3]):[0-5]\d"), timezone=time_zone)
    ),
    "datetimepicker": Element(
        frozenset({"actions", "input"}),
        BASE.plus(initial_date_time=integer("E12", 1_000_000_000, 9_999_999_999), confirm=CONFIRM, focus_on_load=focus),
        frozenset({"modal", "message"}),
    ),
    "plain_text_input": Element(
        INPUT,
        TYPED.plus(
            initial_value=string("E13"),
            multiline=boolean("E13"),
            min_length=integer("E13", 0, 3000),
            max_length=integer("E13", 1, 3000),
        ),
        extras=(text_bounds,),
    ),
    "email_text_input": Element(INPUT, TYPED.plus(initial_value=string("E15")), MODAL),
    "url_text_input": Element(INPUT, TYPED.plus(initial_value=string("E15")), MODAL),
    "number_input": Element(
        INPUT,
        Shape(
            {
                **TYPED.fields,
                "is_decimal_allowed": boolean("E14"),
                "initial_value": numeric,
                "min_value": numeric,
                "max_value": numeric,
            },
            ("type", "is_decimal_allowed"),
            "E14",
        ),
        MODAL,
        (number_bounds,),
    ),
    "file_input": Element(
        INPUT, BASE.plus(filetypes=array("E15", string("E15", 1)), max_files=integer("E15", 1, 10)), MODAL
    ),
    "rich_text_input": Element(
        INPUT,
        Shape(
            {
                **TYPED.fields,
                "initial_value": RICH_TEXT,
                "min_lines": integer("E16", 1, 100),
                "max_lines": integer("E16", 1, 100),
            },
            ("type", "action_id"),
            "E16",
        ),
        frozenset({"modal", "home"}),
        (lines_bounds,),
    ),
    "image": Element(frozenset({"section", "context"}), PICTURE, extras=(picture_source,)),
    "workflow_button": Element(
        SA,
        BASE.plus(
            ("text", "workflow"),
            text=plain("E3", 75),
            workflow=anything,
            style=one_of("E3", "primary", "danger"),
            accessibility_label=string("E3", 1, 75),
        ),
        frozenset({"message"}),
    ),
    "feedback_buttons": Element(
        frozenset({"context_actions"}),
        BASE.plus(positive_button=anything, negative_button=anything),
        frozenset({"message"}),
    ),
    "icon_button": Element(
        frozenset({"context_actions"}),
        BASE.plus(
            ("icon", "text"),
            icon=string("G4", 1),
            text=plain("E3", 75),
            value=string("E3", 1, 2000),
            confirm=CONFIRM,
            accessibility_label=string("E3", 1, 75),
            visible_to_user_ids=array("E23", USER),
        ),
        frozenset({"message"}),
    ),
}


def element_in(host: str, *, dispatches: bool = True) -> Check:
    """An element standing in a block of kind `host`."""

    def check(report: Report, value: Json, pointer: str) -> None:
        kind = kind_of(value)
        known = ELEMENTS.get(kind)
        if known is None:
            report.refuse("G3", f"{pointer}/type", f"unsupported type: {kind}")
            return
        if host not in known.hosts or report.surface not in known.surfaces:
            rule = PLACE_RULES.get(kind, HOST_RULES.get(host, "G3") if host not in known.hosts else "G3")
            report.refuse(rule, f"{pointer}/type", f"unsupported type: {kind}")
            return
        known.shape(report, value, pointer)
        for extra in known.extras:
            extra(report, value, pointer)
        if value.get("response_url_enabled") is True and (host, report.surface) != ("input", "modal"):
            report.refuse("E19", f"{pointer}/response_url_enabled", "only allowed in an input block of a modal")
        if "dispatch_action_config" in value and not dispatches:
            report.warn("E21", pointer, "dispatch_action_config does nothing without dispatch_action")

    return check
