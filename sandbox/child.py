"""The app as a child of the sandbox: what `python app.py run` runs, on the sandbox's clock, whose file is the argument.

It ends with the sandbox even when that is killed: then the pipe on stdin closes, whose other end the sandbox holds.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

STOP_SECONDS = 30.0


def main() -> None:
    """Run until told to stop, or until stdin ends."""
    threading.Thread(target=_end_with_the_sandbox, name="sandbox-is-there", daemon=True).start()
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # instead of this folder, whose names are others' too
    from composition import run_until_stopped  # noqa: PLC0415 - needs the path; takes long, and the thread watches
    from sandbox.clock import MovableClock  # noqa: PLC0415
    from settings import load_settings  # noqa: PLC0415

    raise SystemExit(run_until_stopped(load_settings(), MovableClock(Path(sys.argv[1]))))


def _end_with_the_sandbox() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
