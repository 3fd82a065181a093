"""Documents that lie are bugs: what they name exists, and what exists is named."""

import ast
import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

import app
from bot.handlers import COMMANDS, EVENTS, GLOBAL_SHORTCUTS, MESSAGE_SHORTCUTS
from settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
ROOMS = ("bot", "scheduling", "web", "sandbox", "templates", "tests", "requirements")
# Our handlers call these; each needs its scope (https://docs.slack.dev/reference/methods).
SCOPE_OF = {
    "chat_postMessage": "chat:write",
    "users_info": "users:read",
    "users_lookupByEmail": "users:read.email",
    "views_push": None,
    "views_open": None,
    "views_update": None,
    "views_publish": None,
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def story() -> list[tuple[str, str, str]]:
    rows = re.findall(r"^\| (.+?) \| `(\w+)` \| `([\w./]+)` \|$", read("ARCHITECTURE.md"), re.MULTILINE)
    assert len(rows) > 25
    return rows


def names_in(file: str) -> set[str]:
    defined = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(read(file))) if isinstance(node, defined)}


@pytest.mark.parametrize(("sentence", "function", "file"), story(), ids=lambda value: value.replace("/", "-")[:40])
def test_each_sentence_of_the_reps_story_names_a_function_that_is_in_its_file(sentence, function, file):
    assert function in names_in(file), f"{sentence}: {file} has no {function}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_exists(document):
    quoted = re.findall(r"`([\w.-]+(?:/[\w.*-]+)*/?)`", read(document)) + re.findall(
        r"\]\(([\w./-]+)\)", read(document)
    )
    paths = [
        q for q in quoted if (q.split("/")[0] in ROOMS and "/" in q) or q.endswith((".md", ".py", ".toml", ".json"))
    ]

    missing = [path for path in paths if not (ROOT / path).exists()]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_document_names_exists(document):
    text = read(document)
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    commands = set(get_command(app.cli).commands)  # type: ignore[attr-defined]  # a click group

    unknown_targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) - targets
    unknown_commands = set(re.findall(r"python app\.py ([a-z-]+)", text)) - commands

    assert unknown_targets == set()
    assert unknown_commands == set()


def test_the_readme_tells_of_every_command_of_the_app():
    commands = set(get_command(app.cli).commands)  # type: ignore[attr-defined]  # a click group

    told = set(re.findall(r"python app\.py ([a-z-]+)", read("README.md")))

    assert commands - told == set()


def test_the_sample_environment_and_the_readme_list_exactly_the_settings():
    fields = [name.upper() for name in Settings.model_fields]

    sample = re.findall(r"^([A-Z_]+)=", read(".env.sample"), re.MULTILINE)
    table = re.findall(r"^\| `([A-Z_]+)` \|", read("README.md"), re.MULTILINE)

    assert sorted(sample) == sorted(fields)
    assert sorted(table) == sorted(fields)


def test_the_sample_environment_shows_the_defaults():
    shown = dict(re.findall(r"^([A-Z_]+)=(.+)$", read(".env.sample"), re.MULTILINE))
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}

    for name, value in shown.items():
        default = defaults[name]
        default = default.get_secret_value() if hasattr(default, "get_secret_value") else str(default)
        assert value.removesuffix("/") == default.removesuffix("/"), name


# --- the manifest -----------------------------------------------------------------------------------------------------


def manifest() -> dict:
    return json.loads(read("manifest.json"))


def test_the_manifest_offers_exactly_what_the_handlers_answer():
    features = manifest()["features"]
    shortcuts = {
        kind: {s["callback_id"] for s in features["shortcuts"] if s["type"] == kind} for kind in ("global", "message")
    }

    assert {c["command"] for c in features["slash_commands"]} == set(COMMANDS)
    assert shortcuts == {"global": set(GLOBAL_SHORTCUTS), "message": set(MESSAGE_SHORTCUTS)}
    assert set(manifest()["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)


def test_the_manifest_asks_for_the_scopes_that_our_calls_need_and_no_more():
    calls = set()
    for file in (ROOT / "bot").rglob("*.py"):
        calls |= set(re.findall(r"client\.((?:chat|users|views|conversations)_\w+)", file.read_text(encoding="utf-8")))

    unknown = calls - set(SCOPE_OF)
    needed = {"commands", "users:read.email"} | {scope for call in calls & set(SCOPE_OF) if (scope := SCOPE_OF[call])}

    assert unknown == set()
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_manifest_keeps_slacks_limits():
    display, features = manifest()["display_information"], manifest()["features"]

    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert len(shortcut["callback_id"]) <= 255
    for command in features["slash_commands"]:
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_the_manifest_for_http_sends_everything_to_one_address():
    endpoint = "https://schedule.example.com/slack/events"

    made = app.filled_manifest("https://schedule.example.com")

    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"] == {
        "is_enabled": True,
        "request_url": endpoint,
        "message_menu_options_url": endpoint,
    }
    assert made["settings"]["event_subscriptions"]["request_url"] == endpoint
    assert [command["url"] for command in made["features"]["slash_commands"]] == [endpoint]
    assert app.filled_manifest("") == manifest()
