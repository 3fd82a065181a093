"""`python app.py sandbox` as a process: it says where to look, and leaves nothing running."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[3]
RUN = """
import sys
from pathlib import Path
from scheduling.zones import use_packaged_zones
use_packaged_zones()
from sandbox import tryout
tryout.HERE = Path(sys.argv[1])
tryout.main()
"""


def descendants(pid: int) -> set[int]:
    """Every process that descends from `pid`."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(pid) for pid, stat in (line.split() for line in listed.splitlines()) if not stat.startswith("Z")}
    return pids & running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_greets_serves_and_leaves_no_process_behind(number, tmp_path):
    """Not even when it is killed: its children notice."""
    (tmp_path / "manifest.json").write_text((ROOT / "manifest.json").read_text())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLACK_BOT_TOKEN": "xoxb-real-one", "SMTP_URL": "smtp://real"}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    said = ""
    while "Ctrl-C" not in said and process.poll() is None:
        said += process.stdout.readline()
    url = re.search(r"Workspace  (http://127\.0\.0\.1:\d+)/", said).group(1)
    children = descendants(process.pid)

    served = httpx2.get(f"{url}/")
    process.send_signal(number)
    rest, _ = process.communicate(timeout=30)
    until = time.monotonic() + 20
    while alive(children) and time.monotonic() < until:
        time.sleep(0.05)

    assert served.status_code == 200
    assert len(children) >= 2
    if number == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 0
        assert rest.strip().endswith("Nothing is left running.")
    assert alive(children) == set()
    assert not any("xoxb-real-one" in log.read_text() for log in tmp_path.rglob("*.log"))
