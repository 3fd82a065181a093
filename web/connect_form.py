"""The fields of the /connect page per calendar system, and the words for what went wrong.

Labels are fixed by the product. Nothing here calls anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """One input. `empty` is said when nothing was typed; without it, nothing need be. `hint` stands under the label."""

    name: str
    label: str
    empty: str
    kind: Literal["text", "email", "url", "password"] = "text"
    hint: str = ""
    autocomplete: str = "off"

    @property
    def secret(self) -> bool:
        return self.kind == "password"

    @property
    def required(self) -> bool:
        return bool(self.empty)


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
            hint="The one you sign in to your Apple Account with. Where that is a phone number, enter it.",
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

_EXCHANGE_SERVER = Field(
    "server",
    "Server",
    "",
    kind="url",
    hint="Leave it empty to have it found by your email address. Else as in your web mail: mail.example.com.",
    autocomplete="url",
)

EXCHANGE = ConnectForm(
    provider="exchange",
    system="Exchange",
    heading="Connect your Exchange calendar",
    fields=(
        Field(
            "email",
            "Email address",
            "Enter your email address at work.",
            kind="email",
            hint="The address of your mailbox.",
            autocomplete="email",
        ),
        Field(
            "user_name",
            "User name",
            "",
            hint="As you sign in to Windows: COMPANY\\name. Leave it empty if you sign in with your email address.",
            autocomplete="username",
        ),
        Field("password", "Password", "Enter your password.", kind="password"),
        _EXCHANGE_SERVER,
    ),
    server_field="server",
    refused="The server did not accept this user name with this password. It was tried once, so nothing is locked.",
)

FORMS: dict[str, ConnectForm] = {form.provider: form for form in (EXCHANGE, ICLOUD, CALDAV)}


def forms(*, asks_for_exchange_server: bool) -> dict[str, ConnectForm]:
    """The forms as this operator needs them: without Exchange's server where the settings name it."""
    if asks_for_exchange_server:
        return FORMS
    fields = tuple(f for f in EXCHANGE.fields if f is not _EXCHANGE_SERVER)
    return FORMS | {"exchange": replace(EXCHANGE, fields=fields, server_field=None)}


HOST_WORDS = {
    "private": "This address is inside a private network. Ask the person who runs this app to allow it.",
    "scheme": "The address must begin with https://.",
    "userinfo": "Leave user name and password out of the address.",
}
UNCONFIRMED = "Your mail domain points to {host}, but that can be forged. If it is your Exchange server, enter it here."
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


# By the error's own code, above the whole form or beside the server.
CODES = {
    "office365": "This mailbox is in Microsoft's cloud. Go back to Slack and connect it as Office 365.",
    "tls_certificate": "The server's certificate is not trusted here. Ask the person who runs this app.",
    "modern_auth": "This server only lets apps in that sign in through a web page. Ask the person who runs it.",
    "digest": "This server wants a way to sign in that we do not have. Ask the person who runs it.",
}
SERVER_CODES = {
    "autodiscover": "No Exchange server was found for this email address. Enter the server's address.",
    "not_exchange": "There is no Exchange server at this address.",
}


def said_by(error: HostRefused | CalendarError, form: ConnectForm) -> Said:
    """What a refusal means, beside the field where it can be put right."""
    if isinstance(error, HostRefused):
        if error.reason == "unconfirmed":
            return _at(form.server_field, UNCONFIRMED.format(host=error.host))
        return _at(form.server_field, HOST_WORDS.get(error.reason, HOST_WORDS_ELSE))
    if isinstance(error, AuthExpired):
        return Said({"password": form.refused})
    if error.code in CODES:
        return Said(whole=CODES[error.code])
    if error.code in SERVER_CODES:
        return _at(form.server_field, SERVER_CODES[error.code])
    words = next(words for kind, words in REFUSALS if isinstance(error, kind))
    return _at(form.server_field, words) if words is NOT_FOUND else Said(whole=words)


def _at(field_name: str | None, words: str) -> Said:
    return Said(whole=words) if field_name is None else Said({field_name: words})
