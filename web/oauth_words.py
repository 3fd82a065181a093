"""What the pages after a sign-in say. Labels are fixed by the product; nothing here calls anything."""

from dataclasses import dataclass

from scheduling.errors import (
    AccessDenied,
    AuthExpired,
    CalendarError,
    ConsentMissing,
    RateLimited,
    Refused,
    Unsupported,
)

SYSTEMS = {"google": "Google Calendar", "microsoft": "Office 365"}

PERMISSIONS = {
    "calendars": ("See the list of your calendars", "to find the one that your meetings go into."),
    "events": ("See and edit events", "to see when you are busy and to add the meetings you book."),
    "free_busy": ("See when people are free or busy", "to propose only times that suit everybody."),
    "offline": ("Keep access", "so that you need not sign in again for every meeting."),
}
"""By the names that `ConsentMissing.missing` uses: what the provider's page calls it, and why it is asked for."""

AGAIN = "Go back to Slack and press the button there again. It works for ten minutes after you opened the form."
NOTHING = "Nothing was saved."


@dataclass(frozen=True, slots=True)
class Told:
    """One page: paragraphs, missing permissions as (name, why), where an administrator agrees, or what was done."""

    status: int
    heading: str
    words: tuple[str, ...]
    permissions: tuple[tuple[str, str], ...] = ()
    admin_url: str | None = None
    done: str = ""


def used_up() -> Told:
    """For every link and state that is unknown, used, too old, or of another browser: the same words."""
    return Told(
        410,
        "This link no longer works",
        (
            "Each link works once, for ten minutes, and in the browser that opened it.",
            "If your calendar is connected already, there is nothing left to do.",
            "Otherwise go back to Slack and press the button again: you will get a fresh link.",
        ),
    )


def agreed() -> Told:
    """For an administrator who comes back from agreeing for the whole company."""
    return Told(
        200,
        "Thank you, that is agreed",
        ("People of your company can now connect their calendars.", "In Slack, they press the button again."),
    )


def told_by(error: CalendarError, provider: str) -> Told:
    """What a refusal means for the person in front of it."""
    system = SYSTEMS.get(provider, provider)
    match error:
        case AccessDenied(code="denied"):
            return Told(403, "You said no", (f"{system} was not connected. {NOTHING}", AGAIN))
        case ConsentMissing(missing=missing, admin_url=admin_url):
            return _consent(system, missing, admin_url)
        case AccessDenied() | Unsupported() | Refused(code="use_exchange"):
            return _not_this_one(system, error.code)
        case AuthExpired():
            return Told(400, "That took too long", (f"{system} no longer takes this sign-in. {NOTHING}", AGAIN))
        case RateLimited():
            words = f"{system} asks us to wait. {NOTHING}"
            return Told(503, "Please try again in a few minutes", (words, AGAIN))
        case _:
            words = f"{system} did not answer as expected. {NOTHING}"
            return Told(502, "Please try again", (words, AGAIN))


def _not_this_one(system: str, code: str) -> Told:
    if code == "use_exchange":
        words = f"Your mailbox is on your company's own Exchange server, not in {system}. {NOTHING}"
        return Told(403, "Connect as Exchange instead", (words, "In Slack, press Exchange/Outlook (on-premises)."))
    words = f"{system} knows you, but does not let apps use this calendar. {NOTHING}"
    return Told(403, "This calendar cannot be connected", (words, "Ask your administrator to allow this app."))


def _consent(system: str, missing: tuple[str, ...], admin_url: str | None) -> Told:
    named = tuple(PERMISSIONS[name] for name in missing if name in PERMISSIONS)
    if admin_url is not None:
        return Told(
            403,
            "Your administrator has to agree first",
            (f"Your company lets an administrator decide which apps may use {system}. {NOTHING}",),
            named,
            admin_url,
        )
    begin = f"{system} was not connected, because a permission is missing. {NOTHING}"
    return Told(403, "A permission is missing", (begin, f"{AGAIN} Then leave every box ticked."), named)
