"""HTTP to the servers on this computer, past proxies and without reading the system's certificates each time.

Reading them takes longer than any of these calls. No certificate is trusted: https is refused.
"""

import ssl
from typing import Any

import httpx2

TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(timeout: float = 30, verify: ssl.SSLContext = TRUSTS_NOBODY, **more: Any) -> httpx2.Client:  # noqa: ANN401
    """With cookies of its own, as a browser window has; `timeout` in seconds, `more` as httpx2.Client takes it."""
    return httpx2.Client(verify=verify, trust_env=False, timeout=timeout, **more)


def request(method: str, url: str, *, timeout: float = 30, **what: Any) -> httpx2.Response:  # noqa: ANN401 - as httpx2
    """One call; raises httpx2.HTTPError where nobody answers in time."""
    with client(timeout) as calling:
        return calling.request(method, url, **what)
