"""Nothing leaves the computer: the whole story is played in a network that has no way out of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# Linux' interface flags: https://man7.org/linux/man-pages/man7/netdevice.7.html
WITHOUT_A_ROUTE = """
import errno, fcntl, os, socket, struct, sys
GET, SET, UP = 0x8913, 0x8914, 0x1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    name, flags = struct.unpack("16sh", fcntl.ioctl(s, GET, struct.pack("16sh", b"lo", 0)))
    fcntl.ioctl(s, SET, struct.pack("16sh", b"lo", flags | UP))
with socket.socket() as s:
    assert s.connect_ex(("192.0.2.1", 443)) == errno.ENETUNREACH, "there is a way out: this would prove nothing"
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def isolated() -> list[str]:
    """The command that runs another one in a network of its own; skips where this computer does not allow that."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare on this computer: it takes Linux to cut a program off")
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("this computer does not let us make a network")


def test_the_story_is_played_to_its_end_without_a_route_to_anywhere():
    command = [*isolated(), sys.executable, "-c", WITHOUT_A_ROUTE, "app.py", "sandbox", "--story"]

    played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert played.returncode == 0, played.stdout[-2000:] + played.stderr[-2000:]
    assert "5 clicks from the command to the meeting." in played.stdout
