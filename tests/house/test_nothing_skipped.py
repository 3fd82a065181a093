"""Where everything must run, a skip is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SKIPPING = {
    "test_inside.py": "import pytest\n\ndef test_it():\n    pytest.skip('no browser')\n",
    "test_marked.py": "import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_it():\n    pass\n",
    "test_whole_file.py": "import pytest\n\npytest.skip('no contracts', allow_module_level=True)\n",
    "test_fixture.py": "def test_it(chromium):\n    pass\n",
}


def verdicts(folder: Path, **names: str) -> dict[str, int]:
    """How many of the tests in `folder` were SKIPPED, FAILED or in ERROR; without any program on the PATH."""
    environment = {k: v for k, v in os.environ.items() if k != "NOTHING_SKIPPED" and not k.startswith("PYTEST")}
    environment |= {"PYTHONPATH": str(ROOT), "PATH": str(folder)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rsfE",
        "--continue-on-collection-errors",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir=.",
        str(folder),
    ]
    ran = subprocess.run(command, cwd=folder, env=environment | names, capture_output=True, text=True, check=False)
    words = [line.split(" ", 1)[0] for line in ran.stdout.splitlines()]
    return {word: words.count(word) for word in ("SKIPPED", "FAILED", "ERROR")}


def test_a_skip_of_any_kind_fails_where_nothing_may_be_skipped_and_only_there(tmp_path):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    for name, content in SKIPPING.items():
        (tmp_path / name).write_text(content)

    allowed = verdicts(tmp_path)
    forbidden = verdicts(tmp_path, NOTHING_SKIPPED="1")

    assert allowed == {"SKIPPED": 4, "FAILED": 0, "ERROR": 0}
    assert forbidden == {"SKIPPED": 0, "FAILED": 1, "ERROR": 3}
