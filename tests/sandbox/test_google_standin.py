"""The stand-in for Google keeps to Google's rules where a careless client would break them."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from sandbox.google_standin import GoogleStandIn
from sandbox.google_standin.answers import Refusal, mask_of, masked
from scheduling.calendars.google.sign_in import ASKED

DANA = "dana@reps.example"
CALLBACK = "https://schedule.example/oauth/google/callback"
NINE = datetime(2026, 12, 7, 9, tzinfo=UTC)
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="module")
def server():
    with GoogleStandIn.start() as standin:
        yield standin


@pytest.fixture
def google(server):
    server.reset()
    server.accounts.add_person(DANA, "Dana Reyes", "Europe/Berlin")
    return server


@pytest.fixture
def api(google):
    token = google.identity.grant(DANA, ASKED)["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=google.api_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def web(google):
    with httpx2.Client(base_url=google.url, trust_env=False) as client:
        yield client


def event(**more):
    times = {"start": {"dateTime": NINE.isoformat()}, "end": {"dateTime": (NINE + timedelta(hours=1)).isoformat()}}
    return {"summary": "Kick-off", **times, **more}


def reason_of(answer):
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def asked(google, **changes):
    query = {
        "client_id": google.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": " ".join(ASKED),
        "state": "s1",
        "nonce": "n1",
        "access_type": "offline",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in {**query, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "another"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"response_type": "token"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"code_challenge": None}, "PKCE"),
        ({"code_challenge_method": "plain"}, "PKCE"),
    ],
)
def test_a_request_for_consent_that_breaks_a_rule_is_refused(google, web, changes, words):
    answer = web.get(google.auth_url, params=asked(google, **changes))

    assert (answer.status_code, words in answer.text) == (400, True)


def test_what_stands_in_a_request_is_escaped_on_the_page(google, web):
    answer = web.get(google.auth_url, params=asked(google, state='"><script>alert(1)</script>'))

    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({}, 200, None),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": "https://other.example/oauth/google/callback"}, 400, "invalid_grant"),
        ({"code": "4/made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_code_is_exchanged_only_with_everything_that_belongs_to_it(google, web, changes, status, error):
    form = {**asked(google), "email": DANA, "answer": "allow", "granted": list(ASKED)}
    back = dict(parse_qsl(urlsplit(web.post(google.auth_url, data=form).headers["location"]).query))
    exchange = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "redirect_uri": CALLBACK,
        "client_id": google.client_id,
        "client_secret": google.client_secret,
        "code_verifier": VERIFIER,
    }

    answer = web.post(google.token_url, data={**exchange, **changes})

    assert (answer.status_code, answer.json().get("error")) == (status, error)
    assert ("refresh_token" in answer.json()) is (status == 200)


def test_without_a_token_or_with_an_old_one_nothing_is_told(google, api):
    google.identity.expire_access_tokens()

    assert reason_of(api.get("users/me/calendarList")) == (401, "authError")


def test_without_the_scope_nothing_is_told(google, api):
    token = google.identity.grant(DANA, ("openid",))["access_token"]

    answer = api.get("users/me/calendarList", headers={"authorization": f"Bearer {token}"})

    assert reason_of(answer) == (403, "insufficientPermissions")


@pytest.mark.parametrize("wrong", ["abc", "bkxyz0", "BKABCDE", "bk-abcde", "b" * 1025])
def test_an_id_outside_googles_alphabet_is_refused(api, wrong):
    assert reason_of(api.post("calendars/primary/events", json=event(id=wrong))) == (400, "invalid")


def test_an_id_is_taken_for_ever(api):
    api.post("calendars/primary/events", json=event(id="bkabcde"))
    first = api.post("calendars/primary/events", json=event(id="bkabcde"))
    api.delete("calendars/primary/events/bkabcde")
    second = api.post("calendars/primary/events", json=event(id="bkabcde"))

    assert reason_of(first) == reason_of(second) == (409, "duplicate")
    assert api.get("calendars/primary/events/bkabcde").json()["status"] == "cancelled"
    assert reason_of(api.delete("calendars/primary/events/bkabcde")) == (410, "deleted")


def test_deleted_events_are_listed_only_when_asked_for(api):
    api.post("calendars/primary/events", json=event(id="bkabcde"))
    api.delete("calendars/primary/events/bkabcde")

    plain = api.get("calendars/primary/events").json()["items"]
    deleted = api.get("calendars/primary/events", params={"showDeleted": "true"}).json()["items"]

    assert (plain, [e["status"] for e in deleted]) == ([], ["cancelled"])


def test_a_change_based_on_an_old_etag_is_refused(api):
    made = api.post("calendars/primary/events", json=event(id="bkabcde")).json()
    api.patch("calendars/primary/events/bkabcde", json={"summary": "Moved"}, headers={"if-match": made["etag"]})

    late = api.patch("calendars/primary/events/bkabcde", json={"summary": "x"}, headers={"if-match": made["etag"]})

    assert reason_of(late) == (412, "conditionNotMet")
    assert api.get("calendars/primary/events/bkabcde").json()["summary"] == "Moved"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"timeMax": "2027-06-01T00:00:00Z"}, "timeRangeTooLong"),
        ({"timeMax": "2026-12-01T00:00:00Z"}, "timeRangeEmpty"),
        ({"timeMin": "soon"}, "required"),
        ({"items": None}, "required"),
    ],
)
def test_free_busy_refuses_what_google_refuses(api, changes, reason):
    body = {"timeMin": "2026-12-07T00:00:00Z", "timeMax": "2026-12-08T00:00:00Z", "items": [{"id": DANA}]}

    assert reason_of(api.post("freeBusy", json={**body, **changes})) == (400, reason)


def test_more_than_fifty_calendars_at_once_are_too_many(api):
    body = {
        "timeMin": "2026-12-07T00:00:00Z",
        "timeMax": "2026-12-08T00:00:00Z",
        "items": [{"id": f"p{n}@reps.example"} for n in range(51)],
    }

    calendars = api.post("freeBusy", json=body).json()["calendars"]

    assert {entry["errors"][0]["reason"] for entry in calendars.values()} == {"tooManyCalendarsRequested"}


def test_busy_stretches_are_joined_and_cut_to_the_window(google, api):
    for start, end in ((-1, 1), (1, 2), (5, 6)):
        google.accounts.occupy(DANA, NINE + timedelta(hours=start), NINE + timedelta(hours=end))
    body = {"timeMin": NINE.isoformat(), "timeMax": (NINE + timedelta(hours=8)).isoformat(), "items": [{"id": DANA}]}

    busy = api.post("freeBusy", json=body).json()["calendars"][DANA]["busy"]

    assert busy == [
        {"start": "2026-12-07T09:00:00Z", "end": "2026-12-07T11:00:00Z"},
        {"start": "2026-12-07T14:00:00Z", "end": "2026-12-07T15:00:00Z"},
    ]


def test_long_lists_come_in_pages(google, api):
    for number in range(5):
        google.accounts.occupy(DANA, NINE + timedelta(hours=number), NINE + timedelta(hours=number + 1), str(number))
    found, token = [], None
    while token != "":
        query = {"maxResults": 2, "singleEvents": "true", "orderBy": "startTime", "pageToken": token}
        page = api.get("calendars/primary/events", params={k: v for k, v in query.items() if v is not None}).json()
        found.append([e["summary"] for e in page["items"]])
        token = page.get("nextPageToken", "")

    assert found == [["0", "1"], ["2", "3"], ["4"]]


def test_an_invited_colleague_is_busy_until_they_decline(google, api):
    google.accounts.add_person("sam@reps.example", "Sam Okafor", "Europe/London")
    made = api.post("calendars/primary/events", json=event(attendees=[{"email": "sam@reps.example"}])).json()
    window = {"timeMin": NINE.isoformat(), "timeMax": (NINE + timedelta(hours=8)).isoformat()}

    def busy():
        answer = api.post("freeBusy", json={**window, "items": [{"id": "sam@reps.example"}]})
        return len(answer.json()["calendars"]["sam@reps.example"]["busy"])

    before = busy()
    google.accounts.calendars[DANA].events[made["id"]]["attendees"][0]["responseStatus"] = "declined"

    assert (before, busy()) == (1, 0)


def test_only_what_the_mask_names_is_answered():
    whole = {"kind": "k", "items": [{"id": 1, "start": {"date": "d", "x": 1}, "attendees": [{"self": True, "e": 2}]}]}

    assert masked(whole, mask_of("items(id,start,attendees(self))")) == {
        "items": [{"id": 1, "start": {"date": "d", "x": 1}, "attendees": [{"self": True}]}]
    }
    assert masked(whole, mask_of("")) == whole
    with pytest.raises(Refusal):
        mask_of("items(id))")


def test_what_is_no_json_is_said_to_be_none(api):
    answer = api.post("calendars/primary/events", content=b"{", headers={"content-type": "application/json"})

    assert reason_of(answer) == (400, "parseError")
    assert json.loads(answer.content)["error"]["message"] == "Parse Error"
