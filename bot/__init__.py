"""The Slack front end. `build_bolt_app` puts it together; nothing here reads the environment.

Knows no calendar, no SQL and no HTTP server: `app.py` mounts `http_adapter.slack_endpoint` or starts
`socket_mode.SocketMode`.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.colleagues import Colleagues
from bot.crossing import Crossing
from bot.desk import Desk
from bot.drawing import Drawing
from bot.handlers import register
from bot.homepage import Homepage
from bot.open_form import OpenForm
from bot.opening import Opener
from bot.screens import AFTER_ACK, ONCE_MORE, Screens
from scheduling.clock import Clock, utc_now
from scheduling.domain import Rep
from scheduling.office import Office
from scheduling.service import SchedulingService

bolt_logger = logging.getLogger("bot.bolt")


def build_bolt_app(
    *,
    client: AsyncWebClient,
    scheduling: SchedulingService,
    office: Office,
    crossing: Crossing,
    clock: Clock = utc_now,
    after_ack: float = AFTER_ACK,
    once_more: float = ONCE_MORE,
    announce_channel: str | None = None,
) -> AsyncApp:
    """An AsyncApp with every handler of ours, for one workspace whose token `client` holds.

    Its listeners answer before the response (`process_before_response`), its requests arrive verified and parsed, and
    no request waits for `auth.test`. `after_ack` and `once_more` are the pauses of `Screens`, in seconds;
    `announce_channel` is the operator's default, for words on App Home.
    """
    app = _bare_app(client)
    homepage = Homepage(client, scheduling, office, crossing, announce_channel)
    drawing = Drawing(scheduling, office, crossing, clock)
    at_hand: dict[str, Any] = {
        "scheduling": scheduling,
        "office": office,
        "crossing": crossing,
        "drawing": drawing,
        "screens": Screens(client, scheduling, crossing, drawing, after_ack=after_ack, once_more=once_more),
        "colleagues": Colleagues(client, office, crossing),
        "opener": Opener(client, scheduling, crossing, clock),
        "homepage": homepage,
        "desk": Desk(client, crossing, homepage, after_ack=after_ack, once_more=once_more),
    }
    app.use(_AtHand(at_hand, scheduling, crossing))
    register(app)
    return app


def _bare_app(client: AsyncWebClient) -> AsyncApp:
    """Bolt, decided explicitly where it would look into the environment.

    With SLACK_CLIENT_ID and SLACK_CLIENT_SECRET set it turns OAuth on and drops the static token; an `authorize` of
    our own decides in every case. Its client gets no token of its own, which also spares a warning about two of them.
    """
    bolt_logger.setLevel(logging.ERROR)  # what it finds in the environment is no news
    base = AsyncWebClient(
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        session=client.session,
        trust_env_in_session=client.trust_env_in_session,
        retry_handlers=client.retry_handlers,
    )
    app = AsyncApp(
        logger=bolt_logger,
        name="schedule-for",
        client=base,
        authorize=_OneWorkspace(client.token),
        signing_secret="checked by http_adapter",  # noqa: S106 - no secret: Bolt's own check is off
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    bolt_logger.setLevel(logging.WARNING)  # left unset, Bolt takes it for DEBUG and words every step of every request
    return app


class _OneWorkspace(AsyncAuthorize):
    """The static token for whoever asks; without the call of auth.test that Bolt makes before the first answer."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,
        actor_team_id: str | None = None,
        actor_user_id: str | None = None,
    ) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id, bot_token=self._token)


class _AtHand(AsyncMiddleware):
    """Puts what handlers ask for by name into the context: who clicks, in which form, and our own objects."""

    def __init__(self, at_hand: dict[str, Any], scheduling: SchedulingService, crossing: Crossing) -> None:
        self._at_hand = at_hand
        self._scheduling = scheduling
        self._crossing = crossing

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse | None:
        context, body = req.context, req.body
        team_id, user_id = context.team_id, context.user_id
        if not team_id or not user_id:
            return BoltResponse(status=200)  # an event about the app itself: nobody clicked
        if _is_stranger(body, team_id):
            return BoltResponse(status=200, body=_STRANGER if "command" in body else "")
        rep = Rep(team_id, user_id)
        context.update(self._at_hand)
        context["rep"] = rep
        context["form"] = OpenForm(rep, self._scheduling, self._crossing, body.get("view") or {})
        return await next()


_STRANGER = "Only members of this workspace can schedule from here."


def _is_stranger(body: dict[str, Any], team_id: str) -> bool:
    """Whether a person of another workspace clicked, in a channel that both share."""
    user = body.get("user")
    home = user.get("team_id") if isinstance(user, dict) else None
    return bool(home) and home != team_id
