"""slack_sdk's own Web client gets Slack's answers and Slack's errors from the local workspace."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.web import WebClient

from sandbox.workspace import LocalWorkspace, Person, SlackApp, Team, Workspace
from tests.sandbox.small_app import error_of


def test_auth_test_names_team_bot_and_user(wide, slack):
    answer = slack.auth_test()

    assert {k: answer[k] for k in ("team_id", "team", "user_id", "bot_id", "user")} == {
        "team_id": "T0DEMO",
        "team": "Demo Company",
        "user_id": "U0DEMOBOT",
        "bot_id": "B0DEMOBOT",
        "user": "app",
    }
    assert wide.workspace.calls[0].arguments == {}


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-unknown", "invalid_auth"), ("", "not_authed"), ("xapp-1-A0SANDBOX-local", "not_allowed_token_type")],
)
def test_tokens_are_checked(wide, token, error):
    assert error_of(WebClient(token=token, base_url=wide.api_url).auth_test) == error


def test_a_revoked_token_says_so(slack):
    asked = slack.auth_revoke(test=True)
    revoked = slack.auth_revoke()

    assert (asked["revoked"], revoked["revoked"], error_of(slack.auth_test)) == (False, True, "token_revoked")


def test_a_missing_scope_names_what_is_needed_and_provided(local):
    slack = WebClient(token=local.bot_token, base_url=local.api_url)

    with pytest.raises(SlackApiError) as caught:
        slack.conversations_list()

    assert {k: caught.value.response[k] for k in ("error", "needed", "provided")} == {
        "error": "missing_scope",
        "needed": "channels:read,groups:read,im:read,mpim:read",
        "provided": "commands,chat:write,users:read,users:read.email,usergroups:read",
    }


def test_an_unknown_method_and_broken_json_are_refused_with_status_200(wide):
    headers = {"Authorization": f"Bearer {wide.bot_token}"}

    unknown = httpx2.get(f"{wide.api_url}views.fly", headers=headers)
    broken = httpx2.post(
        f"{wide.api_url}auth.test", content=b"{", headers={**headers, "Content-Type": "application/json"}
    )
    empty = httpx2.post(
        f"{wide.api_url}auth.test", content=b"", headers={**headers, "Content-Type": "application/json"}
    )
    form = httpx2.post(f"{wide.api_url}users.info", data={"token": wide.bot_token, "user": "U0SAM"})

    assert (unknown.status_code, unknown.json()) == (
        200,
        {"ok": False, "error": "unknown_method", "req_method": "views.fly"},
    )
    assert (broken.json()["error"], empty.json()["ok"], form.json()["user"]["real_name"]) == (
        "invalid_json",
        True,
        "Sam Okafor",
    )


def test_people_have_zone_and_offset_of_the_day(watch, slack):
    winter = slack.users_info(user="U0DANA")["user"]
    watch.now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    summer = slack.users_info(user="U0DANA")["user"]

    assert [(u["tz"], u["tz_label"], u["tz_offset"]) for u in (winter, summer)] == [
        ("Europe/Berlin", "Central European Time", 3600),
        ("Europe/Berlin", "Central European Summer Time", 7200),
    ]
    assert (winter["profile"]["email"], winter["is_admin"], winter["is_bot"]) == ("dana@demo.example", True, False)


def test_the_address_is_left_out_without_its_scope():
    with LocalWorkspace.start(workspace=Workspace(app=SlackApp(scopes=("users:read",)))) as local:
        slack = WebClient(token=local.bot_token, base_url=local.api_url)

        assert "email" not in slack.users_info(user="U0DANA")["user"]["profile"]
        assert error_of(slack.users_lookupByEmail, email="dana@demo.example") == "missing_scope"


def test_the_directory_answers_and_pages(wide, slack):
    wide.workspace.usergroups.append({"id": "S1", "name": "Sales", "handle": "sales", "users": ["U0SAM"]})

    first = slack.users_list(limit=2)
    second = slack.users_list(limit=2, cursor=first["response_metadata"]["next_cursor"])
    found = slack.users_lookupByEmail(email="NOA@demo.example")["user"]["id"]

    assert [[m["id"] for m in page["members"]] for page in (first, second)] == [
        ["U0DANA", "U0PRIYA"],
        ["U0SAM", "U0NOA"],
    ]
    assert (found, error_of(slack.users_info, user="U9")) == ("U0NOA", "user_not_found")
    assert error_of(slack.users_lookupByEmail, email="x@y.example") == "users_not_found"
    assert slack.usergroups_list()["usergroups"] == [{"id": "S1", "name": "Sales", "handle": "sales"}]
    assert slack.usergroups_users_list(usergroup="S1")["users"] == ["U0SAM"]
    assert error_of(slack.usergroups_users_list, usergroup="S9") == "no_such_subteam"
    assert slack.team_info()["team"]["domain"] == "demo-company"
    assert slack.bots_info(bot="B0DEMOBOT")["bot"]["user_id"] == "U0DEMOBOT"
    assert error_of(slack.bots_info, bot="B9") == "bot_not_found"


def test_conversations_show_what_the_bot_may_see(slack):
    listed = slack.conversations_list(types="public_channel,private_channel", exclude_archived=True)["channels"]
    info = slack.conversations_info(channel="C1GENERAL")["channel"]
    members = slack.conversations_members(channel="C2QUIET")["members"]
    opened = slack.conversations_open(users="U0SAM")["channel"]["id"]

    assert [(c["id"], c["is_member"]) for c in listed] == [("C1GENERAL", True), ("C2QUIET", False)]
    assert (info["name"], info["num_members"], members) == ("general", 5, ["U0DANA"])
    assert (opened[0], slack.conversations_open(users="U0SAM")["channel"]["id"]) == ("D", opened)
    assert error_of(slack.conversations_info, channel="G4SECRET") == "channel_not_found"


def test_faults_come_as_asked_and_then_stop(wide, slack):
    wide.workspace.faults.rate_limit("auth.test", retry_after=1)
    with pytest.raises(SlackApiError) as limited:
        slack.auth_test()
    wide.workspace.faults.fail("auth.test", status=500)
    with pytest.raises(SlackApiError) as broken:
        slack.auth_test()
    wide.workspace.faults.slow("auth.test", 0.4)
    impatient = WebClient(token=wide.bot_token, base_url=wide.api_url, timeout=0.2, retry_handlers=[])
    with pytest.raises(TimeoutError):
        impatient.auth_test()

    assert (limited.value.response.status_code, limited.value.response.headers["retry-after"]) == (429, "1")
    assert (broken.value.response.status_code, slack.auth_test()["ok"]) == (500, True)


def test_the_sdks_rate_limit_handler_gets_through(wide):
    patient = WebClient(token=wide.bot_token, base_url=wide.api_url)
    patient.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    wide.workspace.faults.post_once_a_second = True

    sent = [patient.chat_postMessage(channel="C1GENERAL", text=str(n))["ok"] for n in range(2)]

    assert sent == [True, True]
    assert [c.status for c in wide.workspace.calls] == [200, 429, 200]


def test_oauth_gives_a_token_for_a_code_once_and_the_state_comes_back():
    other = Team("T9OTHER", "Other Company", "other")
    with LocalWorkspace.start(install=False) as local:
        local.workspace.add_team(other, [Person("U9ANA", "ana", "Ana Lima", "America/Sao_Paulo")])
        slack = WebClient(base_url=local.api_url)
        app = local.workspace.app
        asked = {
            "client_id": app.client_id,
            "scope": "commands,users:read",
            "state": "s1",
            "redirect_uri": "http://127.0.0.1:9/back",
        }
        page = httpx2.get(local.authorize_url, params=asked)
        allowed = httpx2.get(local.authorize_url, params={**asked, "decision": "allow", "user": "U9ANA"})
        denied = httpx2.get(local.authorize_url, params={**asked, "decision": "deny"})
        back = parse_qs(urlsplit(allowed.headers["location"]).query)
        pair = {"client_id": app.client_id, "client_secret": app.client_secret, "redirect_uri": asked["redirect_uri"]}

        granted = slack.oauth_v2_access(code=back["code"][0], **pair)

        assert (page.status_code, "Allow" in page.text, back["state"]) == (200, True, ["s1"])
        assert parse_qs(urlsplit(denied.headers["location"]).query) == {"error": ["access_denied"], "state": ["s1"]}
        assert (granted["team"], granted["scope"]) == (
            {"id": "T9OTHER", "name": "Other Company"},
            "commands,users:read",
        )
        assert granted["authed_user"] == {"id": "U9ANA"}
        assert error_of(slack.oauth_v2_access, code=back["code"][0], **pair) == "invalid_code"
        assert error_of(slack.oauth_v2_access, code="x", **{**pair, "client_secret": "wrong"}) == "bad_client_secret"
        bot = WebClient(token=granted["access_token"], base_url=local.api_url)
        assert bot.auth_test()["team_id"] == "T9OTHER"
        assert error_of(bot.users_info, user="U0DANA") == "user_not_found"
        assert bot.apps_uninstall(client_id=app.client_id, client_secret=app.client_secret)["ok"] is True
        assert error_of(bot.auth_test) == "token_revoked"


def test_a_refresh_token_buys_one_token_for_twelve_hours(wide, watch):
    from sandbox.workspace.api_directory import new_refresh_token

    app = wide.workspace.app
    slack = WebClient(base_url=wide.api_url)
    first = new_refresh_token(wide.workspace, wide.installation)
    pair = {"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "refresh_token"}

    answer = slack.oauth_v2_access(refresh_token=first, **pair)
    bot = WebClient(token=answer["access_token"], base_url=wide.api_url)
    before = bot.auth_test()["ok"]
    watch.now += timedelta(hours=12)

    assert (answer["expires_in"], before, error_of(bot.auth_test)) == (43_200, True, "token_expired")
    assert error_of(slack.oauth_v2_access, refresh_token=first, **pair) == "invalid_refresh_token"
