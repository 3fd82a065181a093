"""The asynchronous client that the app shares: one pool of connections to Slack, one total time-out."""

import ssl as tls
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

SLACK = "https://slack.com/api/"


@asynccontextmanager
async def slack_client(
    token: str | None, *, base_url: str = SLACK, seconds: float = 10.0, ssl: tls.SSLContext | None = None
) -> AsyncIterator[AsyncWebClient]:
    """A client for as long as the block lasts; enter it on the loop that the app runs on.

    Left alone, slack_sdk opens a session, and so a connection and a TLS handshake, for every call: that is a good part
    of the three seconds a trigger lives. A shared session needs its time-out itself; the client's would be ignored.
    """
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield AsyncWebClient(token=token, base_url=base_url, timeout=int(seconds), ssl=ssl, session=session)
