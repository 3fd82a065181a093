"""The preview files of every mail."""

from email import message_from_bytes
from email.policy import default

from scheduling.mail.letters import LetterKind
from scheduling.mail.preview import preview, samples


def test_every_mail_is_written_in_three_forms(tmp_path) -> None:
    written = preview(tmp_path / "previews")

    assert [path.name for path in written] == [
        f"{name}.{ending}" for name in samples() for ending in ("html", "txt", "eml")
    ]
    assert {letter.kind for letter in samples().values()} == set(LetterKind)
    for path in written:
        content = path.read_bytes()
        assert b"Pricing call" in content
        if path.suffix == ".eml":
            assert str(message_from_bytes(content, policy=default)["X-Booking-Ref"]) == "SF-4K7Q2"


def test_previews_are_the_same_every_time() -> None:
    assert samples() == samples()
