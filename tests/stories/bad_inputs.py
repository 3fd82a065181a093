"""The table of bad inputs: each value, where a rep enters it, and what must come of it.

B1 to B57 and B70 to B78 are the numbers of the project's list of bad inputs. Rows that no surface meets say why.
"""

from dataclasses import dataclass

NAME, EMAIL, ZONE = "External participant name", "Email address", "Customer's time zone"
SUBJECT, LENGTH, MINUTES = "Subject", "Meeting duration", "Minutes"
MEMBERS, DESCRIPTION = "Team members", "Description"

ZERO_WIDTH = "\u200b \u200d"
FAMILY = "👩‍👩‍👧"
ZALGO = "a" + "\u0334" * 500
LONG_LOCAL = f"{'x' * 65}@example.com"


@dataclass(frozen=True)
class Refused:
    """A polite error under the field, by our own check and not only by Slack's; nothing is stored."""

    number: str
    where: str
    value: object


@dataclass(frozen=True)
class Kept:
    """It works, and is shown as `shown` on the next screens."""

    number: str
    where: str
    value: str
    shown: str


@dataclass(frozen=True)
class Tampered:
    """A button's or picker's value that we never gave out: words on the screen, and nothing happens."""

    number: str
    where: str
    value: str


@dataclass(frozen=True)
class Elsewhere:
    """Told by a story of its own: `file::test`."""

    number: str
    story: str


@dataclass(frozen=True)
class NoSurface:
    """Nothing that a rep sees takes such a value."""

    number: str
    reason: str


NO_TYPED_TIME = "no field takes a time of day: starts are buttons, and what a button may carry is checked (B6 to B9)"
COMPUTED_END = "the end is never entered: it is the start plus the length, whose range is checked (B14)"

REFUSED = (
    *(Refused("B14", MINUTES, value) for value in ("0", "4", "481", "-30", "7.5", "1e2", "99999999999999999999")),
    Refused("B16", MINUTES, "３０"),
    *(Refused("B21", label, None) for label in (NAME, EMAIL, SUBJECT)),
    *(Refused("B22", label, value) for label in (NAME, SUBJECT) for value in ("   ", ZERO_WIDTH, "\u2060\ufeff")),
    *(Refused("B23", label, "x" * 151) for label in (NAME, SUBJECT)),
    Refused("B24", DESCRIPTION, "x" * 3001),
    *(Refused("B25", label, "x" * 200_000) for label in (NAME, SUBJECT, DESCRIPTION)),
    Refused("B35", NAME, "\x00"),
    Refused("B35", EMAIL, "buyer\x00@acme.example"),
    Refused("B36", NAME, "\ud800"),
    Refused("B36", EMAIL, "buyer\ud800@acme.example"),
    Refused("B44", EMAIL, "a@b"),
    Refused("B45", EMAIL, "a@x..example"),
    Refused("B46", EMAIL, "a@[127.0.0.1]"),
    Refused("B47", EMAIL, '"q s"@example.com'),
    Refused("B48", EMAIL, "a@example.com, b@example.com"),
    Refused("B49", EMAIL, "<a@example.com>"),
    Refused("B50", EMAIL, LONG_LOCAL),
    Refused("B51", EMAIL, f"a@{'x' * 250}.example"),
    Refused("B56", MEMBERS, [f"U0NOBODY{n}" for n in range(51)]),
    Refused("B57", EMAIL, "a@example.com\r\nRCPT TO:<z@z>"),
    Refused("B71", LENGTH, None),
    Refused("B71", MEMBERS, []),
)

KEPT = (
    *(Kept("B26", where, "<!channel> <!here>", "<!channel> <!here>") for where in (NAME, SUBJECT)),
    Kept("B27", SUBJECT, "<@U012AB3CD>", "<@U012AB3CD>"),
    Kept("B28", SUBJECT, "<https://evil.example|bank.example>", "<https://evil.example|bank.example>"),
    Kept("B29", SUBJECT, "&lt;b&gt;", "&lt;b&gt;"),
    Kept("B30", SUBJECT, "<script>alert(1)</script>", "<script>alert(1)</script>"),
    Kept("B31", SUBJECT, "{{7*7}} ${7*7} %s%n", "{{7*7}} ${7*7} %s%n"),
    Kept("B32", SUBJECT, "'; DROP TABLE booking;--", "'; DROP TABLE booking;--"),
    Kept("B33", SUBJECT, "Hi\r\nBcc: evil@example.com", "Hi Bcc: evil@example.com"),
    Kept("B34", SUBJECT, "a\x0bBcc: x\u2028b\x85c", "a Bcc: x b c"),
    Kept("B39", SUBJECT, "x" * 145 + FAMILY, "x" * 145 + FAMILY),
    Kept("B41", SUBJECT, 'a;b,c\\d"e', 'a;b,c\\d"e'),
    Kept("B42", SUBJECT, '=HYPERLINK("http://x")', '=HYPERLINK("http://x")'),
    Kept("B53", EMAIL, "user@exämple.com", "user@exämple.com"),
    Kept("B54", EMAIL, "Buyer@ACME.example", "Buyer@acme.example"),
)

