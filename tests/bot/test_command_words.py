"""What the words after the command mean."""

import time

import pytest

from bot.command import parse_command
from scheduling.domain import Prefill

MAIL = "buyer@acme.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Prefill(), id="nothing"),
        pytest.param("   ", Prefill(), id="blanks"),
        pytest.param(
            f"{MAIL} Acme Buyer 30m Pricing call",
            Prefill(name="Acme Buyer", email=MAIL, subject="Pricing call", minutes=30),
            id="everything",
        ),
        pytest.param(f"<mailto:{MAIL}|{MAIL}> Acme", Prefill(name="Acme", email=MAIL), id="as Slack escapes it"),
        pytest.param("<mailto:a@b|a@b>", Prefill(email="a@b"), id="a link is taken as it is"),
        pytest.param(
            "Acme Buyer,30m,Pricing call",
            Prefill(name="Acme Buyer", subject="Pricing call", minutes=30),
            id="commas without blanks",
        ),
        pytest.param(
            f"{MAIL} - Acme Buyer - 30m \u2013 Pre-sales call",
            Prefill(name="Acme Buyer", email=MAIL, subject="Pre-sales call", minutes=30),
            id="dashes between the parts",
        ),
        pytest.param("Acme 1,3h", Prefill(name="Acme 1", subject="3h"), id="a length with an odd part is none"),
        pytest.param(f"Acme Buyer {MAIL}", Prefill(name="Acme Buyer", email=MAIL), id="mail last"),
        pytest.param(
            f"Acme, {MAIL}, Pricing", Prefill(name="Acme", email=MAIL, subject="Pricing"), id="commas all round"
        ),
        pytest.param(f"Acme ({MAIL})", Prefill(name="Acme", email=MAIL), id="brackets of the mail alone"),
        pytest.param(f"Acme <{MAIL}>", Prefill(name="Acme", email=MAIL), id="as in a mail's header"),
        pytest.param(
            f"Acme Buyer &lt;<mailto:{MAIL}|{MAIL}>&gt;",
            Prefill(name="Acme Buyer", email=MAIL),
            id="as in a header, escaped by Slack",
        ),
        pytest.param(f'"{MAIL}" Acme', Prefill(name="Acme", email=MAIL), id="a quoted mail"),
        pytest.param(f"mailto:{MAIL} Acme", Prefill(name="Acme", email=MAIL), id="a mailto address in words"),
        pytest.param(f"Acme (call {MAIL})", Prefill(name="Acme (call )", email=MAIL), id="brackets with words stay"),
        pytest.param(
            "Tom &amp; Jerry 30m 2 &lt; 3", Prefill(name="Tom & Jerry", subject="2 < 3", minutes=30), id="entities"
        ),
        pytest.param("Acme 1.5h Call", Prefill(name="Acme", subject="Call", minutes=90), id="hours with a point"),
        pytest.param("Acme 1,5h Call", Prefill(name="Acme", subject="Call", minutes=90), id="hours with a comma"),
        pytest.param("Acme 0.5 hours", Prefill(name="Acme", minutes=30), id="half an hour"),
        pytest.param("Acme 8h", Prefill(name="Acme", minutes=480), id="the longest"),
        pytest.param("Acme 9h", Prefill(name="Acme 9h"), id="longer than the longest"),
        pytest.param("Acme 30M Call", Prefill(name="Acme", subject="Call", minutes=30), id="capitals"),
        pytest.param("Acme 30m, Call", Prefill(name="Acme", subject="Call", minutes=30), id="a comma after it"),
        pytest.param("Acme 30 Call", Prefill(name="Acme 30 Call"), id="a bare number is no length"),
        pytest.param(
            "Acme <https://acme.example|acme.example> 30m <#C1|sales> <!subteam^S1|@team>",
            Prefill(name="Acme acme.example", subject="#sales @team", minutes=30),
            id="links, channels and groups as people read them",
        ),
        pytest.param(
            "Acme, <https://acme.example/prices|Prices>",
            Prefill(name="Acme", subject="Prices (https://acme.example/prices)"),
            id="a label that hides its address",
        ),
        pytest.param("Acme 30m 45m", Prefill(name="Acme", subject="45m", minutes=30), id="a second length stays"),
        pytest.param("Acme 1h Call", Prefill(name="Acme", subject="Call", minutes=60), id="hours"),
        pytest.param("Acme 1h30m Call", Prefill(name="Acme", subject="Call", minutes=90), id="hours and minutes"),
        pytest.param("Acme 1h30 Call", Prefill(name="Acme", subject="Call", minutes=90), id="without the m"),
        pytest.param("Acme 1h 30 min Call", Prefill(name="Acme", subject="Call", minutes=90), id="written apart"),
        pytest.param("Acme 90 min Call", Prefill(name="Acme", subject="Call", minutes=90), id="minutes in words"),
        pytest.param("Acme 2 hours Call", Prefill(name="Acme", subject="Call", minutes=120), id="hours in words"),
        pytest.param("Acme 1h 5 seats", Prefill(name="Acme", subject="5 seats", minutes=60), id="a number after it"),
        pytest.param("30m Call", Prefill(subject="Call", minutes=30), id="no name"),
        pytest.param("Acme 30m", Prefill(name="Acme", minutes=30), id="no subject"),
        pytest.param("Acme Buyer, Pricing call", Prefill(name="Acme Buyer", subject="Pricing call"), id="a comma"),
        pytest.param("Acme, a, b", Prefill(name="Acme", subject="a, b"), id="the first comma divides"),
        pytest.param("Acme Buyer Pricing", Prefill(name="Acme Buyer Pricing"), id="neither: all is the name"),
        pytest.param("Acme 3m Call", Prefill(name="Acme 3m Call"), id="too short is no length"),
        pytest.param("Acme 600m Call", Prefill(name="Acme 600m Call"), id="too long is no length"),
        pytest.param(
            "Acme 3m and 30m Call", Prefill(name="Acme 3m and", subject="Call", minutes=30), id="the next one"
        ),
        pytest.param("Studio54m Call", Prefill(name="Studio54m Call"), id="inside a word"),
        pytest.param(
            "Acme <@U0SAM|sam> <@U0PRIYA> 45m Call <@U0SAM>",
            Prefill(name="Acme", subject="Call", minutes=45, members=("U0SAM", "U0PRIYA")),
            id="members, each once",
        ),
        pytest.param("Acme @nobody 30m x", Prefill(name="Acme @nobody", subject="x", minutes=30), id="@nobody stays"),
        pytest.param("@a @b @nobody", Prefill(name="@a @b @nobody"), id="plain at-signs"),
        pytest.param('"Acme, Inc" 30m "Call"', Prefill(name='"Acme, Inc"', subject='"Call"', minutes=30), id="quotes"),
        pytest.param(
            f"{MAIL} second@acme.example Acme",
            Prefill(name="second@acme.example Acme", email=MAIL),
            id="a second mail stays in sight",
        ),
        pytest.param(
            f"<mailto:{MAIL}|{MAIL}> <mailto:c@d.example|c@d.example>",
            Prefill(name="c@d.example", email=MAIL),
            id="a second link stays in sight",
        ),
        pytest.param("a\nb\t30m\nc", Prefill(name="a b", subject="c", minutes=30), id="line ends"),
        pytest.param("anna@payloadcms.com Anna", Prefill(name="Anna", email="anna@payloadcms.com"), id="payload"),
        pytest.param(
            "<!channel> 30m <!here>", Prefill(name="<!channel>", subject="<!here>", minutes=30), id="broadcasts"
        ),
        pytest.param(
            "日本 太郎 30m 打合せ", Prefill(name="日本 太郎", subject="打合せ", minutes=30), id="other scripts"
        ),
    ],
)
def test_words(text, expected):
    assert parse_command(text) == expected


def test_eight_thousand_signs_stay_whole():
    text = "x" * 8000

    assert parse_command(text) == Prefill(name=text)


def test_words_of_eight_thousand_signs_lose_nothing():
    words = [f"word{at}" for at in range(1000)]

    read = parse_command(f"{' '.join(words[:500])} {MAIL} 45m {' '.join(words[500:])} <@U0SAM>")

    assert read.name.split() + read.subject.split() == words
    assert (read.email, read.minutes, read.members) == (MAIL, 45, ("U0SAM",))


@pytest.mark.parametrize(
    "piece", ["a@", "<http:", "<#a|", "&lt;a@b", "1.5", "a@b.", "1h", "<@U", "<mailto:", " 3m", "@.", "1 "]
)
def test_a_megabyte_of_almost_anything_is_read_at_once(piece):
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()

    parse_command(text)

    assert time.process_time() - began < 1.0
