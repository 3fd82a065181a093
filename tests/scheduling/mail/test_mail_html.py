"""The HTML of every mail: safe whatever was typed, readable in any client, light and dark."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from scheduling.mail import templates
from scheduling.mail.letters import LetterKind, ManageLinks, customer_confirmation, letters_for
from scheduling.mail.preview import samples

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}} ${7*7} %s%n {% raw %}",
    "&lt;b&gt; & <b>",
    "'; DROP TABLE booking;--",
    "<!channel> <@U012AB3CD> <https://evil.example|bank.example>",
    "</td></tr></table>",
]


class Outline(HTMLParser):
    """What a mail is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def outline_of(html: str) -> list[str]:
    return [tag for tag, _ in Outline(html).tags]


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_mail_is_light_private_and_accessible(name) -> None:
    html = samples()[name].html
    outline = Outline(html)

    assert len(html.encode()) <= 30_000
    assert outline.all("html") == [{"lang": "en", "dir": "auto"}]
    assert [len(outline.all(tag)) for tag in ("h1", "title")] == [1, 1]
    assert [table for table in outline.all("table") if table.get("role") != "presentation"] == []
    assert [
        tag for tag, _ in outline.tags if tag in ("img", "link", "script", "iframe", "object", "svg", "video")
    ] == []
    assert re.findall(r"url\(|@import|src=|background=", html) == []
    assert {urlsplit(str(link["href"])).scheme for link in outline.all("a")} <= {"http", "https", "mailto"}
    assert {"name": "color-scheme", "content": "light dark"} in outline.all("meta")
    assert "prefers-color-scheme: dark" in html


def test_there_is_a_folder_with_three_templates_for_each_mail() -> None:
    folders = {path.name for path in templates.FOLDER.iterdir() if not path.name.startswith("_")}

    assert folders == {kind.value for kind in LetterKind}
    for kind in LetterKind:
        files = {path.name for path in (templates.FOLDER / kind.value).iterdir()}
        assert files == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("typed", MARKUP)
def test_markup_that_was_typed_is_shown_literally(typed, booked, sender, now) -> None:
    dial_in = "x" if "https:" in typed else typed
    plain = booked(obstacles=("x",), conferencing_text="x", description="x", team_note="x")
    booking = booked(
        subject=typed,
        description=typed,
        team_note=typed,
        location=typed,
        meeting_type=typed,
        obstacles=(typed,),
        conferencing_text=dial_in,
        customer_name=typed,
        tracking_id=typed,
    )
    booking = replace(booking, organizer=replace(booking.organizer, name=typed))

    for letter, harmless in zip(letters_for(booking, sender, now), letters_for(plain, sender, now), strict=True):
        words = Outline(letter.html).text
        assert typed in words
        assert [tag for tag in outline_of(letter.html) if tag in ("script", "img", "b")] == []
        wanted = [tag for tag in outline_of(harmless.html) if tag != "a"]
        assert [tag for tag in outline_of(letter.html) if tag != "a"] == wanted
        assert typed in letter.text
        assert "49" not in letter.text.replace(typed, "")


@pytest.mark.parametrize(
    "typed",
    ["javascript:alert(1)", "data:text/html,x", "https://bank.example@evil.example/", "vbscript:x", "file:///etc"],
)
def test_only_web_links_become_a_button(typed, booked, sender, now) -> None:
    letter = customer_confirmation(booked(conferencing_text=typed), sender, now)

    assert Outline(letter.html).all("a") == []
    assert f"How to join\n  {typed}\n" in letter.text


def test_link_is_a_button_and_stands_bare_below_it(booked, sender, now) -> None:
    booking = booked(conferencing_text="https://meet.bookings.example/dana?a=1&b=2\nor +1 555 0100")

    letter = customer_confirmation(booking, sender, now)

    assert [link["href"] for link in Outline(letter.html).all("a")] == [
        "https://meet.bookings.example/dana?a=1&b=2"
    ] * 2
    assert "How to join\n  https://meet.bookings.example/dana?a=1&b=2\n  or +1 555 0100\n" in letter.text


def test_manage_links_appear_when_there_are_any_and_only_for_the_customer(booked, sender, now) -> None:
    links = ManageLinks("https://bookings.example/m/r", "https://bookings.example/m/c")

    first, *others = letters_for(booked(), sender, now, manage_links=links)

    assert (
        "Need another time?\n  Reschedule: https://bookings.example/m/r\n  Cancel: https://bookings.example/m/c\n"
        in first.text
    )
    assert {"https://bookings.example/m/r", "https://bookings.example/m/c"} <= {
        link["href"] for link in Outline(first.html).all("a")
    }
    assert [letter for letter in others if "/m/" in letter.text + letter.html + str(letter.calendar)] == []
    assert "Need another time?" not in letters_for(booked(), sender, now)[0].html


def test_text_that_runs_from_right_to_left_keeps_to_its_place(booked, sender, now) -> None:
    letter = customer_confirmation(booked(subject="اجتماع التسعير", customer_name="نور"), sender, now)

    assert "<bdi>اجتماع التسعير</bdi> with <bdi>Dana Reyes</bdi></h1>" in letter.html
    assert letter.subject == "Confirmed: اجتماع التسعير with Dana Reyes, Thu 26 Nov, 08:00 CST (UTC−6)"


def test_long_subject_is_shortened_in_the_subject_line_only(booked, sender, now) -> None:
    family = "👩‍👩‍👧‍👦"
    letter = customer_confirmation(booked(subject=family * 150), sender, now)

    assert letter.subject == f"Confirmed: {family * 77}… with Dana Reyes, Thu 26 Nov, 08:00 CST (UTC−6)"
    assert family * 150 in letter.text


def test_unset_parts_leave_no_empty_headings(booked, sender, now) -> None:
    booking = booked(
        description="", team_note="", location="", meeting_type="", rooms=(), conferencing="none", obstacles=()
    )

    for letter in letters_for(booking, sender, now):
        headings = ("How to join", "Where", "About this meeting", "Description", "Team note", "Booked despite")
        assert [words for words in headings if words in letter.text or words in letter.html] == []
        assert "\n\n\n" not in letter.text


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FIT = """() => ({
    wide: document.documentElement.scrollWidth > innerWidth,
    low: [...document.links].filter(a => a.getBoundingClientRect().height < 43.5).map(a => a.textContent),
    pale: [...document.querySelectorAll('h1, p, div, a, td')].flatMap(e => {
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) return [];
        if (!e.getBoundingClientRect().height) return [];
        const parse = c => c.match(/[\\d.]+/g).map(Number);
        const light = c => c.slice(0, 3).map(v => v / 255)
            .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
        let under = e, back = [0, 0, 0, 0];
        while (under && back[3] === 0) {
            const found = parse(getComputedStyle(under).backgroundColor);
            back = found.length === 3 ? [...found, 1] : found;
            under = under.parentElement;
        }
        const [high, low] = [light(parse(getComputedStyle(e).color)), light(back)].sort((a, b) => b - a);
        return (high + .05) / (low + .05) < 4.5 ? [e.textContent.trim().slice(0, 40)] : [];
    }),
})"""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 760])
def test_mails_fit_the_screen_with_large_links_and_enough_contrast(scheme, width) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}).new_page()
        found = {}
        for name, letter in samples().items():
            page.set_content(letter.html)
            found[name] = page.evaluate(FIT)
        browser.close()

    assert found == {name: {"wide": False, "low": [], "pale": []} for name in samples()}