TAMPERED = (
    Tampered("B1", "Jump to date", "2031-02-29"),
    Tampered("B7", "Jump to date", "9999-12-31"),
    Tampered("B8", "Jump to date", "1969-01-01"),
    Tampered("B1", "Jump to date", "tomorrow"),
    Tampered("B6", "slot", "-1 minute"),
    Tampered("B9", "slot", str(2**63)),
    Tampered("B9", "slot", "9" * 400),
    Tampered("B8", "slot", "-86400"),
    Tampered("B68", "slot", "1796032800x"),
    Tampered("B68", "slot", "one byte off"),
    Tampered("B11", ZONE, "Mars/Phobos"),
    Tampered("B12", ZONE, "../../etc/passwd"),
    Tampered("B13", ZONE, "GMT+25"),
)

ELSEWHERE = (
    Elsewhere("B2", "test_zones.py::test_skipped_times_are_not_offered_and_repeated_ones_are_told_apart"),
    Elsewhere("B3", "test_zones.py::test_skipped_times_are_not_offered_and_repeated_ones_are_told_apart"),
    Elsewhere("B17", "test_zones.py::test_on_a_day_with_twenty_three_hours_an_all_day_event_blocks_just_that_day"),
    Elsewhere("B19", "test_zones.py::test_a_rep_far_away_sees_one_instant_on_screen_in_mail_and_in_the_ics"),
    Elsewhere("B20", "test_zones.py::test_a_rep_far_away_sees_one_instant_on_screen_in_mail_and_in_the_ics"),
    Elsewhere("B37", "test_bad_inputs.py::test_hostile_words_are_only_words_in_slack_in_mails_and_in_the_calendar"),
    Elsewhere("B40", "test_bad_inputs.py::test_hostile_words_are_only_words_in_slack_in_mails_and_in_the_calendar"),
    Elsewhere("B38", "test_bad_inputs.py::test_a_command_of_any_length_and_shape_opens_the_form"),
    Elsewhere("B52", "test_bad_inputs.py::test_an_address_with_letters_that_look_alike_is_shown_as_it_is"),
    Elsewhere("B55", "test_who_is_told.py::test_a_customer_who_is_a_member_gets_one_mail"),
    Elsewhere("B70", "test_bad_inputs.py::test_a_form_of_an_older_version_is_answered_in_words"),
    Elsewhere("B72", "test_bad_inputs.py::test_a_card_whose_channel_is_gone_goes_to_the_rep"),
    Elsewhere("B73", "test_bad_inputs.py::test_a_member_who_cannot_take_part_is_said_in_words"),
    Elsewhere("B74", "test_bad_inputs.py::test_a_command_of_any_length_and_shape_opens_the_form"),
    Elsewhere("B75", "test_bad_inputs.py::test_a_search_answers_at_most_what_slack_takes"),
    Elsewhere("B76", "test_bad_inputs.py::test_a_view_carries_an_id_and_nothing_else"),
    Elsewhere("B77", "test_bad_inputs.py::test_two_rooms_cannot_be_named_alike"),
    Elsewhere("B78", "test_calendars.py::test_a_member_without_a_calendar_is_unknown_and_can_be_chosen_anyway"),
)

NO_SURFACE = (
    NoSurface("B4", COMPUTED_END),
    NoSurface("B5", COMPUTED_END),
    NoSurface("B10", NO_TYPED_TIME),
    NoSurface("B15", NO_TYPED_TIME),
    NoSurface("B18", "nobody asks for a range: a screen shows one week, and a date jumped to is kept in the horizon"),
    NoSurface("B43", "nothing is compared letter by letter but addresses, which the validator brings into one form"),
)
