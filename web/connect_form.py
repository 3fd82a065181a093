"""The fields of the /connect page per calendar system, and the words for what went wrong.

Labels are fixed by the product. Nothing here calls anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    ConsentMissing,
    EventMissing,
    HostRefused,
    RateLimited,
    Refused,
    Unsupported,
)

FIELD_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Field:
    """One input. `empty` is said when nothing was typed; `hint` stands under the label."""

    name: str
    label: str
    empty: str
    kind: Literal["text", "email", "url", "password"] = "text"
    hint: str = ""
    autocomplete: str = "off"

    @property
    def secret(self) -> bool:
        return self.kind == "password"


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong: one sentence per field name, and one for the whole form."""

    fields: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""

    def __bool__(self) -> bool:
        return bool(self.fields or self.whole)


@dataclass(frozen=True, slots=True)
class ConnectForm:
    """The form of one calendar system; `system` is what people call it."""

    provider: str
    system: str
    heading: str
    fields: tuple[Field, ...]
    server_field: str | None
    refused: str

    def read(self, sent: Mapping[str, str]) -> dict[str, str]:
        """The form's own fields and no others, without the white space that pasting brings."""
        return {f.name: sent.get(f.name, "").strip() for f in self.fields}

    def check(self, typed: Mapping[str, str]) -> Said:
        """What can be seen to be wrong without asking anybody."""
        return Said({f.name: words for f in self.fields if (words := _wrong(f, typed[f.name]))})


def _wrong(f: Field, text: str) -> str:
    if not text:
        return f.empty
    if len(text) > FIELD_LIMIT:
        return f"This is longer than {FIELD_LIMIT} characters."
    if not text.isprintable():
        return "This contains characters that cannot be typed. Please type it again."
    if f.kind == "email" and not _is_like_an_address(text):
        return "Enter an email address such as name@example.com."
    return ""


def _is_like_an_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain and " " not in text)


ICLOUD = ConnectForm(
    provider="icloud",
    system="iCloud",
    heading="Connect your iCloud calendar",
    fields=(
        Field(
            "email",
            "Email address",
            "Enter the email address of your Apple Account.",
            kind="email",
            hint="The one you sign in to your Apple Account with.",
            autocomplete="username",
        ),
        Field(
            "password",
            "App-specific password",
            "Enter the app-specific password you made for this.",
            kind="password",
            hint="Sixteen letters in four groups. Not the password of your Apple Account.",
        ),
    ),
    server_field=None,
    refused=(
        "Apple did not accept this email address with this password. "
        "Make a new app-specific password and paste all of it here."
    ),
)

CALDAV = ConnectForm(
    provider="caldav",
    system="CalDAV",
    heading="Connect your CalDAV calendar",
    fields=(
        Field(
            "server",
            "Server",
            "Enter the address of your calendar server.",
            kind="url",
            hint="For example https://calendar.example.com. Your calendar's settings call it server or CalDAV address.",
            autocomplete="url",
        ),
        Field("user_name", "User name", "Enter your user name on that server.", autocomplete="username"),
        Field(
            "password",
            "Password",
            "Enter your password.",
            kind="password",
            hint="If your server offers passwords for single apps, use one of those.",
        ),
    ),
    server_field="server",
    refused="The server did not accept this user name with this password.",
)

FORMS: dict[str, ConnectForm] = {form.provider: form for form in (ICLOUD, CALDAV)}

HOST_WORDS = {
    "private": "This address is inside a private network. Ask the person who runs this app to allow it.",
    "scheme": "The address must begin with https://.",
    "userinfo": "Leave user name and password out of the address.",
}
HOST_WORDS_ELSE = "This is not an address we can call. It should look like https://calendar.example.com."

# Beside the server's field where it is the server's address that is wrong, else above the whole form.
NOT_FOUND = "No calendar was found at this address."
REFUSALS: tuple[tuple[type[CalendarError], str], ...] = (
    (EventMissing, NOT_FOUND),
    (Unsupported, NOT_FOUND),
    (AccessDenied, "The server knows you, but does not let apps read this calendar."),
    (ConsentMissing, "The server knows you, but does not let apps read this calendar."),
    (RateLimited, "The server asks us to wait. Nothing was saved. Press Connect again in a few minutes."),
    (Refused, "The server did not accept this. Nothing was saved."),
    (CalendarError, "The server did not answer as expected. Nothing was saved. Press Connect again in a minute."),
)


def said_by(error: HostRefused | CalendarError, form: ConnectForm) -> Said:
    """What a refusal means, beside the field where it can be put right."""
    if isinstance(error, HostRefused):
        return _at(form.server_field, HOST_WORDS.get(error.reason, HOST_WORDS_ELSE))
    if isinstance(error, AuthExpired):
        return Said({"password": form.refused})
    words = next(words for kind, words in REFUSALS if isinstance(error, kind))
    return _at(form.server_field, words) if words is NOT_FOUND else Said(whole=words)


def _at(field_name: str | None, words: str) -> Said:
    return Said(whole=words) if field_name is None else Said({field_name: words})
