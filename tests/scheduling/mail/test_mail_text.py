"""What people typed, cleaned, shortened and searched for links; addresses in the form the wire wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.errors import MailRefused
from scheduling.mail.text import (
    clean_block,
    clean_header,
    clean_line,
    graphemes,
    link_in,
    same_mailbox,
    shorten,
    wire_address,
)

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  a \t b  ", "a b"),
        ("a\r\nb\nc\x0bd\x0ce\x1cf\x85g\u2028h", "a b c d e f g h"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("\ud800a", "a"),
        ("שלום\u200f!", "שלום\u200f!"),
    ],
)
def test_one_line_of_what_was_typed(typed, line) -> None:
    assert clean_line(typed) == line


def test_block_keeps_lines_and_tabs() -> None:
    assert clean_block("\na\r\n\tb\x0bc\u2028d\x00\n") == "a\n\tb\nc\nd"


def test_header_value_cannot_be_read_as_an_encoded_word() -> None:
    assert clean_header("=?utf-8?q?x?=") == "= ?utf-8?q?x?="


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("ab", ["a", "b"], id="letters"),
        pytest.param("e\u0301x", ["e\u0301", "x"], id="mark"),
        pytest.param(FAMILY + "x", [FAMILY, "x"], id="joined emoji"),
        pytest.param("👍🏽👍", ["👍🏽", "👍"], id="skin tone"),
        pytest.param("🇩🇪🇳🇴🇮", ["🇩🇪", "🇳🇴", "🇮"], id="flags are pairs"),
        pytest.param("❤️a", ["❤️", "a"], id="variation selector"),
        pytest.param("🏴󠁧󠁢󠁳󠁣󠁴󠁿!", ["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "!"], id="flag of tags"),
        pytest.param("नमस्ते", ["न", "म", "स्", "ते"], id="vowel signs"),
    ],
)
def test_what_people_see_as_one_character_stays_together(text, expected) -> None:
    assert list(graphemes(text)) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("abc " + FAMILY + "def", 5, "abc…"),
        (FAMILY * 3, 3, FAMILY * 3),
        ("Z" + "\u0336" * 500, 10, "…"),
    ],
)
def test_shortening_cuts_between_characters(text, limit, expected) -> None:
    assert shorten(text, limit) == expected


@given(st.text(), st.integers(1, 40))
def test_shortened_text_is_never_longer_than_allowed(text, limit) -> None:
    short = shorten(text, limit)

    assert len(list(graphemes(short))) <= limit
    assert len(short) <= 8 * limit + 1
    assert short == text or short.endswith("…")


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://meet.example/a", "https://meet.example/a"),
        ("Join (https://meet.example/a?x=1&y=2). Thanks", "https://meet.example/a?x=1&y=2"),
        ("dial in, or HTTPS://Meet.example", "HTTPS://Meet.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,x ftp://a.example", None),
        ("https://bank.example@evil.example/", None),
        ("https://ok.example:99999/ then https://fine.example/", "https://fine.example/"),
        ("https://", None),
        ('https://a.example/"><script>', "https://a.example/"),
        ("", None),
    ],
)
def test_only_plain_web_links_are_links(text, link) -> None:
    assert link_in(text) == link


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("Buyer@ACME.example", "Buyer@acme.example"),
        (" a@b.example ", "a@b.example"),
        ("user@exämple.com", "user@xn--exmple-cua.com"),
        ("user@straße.de", "user@xn--strae-oqa.de"),
        ("jörg@b.example", "jörg@b.example"),
        ("bot@localhost", "bot@localhost"),
    ],
)
def test_address_goes_out_with_an_ascii_domain(address, wire) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "a@b.example\r\nRCPT TO:<z@z.example>",
        "a b@c.example",
        '"q s"@b.example',
        "a@[127.0.0.1]",
        "a@b@c.example",
        "a\x00@b.example",
        "a@b\u00a0c.example",
    ],
)
def test_anything_but_one_plain_address_is_refused(address) -> None:
    with pytest.raises(MailRefused) as refused:
        wire_address(address)

    assert refused.value.code == "address"


def test_mailboxes_are_compared_without_case_and_spelling_of_the_domain() -> None:
    assert same_mailbox("Buyer@acme.example", "buyer@ACME.example")
    assert same_mailbox("a@exämple.com", "A@xn--exmple-cua.com")
    assert not same_mailbox("a@acme.example", "b@acme.example")
    assert not same_mailbox("", "")
