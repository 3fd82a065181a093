"""What Microsoft's identity platform means by its errors.

Numbers: learn.microsoft.com/entra/identity-platform/reference-error-codes.
"""

import re
from collections.abc import Callable, Mapping

from scheduling.errors import AccessDenied, AuthExpired, CalendarError, ConsentMissing, Refused, Unavailable

_NUMBER = re.compile(r"AADSTS(\d{4,9})")
_WORD = re.compile(r"[a-z_]{1,40}")

_ADMIN = frozenset({"90094", "90093", "90095", "900971"})
"""An administrator has to agree."""

_CONSENT = frozenset({"65001"}) | _ADMIN
_DECLINED = frozenset({"65004"})
_GONE = frozenset({"invalid_grant", "interaction_required", "login_required"})
_OURS = frozenset({"invalid_client", "unauthorized_client"})
"""The operator's application: its secret ran out, or it was deleted. What waits goes on when that is put right."""

_MAY_PASS = frozenset({"temporarily_unavailable", "server_error"})


def sign_in_error(result: object, admin_url: Callable[[], str] | None) -> CalendarError:
    """The meaning of msal's result without a token, None or a dict; `admin_url` makes an administrator's link."""
    if not isinstance(result, Mapping):
        return AuthExpired("no_grant")
    error = str(result.get("error") or "")
    codes = result.get("error_codes")
    numbers = {str(number) for number in codes} if isinstance(codes, list) else set()
    numbers |= set(_NUMBER.findall(str(result.get("error_description") or "")))
    if numbers & _CONSENT or "consent_required" in (error, result.get("suberror")):
        code = "admin_consent" if numbers & _ADMIN else "consent"
        return ConsentMissing(code, missing=("events",), admin_url=admin_url() if admin_url else None)
    if error == "access_denied" or numbers & _DECLINED:
        return AccessDenied("denied")
    if error in _GONE:
        return AuthExpired(error)
    if not error or error in _OURS | _MAY_PASS:
        return Unavailable(error or "sign_in_nonsense")
    return Refused(error if _WORD.fullmatch(error) else "sign_in")
