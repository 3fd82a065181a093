"""The error tree of the scheduling service. Errors carry data; the words for people live in bot/ and web/.

SchedulingError
├── DraftGone                 the draft does not exist, or is not this rep's
├── SlotTaken                 somebody else holds or booked it, or a calendar filled up meanwhile
├── ProfileUnknown            Slack did not tell a person's address or time zone
├── LinkRefused               a /connect or /m link that is unknown, used, expired or for another purpose
├── HostRefused               a server address we must not call (private, not https, malformed)
└── OutsideError              a call to the outside failed; `retry` says what the outbox does about it
    ├── CalendarError
    │   ├── AuthExpired       AUTH       password or grant no longer accepted
    │   ├── ConsentMissing    AUTH       a scope or an administrator's consent is missing
    │   ├── AccessDenied      PERMANENT
    │   ├── EventMissing      PERMANENT  the event or calendar is not there
    │   ├── RateLimited       RETRY_AFTER
    │   ├── Unavailable       TRANSIENT  network, 5xx, nonsense in the answer
    │   ├── DeadlineExceeded  TRANSIENT
    │   ├── Ambiguous         TRANSIENT  a write may or may not have happened: look up before any retry
    │   ├── Conflict          TRANSIENT  somebody changed the event meanwhile (ETag)
    │   ├── Refused           PERMANENT  the server will not store this (quota, invalid to it)
    │   └── Unsupported       PERMANENT  this kind of calendar cannot do that
    ├── ConferenceError               no link could be made; the meeting is booked all the same
    │   ├── ConferenceUnavailable TRANSIENT
    │   ├── ConferenceDenied      PERMANENT  the operator's own access was refused
    │   └── ConferenceRefused     PERMANENT  e.g. the organizer has no account there
    ├── MailError
    │   ├── MailDeferred      TRANSIENT  4xx, connection, time-out before the message was handed over
    │   ├── MailRefused       PERMANENT  5xx for this recipient
    │   └── MailUncertain     TRANSIENT  cut after the final dot: may have been delivered
    └── NoticeError
        ├── NoticeDeferred    RETRY_AFTER or TRANSIENT
        ├── NoticeParked      AUTH       the workspace's token is dead
        └── NoticeRefused     PERMANENT  e.g. channel archived
"""

from enum import StrEnum


class RetryClass(StrEnum):
    """What the outbox does with a task whose call failed."""

    RETRY_AFTER = "retry_after"
    TRANSIENT = "transient"
    AUTH = "auth"
    PERMANENT = "permanent"


class SchedulingError(Exception):
    """Root of all errors that the front door raises on purpose."""


class DraftGone(SchedulingError):
    """The draft is unknown, closed, or belongs to another rep."""


class SlotTaken(SchedulingError):
    """The slot cannot be had; `who` names the people or rooms that are taken (empty: unknown)."""

    def __init__(self, who: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(who))
        self.who = who


class ProfileUnknown(SchedulingError):
    """Slack did not tell who these users are; `user_ids` names them."""

    def __init__(self, user_ids: tuple[str, ...]) -> None:
        super().__init__(", ".join(user_ids))
        self.user_ids = user_ids


class LinkRefused(SchedulingError):
    """A personal link that is unknown, used, expired or meant for something else."""


class HostRefused(SchedulingError):
    """A user-entered server address that must not be called; `reason` is a stable code such as `private`."""

    def __init__(self, reason: str, host: str = "") -> None:
        super().__init__(f"{reason} {host}".strip())
        self.reason = reason
        self.host = host


class OutsideError(SchedulingError):
    """A call to an outside system failed.

    `code` is short, stable and free of personal data (it is logged and stored). `retry_after` is in seconds.
    """

    retry: RetryClass = RetryClass.TRANSIENT

    def __init__(self, code: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(code or type(self).__name__)
        self.code = code or type(self).__name__
        self.retry_after = retry_after


class CalendarError(OutsideError):
    """A calendar system failed."""


class AuthExpired(CalendarError):
    retry = RetryClass.AUTH


class ConsentMissing(CalendarError):
    """`missing` names permissions (`calendars`, `events`, `free_busy`, `offline`); `admin_url` is where an
    administrator can agree, if that is what is needed and known."""

    retry = RetryClass.AUTH

    def __init__(
        self,
        code: str = "",
        *,
        retry_after: float | None = None,
        missing: tuple[str, ...] = (),
        admin_url: str | None = None,
    ) -> None:
        super().__init__(code, retry_after=retry_after)
        self.missing = missing
        self.admin_url = admin_url


class AccessDenied(CalendarError):
    retry = RetryClass.PERMANENT


class EventMissing(CalendarError):
    retry = RetryClass.PERMANENT


class RateLimited(CalendarError):
    retry = RetryClass.RETRY_AFTER


class Unavailable(CalendarError):
    retry = RetryClass.TRANSIENT


class DeadlineExceeded(CalendarError):
    retry = RetryClass.TRANSIENT


class Ambiguous(CalendarError):
    retry = RetryClass.TRANSIENT


class Conflict(CalendarError):
    retry = RetryClass.TRANSIENT


class Refused(CalendarError):
    retry = RetryClass.PERMANENT


class Unsupported(CalendarError):
    retry = RetryClass.PERMANENT


class ConferenceError(OutsideError):
    """A conferencing system made no link."""


class ConferenceUnavailable(ConferenceError):
    retry = RetryClass.TRANSIENT


class ConferenceDenied(ConferenceError):
    retry = RetryClass.PERMANENT


class ConferenceRefused(ConferenceError):
    retry = RetryClass.PERMANENT


class MailError(OutsideError):
    """The mail server failed."""


class MailDeferred(MailError):
    retry = RetryClass.TRANSIENT


class MailRefused(MailError):
    retry = RetryClass.PERMANENT


class MailUncertain(MailError):
    retry = RetryClass.TRANSIENT


class NoticeError(OutsideError):
    """Slack did not take a notice."""


class NoticeDeferred(NoticeError):
    """Try again, after `retry_after` seconds where Slack names them."""

    def __init__(self, code: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(code, retry_after=retry_after)
        if retry_after is not None:
            self.retry = RetryClass.RETRY_AFTER


class NoticeParked(NoticeError):
    retry = RetryClass.AUTH


class NoticeRefused(NoticeError):
    retry = RetryClass.PERMANENT
