"""What a failure of exchangelib means as a CalendarError. The table is whole: what is not in it is nonsense."""

import contextlib
import re
from collections.abc import Iterator

from exchangelib import errors as ews
from lxml.etree import LxmlError
from spnego.exceptions import SpnegoError

from scheduling.calendars.base import Deadline
from scheduling.calendars.ews.wire import within
from scheduling.calendars.http import NEVER_SENT
from scheduling.errors import (
    AccessDenied,
    Ambiguous,
    AuthExpired,
    CalendarError,
    Conflict,
    DeadlineExceeded,
    EventMissing,
    HostRefused,
    RateLimited,
    Refused,
    Unavailable,
)

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# First match wins, so special cases stand before their families. `ResponseMessageError` is every answer of the server.
_BUSY = (
    ews.ErrorServerBusy,
    ews.RateLimitError,
    ews.ErrorExceededConnectionCount,
    ews.ErrorTooManyObjectsOpened,
    ews.ErrorExceededSubscriptionCount,
)
_MISSING = (
    ews.ErrorItemNotFound,
    ews.ErrorFolderNotFound,
    ews.ErrorParentFolderNotFound,
    ews.ErrorSavedItemFolderNotFound,
    ews.ErrorToFolderNotFound,
    ews.ErrorInvalidId,
    ews.ErrorInvalidIdEmpty,
    ews.ErrorInvalidIdMalformed,
    ews.ErrorNonExistentMailbox,
    ews.ErrorNonPrimarySmtpAddress,
    ews.ErrorMailRecipientNotFound,
    ews.ErrorInvalidMailbox,
    ews.ErrorNameResolutionNoMailbox,
    ews.ErrorInvalidSmtpAddress,
)
_DENIED = (
    ews.ErrorAccessDenied,
    ews.ErrorCreateItemAccessDenied,
    ews.ErrorNoFreeBusyAccess,
    ews.ErrorImpersonationDenied,
    ews.ErrorImpersonateUserDenied,
    ews.ErrorMailboxLogonFailed,
)
_CONFLICT = (ews.ErrorIrresolvableConflict, ews.ErrorStaleObject, ews.ErrorInvalidChangeKey)
_PASSING = (
    ews.ErrorInternalServerError,
    ews.ErrorInternalServerTransientError,
    ews.ErrorMailboxMoveInProgress,
    ews.ErrorMailboxStoreUnavailable,
    ews.ErrorMailboxFailover,
    ews.ErrorConnectionFailed,
    ews.ErrorProxyRequestProcessingFailed,
    ews.ErrorFreeBusyGenerationFailed,
    ews.ErrorInsufficientResources,
    ews.ErrorBatchProcessingStopped,
    ews.ErrorTimeoutExpired,
)
# What exchangelib's readers raise over XML of another shape, and requests_ntlm over a handshake of another kind.
_NONSENSE = (
    ews.EWSError,
    LxmlError,
    SpnegoError,
    OSError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
)


@contextlib.contextmanager
def calling(deadline: Deadline, *, writes: bool = False) -> Iterator[None]:
    """Calls of exchangelib, ended by `deadline`, whose failures leave as CalendarErrors.

    Only calls belong into the block: what goes wrong in it is taken for an answer of the server. After a write that got
    out, every failure but a clear refusal becomes Ambiguous.
    """
    try:
        with within(deadline):
            yield
    except CalendarError as error:
        if writes and isinstance(error, Unavailable | DeadlineExceeded) and error.code not in NEVER_SENT:
            raise Ambiguous(error.code) from error
        raise
    except HostRefused as error:
        raise AccessDenied(f"host_{error.reason}") from error
    except _NONSENSE as error:
        raise meaning(error, writes=writes) from error


_FAMILIES: tuple[tuple[tuple[type[Exception], ...], type[CalendarError]], ...] = (
    (_MISSING, EventMissing),
    (_DENIED, AccessDenied),
    (_CONFLICT, Conflict),
)


def meaning(error: Exception, *, writes: bool = False) -> CalendarError:
    """The CalendarError for one of exchangelib's."""
    if isinstance(error, CalendarError):
        return error
    if isinstance(error, ews.UnauthorizedError):
        return AuthExpired("password")
    if isinstance(error, _BUSY):
        return RateLimited("server_busy", retry_after=getattr(error, "back_off", None))
    for family, kind in _FAMILIES:
        if isinstance(error, family):
            return kind(code_of(error))
    if isinstance(error, ews.ResponseMessageError) and not isinstance(error, _PASSING):
        return Refused(code_of(error)) if writes else Unavailable(code_of(error))
    return _in_doubt(error, writes=writes)


def _in_doubt(error: Exception, *, writes: bool) -> CalendarError:
    """No answer, or none that makes sense: a write may have happened."""
    code = code_of(error) if isinstance(error, ews.ResponseMessageError) else "nonsense"
    if writes:
        return Ambiguous(code)
    return DeadlineExceeded(code) if isinstance(error, ews.ErrorTimeoutExpired) else Unavailable(code)


def code_of(error: Exception) -> str:
    """`ErrorNoFreeBusyAccess` as `no_free_busy_access`: the server's own code, never its text."""
    return _WORDS.sub("_", type(error).__name__.removeprefix("Error")).lower()
