"""The asynchronous client that the app shares: one pool of connections to Slack, one total time-out."""

import ssl as tls
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

SLACK = "https://slack.com/api/"


class PooledClient(AsyncWebClient):
    """Keeps its connections, from the first call until `close`.

    Left alone, slack_sdk opens a session, and so a connection and a TLS handshake, for every call: that is a good part
    of the three seconds that a trigger lives. The session is made by the first call, on the loop that makes it, and
    carries the time-out itself, because slack_sdk applies the client's only to sessions of its own.
    """

    def __init__(
        self, token: str | None, base_url: str = SLACK, *, timeout: int = 10, ssl: tls.SSLContext | None = None
    ) -> None:
        super().__init__(token=token, base_url=base_url, timeout=timeout, ssl=ssl)

    async def api_call(self, *arguments: Any, **named: Any) -> AsyncSlackResponse:  # noqa: ANN401 - the base class's own
        if self.session is None or self.session.closed:
            self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.timeout))
        return await super().api_call(*arguments, **named)

    async def close(self) -> None:
        """Give the connections back."""
        if self.session is not None:
            await self.session.close()
