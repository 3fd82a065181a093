"""Rules for every file of the project, and for what importing it may cost."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_OURS = {
    ".git",
    ".venv",
    ".tools",
    ".sandbox",
    "data",
    "dist",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
}
CODE = (".py", ".css", ".j2", ".html", ".js")
LONGEST = 400
HEAVY = (
    "slack_bolt",
    "sqlmodel",
    "sqlalchemy",
    "jinja2",
    "uvicorn",
    "starlette",
    "icalendar",
    "pydantic_settings",
    "babel",
)

# What a file says about the computer it was written on, or where its packages came from.
TRACES = re.compile(
    r"""/(?:home|root|Users)/\w | /work/(?:main|shared) | /tmp/\w*uv | /opt/py[p]i
      | pythonhosted\. | -{2}(?:extra-)?index-url""",
    re.VERBOSE,
)


def our_files() -> list[Path]:
    """The files that git tracks; everything but what is ignored where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        found += [Path(folder, name) for name in files]
    return found


def test_no_file_of_code_is_too_long_to_read_in_one_sitting():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in our_files()
        if path.suffix in CODE and path.relative_to(ROOT).parts[0] != "tests"
    }

    assert len(lengths) > 100
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_tells_where_it_was_written_or_where_packages_came_from():
    found = {
        str(path.relative_to(ROOT)): trace.group()
        for path in our_files()
        if (trace := TRACES.search(path.read_bytes().decode("utf-8", "replace")))
    }

    assert found == {}


def test_every_requirement_is_pinned_with_its_hash():
    for path in (ROOT / "requirements").glob("*.txt"):
        blocks = [b for b in path.read_text(encoding="utf-8").split("\n") if b and b[0] not in " #"]
        assert len(blocks) > 50
        assert [b for b in blocks if "==" not in b or not b.endswith("\\")] == []


def test_import_rules_are_kept():
    checker = Path(sys.executable).with_name("lint-imports")

    ran = subprocess.run([checker, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["doctor", "--help"]])
def test_help_answers_without_importing_anything_heavy(arguments, tmp_path):
    listing = f"import sys; print(sorted(set(sys.modules) & {set(HEAVY)!r}))"
    script = f"import atexit\natexit.register(lambda: exec({listing!r}))\nimport app\napp.cli({arguments!r})"

    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Usage" in ran.stdout
    assert ran.stdout.splitlines()[-1] == "[]"


def test_what_ci_runs_can_be_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
