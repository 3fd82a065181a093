"""A worker process to kill: `python worker.py DATABASE_URL FOLDER LEASE_SECONDS WORK_SECONDS`.

Appends a line to FOLDER/effects.log when it begins a task (the effect that cannot be taken back), works for a while,
and ends it. Writes FOLDER/<pid>.ready once it drains; on SIGTERM it stops in good order.
"""

import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from scheduling.clock import utc_now
from scheduling.outbox import Done, Kind, Outbox, Task
from scheduling.store import Store


def main() -> int:
    url, folder, lease, work = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    store = Store.open(url)

    def run(task: Task) -> Done:
        with (folder / "effects.log").open("a") as log:
            log.write(f"{task.key}\n")
        time.sleep(work)
        return Done()

    outbox = Outbox(
        store,
        [Kind("letter", run, give_up=lambda _tx, _task, _error: None, max_attempts=99)],
        utc_now,
        workers=2,
        lease=timedelta(seconds=lease),
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    outbox.start()
    (folder / f"{os.getpid()}.ready").touch()
    stop.wait()
    finished = outbox.stop(timeout=10)
    store.dispose()
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main())
