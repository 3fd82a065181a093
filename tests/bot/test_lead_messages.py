"""What a message gives the form when somebody schedules from it."""

import time

import pytest

from bot.command import parse_command
from bot.lead import as_command, parse_message
from scheduling.domain import Prefill

MAIL = "buyer@acme.example"
LINK = f"<mailto:{MAIL}|{MAIL}>"


@pytest.mark.parametrize(
    ("text", "name", "subject"),
    [
        pytest.param(f"Acme Buyer {LINK}", "Acme Buyer", "Acme Buyer", id="a name and a link"),
        pytest.param(
            f"Acme Buyer &lt;{LINK}&gt; wants *pricing*\nsecond line",
            "Acme Buyer",
            "Acme Buyer wants pricing",
            id="RFC",
        ),
        pytest.param(f"acme buyer <{MAIL}> asks", "acme buyer", "acme buyer asks", id="brackets make any words a name"),
        pytest.param(f"New lead: {LINK}, call them <!channel>", "", "New lead, call them", id="a label is no name"),
        pytest.param(
            f"New lead: Acme Buyer {LINK} wants a demo",
            "Acme Buyer",
            "New lead: Acme Buyer wants a demo",
            id="a name after a label",
        ),
        pytest.param(f"please write to {LINK}", "", "please write to", id="small words are no name"),
        pytest.param(f'"Buyer, Acme" &lt;{LINK}&gt;', "Buyer, Acme", '"Buyer, Acme"', id="a quoted name"),
        pytest.param(
            f"_hi_ Ludwig van Beethoven ({LINK}) about snake_case",
            "Ludwig van Beethoven",
            "hi Ludwig van Beethoven about snake_case",
            id="particles belong to names",
        ),
        pytest.param(f"Tom &amp; Co {LINK}", "Tom & Co", "Tom & Co", id="entities"),
        pytest.param(
            f"*New form entry*\n• Full name: Acme Buyer\n• Mail: {LINK}", "Acme Buyer", "New form entry", id="a form"
        ),
        pytest.param(f"{LINK}\n&gt; Wants a demo :tada:", "", "Wants a demo", id="the first line that says something"),
        pytest.param(LINK, "", "", id="nothing but an address"),
        pytest.param(f"田中 太郎 {LINK} 打合せ", "田中 太郎", "田中 太郎 打合せ", id="scripts without capitals"),
        pytest.param(
            f"See <https://acme.example|our site>, {LINK}",
            "",
            "See our site (https://acme.example)",
            id="links keep their address",
        ),
        pytest.param(f"&lt;!channel&gt; <@U0SAM> {LINK} hello", "", "<!channel> hello", id="mentions go, words stay"),
        pytest.param(f"Contact {LINK}: urgent", "", "Contact: urgent", id="a word that introduces"),
    ],
)
def test_the_first_address_with_its_name_and_the_first_line(text, name, subject):
    assert parse_message({"text": text}) == Prefill(name=name, email=MAIL, subject=subject)


def test_further_addresses_stay_in_the_subject():
    read = parse_message({"text": f"intro: {LINK} and <mailto:c@d.example|c@d.example>"})

    assert (read.email, read.subject) == (MAIL, "intro: and c@d.example")


def test_without_an_address_the_first_line_is_the_subject():
    assert parse_message({"text": "Call <!here> *now*\nmore"}) == Prefill(subject="Call now")


def test_a_long_first_line_is_cut_to_what_the_field_takes():
    read = parse_message({"text": f"{LINK} " + "word " * 200})

    assert len(read.subject) == 150
    assert read.subject.endswith("…")


def test_blocks_are_read_where_the_text_has_no_address():
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_list",
                "elements": [
                    {
                        "type": "rich_text_section",
                        "elements": [
                            {"type": "text", "text": "Lead: Acme <Buyer> "},
                            {"type": "link", "url": f"mailto:{MAIL}", "text": MAIL},
                        ],
                    }
                ],
            }
        ],
    }
    section = {"type": "section", "fields": [{"type": "mrkdwn", "text": f"*Mail*\n{LINK}"}]}

    assert parse_message({"text": "", "blocks": [rich]}).email == MAIL
    assert parse_message({"text": "New lead", "blocks": [section]}) == Prefill(email=MAIL, subject="New lead")


def test_attachments_of_a_lead_bot_are_read():
    attachment = {
        "title": "Form",
        "fields": [{"title": "Name", "value": "Acme Buyer"}, {"title": "Mail", "value": LINK}],
    }

    read = parse_message({"text": "A new lead", "attachments": [attachment]})

    assert read == Prefill(name="Acme Buyer", email=MAIL, subject="A new lead")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": None},
        {"text": 7, "blocks": "x", "attachments": {"a": 1}},
        {"blocks": [None, 1, {"type": "section"}, {"type": "rich_text", "elements": [[], {"elements": [None]}]}]},
        {"blocks": [{"type": "section", "text": []}, {"type": "context", "elements": [3]}]},
        {"attachments": [None, {"fields": [None, {"title": 1}], "blocks": 3, "text": 5}]},
        {"text": "\x00\x07<>&lt;|@"},
    ],
)
def test_messages_of_any_shape_are_survived(message):
    assert parse_message(message).email == ""


def test_the_button_that_opens_again_says_the_same():
    read = parse_message({"text": f"Tom &amp; Jerry {LINK} about &lt;prices&gt;, soon"})

    assert parse_command(as_command(read)) == read.model_copy(update={"minutes": 30})
    assert as_command(Prefill.empty()) == ""


@pytest.mark.parametrize("piece", ["a@", "*_", "<mailto:", ": ", "Acme ", ":a:", "\n> ", "name:", '"a'])
def test_a_megabyte_of_almost_anything_is_read_at_once(piece):
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()

    parse_message({"text": text})

    assert time.process_time() - began < 1.0
