"""The live connection to every open page: what changed goes out at once, acts come in one after the other.

One thread watches the workspace, another the calendars. A page gets a section only when it differs from what it has.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.mailbox import Mailbox
from sandbox.page import mailroom, seen
from sandbox.page.acts import Acting, ActRefused
from sandbox.page.jumps import Jumps
from sandbox.page.traffic import Traffic
from sandbox.page.trouble import Troubles
from sandbox.page.week import Weeks
from sandbox.seed import SEEDED, zone_of
from sandbox.workspace.client import SlackClient
from sandbox.workspace.state import Workspace

logger = logging.getLogger(__name__)

Json = dict[str, Any]
LOOK_SECONDS = 0.2
CALENDAR_SECONDS = 1.0
TOGETHER_SECONDS = 0.01
"""Changes within this time go out together."""


class Viewer:
    """One open page, acting for one person at a time."""

    def __init__(self, socket: WebSocket, loop: asyncio.AbstractEventLoop, acting: Acting) -> None:
        self.acting = acting
        self.out: asyncio.Queue[str] = asyncio.Queue()
        self._socket = socket
        self._loop = loop
        self._has: dict[str, str] = {}
        self._traffic = 0
        self._sending = threading.Lock()

    def act_for(self, acting: Acting) -> None:
        """Become another person; everything of theirs is sent."""
        with self._sending:
            self.acting = acting
            self._has.clear()

    def tell(self, sections: dict[str, Any], traffic: Traffic) -> None:
        """Send the sections that changed, and the traffic since the last time."""
        with self._sending:
            news: Json = {}
            for name, content in sections.items():
                as_text = json.dumps(content, ensure_ascii=False)
                if self._has.get(name) != as_text:
                    self._has[name] = as_text
                    news[name] = content
            lines = traffic.lines(self._traffic)
            self._traffic += len(lines)
            if lines:
                news["traffic"] = lines
            if news:
                self.post({"news": news})

    def post(self, frame: Json) -> None:
        """Queue a frame, from any thread."""
        text = json.dumps(frame, ensure_ascii=False)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.out.put_nowait, text)


class Live:
    """All open pages."""

    def __init__(self, workspace: Workspace, mailbox: Mailbox, troubles: Troubles) -> None:
        self.traffic = Traffic(workspace)
        self.weeks: Weeks | None = None
        self.jumps: Jumps | None = None
        self.client_of: Callable[[str], SlackClient] | None = None
        self._workspace = workspace
        self._mailbox = mailbox
        self._troubles = troubles
        self._viewers: list[Viewer] = []
        self.calendars: dict[str, Json] = {}
        self._stopped = threading.Event()
        self._threads = ThreadPoolExecutor(16, "page")
        self._watchers = [
            threading.Thread(target=self._watch_workspace, name="page-workspace", daemon=True),
            threading.Thread(target=self._watch_calendars, name="page-calendars", daemon=True),
        ]

    def start(self, client_of: Callable[[str], SlackClient], weeks: Weeks, jumps: Jumps) -> None:
        """Begin to watch; pages are answered from now on."""
        self.client_of, self.weeks, self.jumps = client_of, weeks, jumps
        for watcher in self._watchers:
            watcher.start()

    def stop(self) -> None:
        """End watching."""
        self._stopped.set()
        with self._workspace.changing():
            pass
        for watcher in self._watchers:
            if watcher.is_alive():
                watcher.join(5)
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- out ---

    def _watch_workspace(self) -> None:
        """A change wakes us; one that comes while we send, and a mail, are seen at the next look."""
        while not self._stopped.is_set():
            with self._workspace.lock:
                if self._workspace.lock.wait(LOOK_SECONDS):
                    self._workspace.lock.wait(TOGETHER_SECONDS)
            self.tell_all()

    def _watch_calendars(self) -> None:
        known: dict[str, int] = {}
        while not self._stopped.wait(CALENDAR_SECONDS if self._viewers else LOOK_SECONDS):
            if not self._viewers or self.weeks is None:
                continue
            try:
                found = self.weeks.fingerprints()
                changed = [user for user, mark in found.items() if known.get(user) != mark]
                for user in changed:
                    self.calendars[user] = self._calendar_seen(user, found[user], self.weeks.starts(user))
                known = found
            except httpx2.HTTPError as error:
                logger.warning("calendars_not_seen error=%s", type(error).__name__)
                continue
            if changed:
                self.tell_all()

    def _calendar_seen(self, user: str, mark: int, starts: dict[str, str]) -> Json:
        """What the page needs to know of a calendar: `new` are the events that the seeds did not put in."""
        known = self.calendars.get(user, {"new": [], "week_of": None})
        fresh = [href for href in starts if not href.endswith(SEEDED)]
        newest = next((href for href in fresh if href not in known["new"]), None)
        return {"mark": mark, "new": fresh, "week_of": starts[newest] if newest else known["week_of"]}

    def tell_all(self) -> None:
        """Send every page what changed for its person."""
        for viewer in list(self._viewers):
            self.tell(viewer)

    def tell(self, viewer: Viewer) -> None:
        """Send one page what changed for its person."""
        user_id = viewer.acting.user_id
        mails = self._mailbox.messages
        with self._workspace.lock:
            self.traffic.collect()
            workspace = self._workspace
            sections = {
                "me": seen.surroundings(workspace, user_id, list(viewer.acting.client.notices)),
                "messages": seen.conversations(workspace, user_id),
                "stack": seen.stack_seen(workspace, user_id),
                "home": seen.home_seen(workspace, user_id),
                "mails": [mailroom.summary(n, mail, workspace.zone_of(user_id)) for n, mail in enumerate(mails)],
                "calendars": dict(self.calendars),
                "troubles": self._troubles.seen(),
                "clock": self.jumps.seen(user_id) if self.jumps is not None else None,
            }
            viewer.tell(sections, self.traffic)

    # --- in ---

    async def serve(self, socket: WebSocket, user_id: str) -> None:
        """Speak with one page until it goes."""
        if self.client_of is None:
            await socket.close(1013)
            return
        await socket.accept()
        viewer = Viewer(socket, asyncio.get_running_loop(), Acting(self.client_of(user_id)))
        self._viewers.append(viewer)
        acts: asyncio.Queue[Json] = asyncio.Queue()
        tasks = [asyncio.create_task(self._write(socket, viewer)), asyncio.create_task(self._work(viewer, acts))]
        try:
            self._threads.submit(self.tell, viewer)
            while True:
                frame = json.loads(await socket.receive_text())
                if frame.get("act") in {"suggest", "mail", "week", "detail"}:  # these only look: no need to queue
                    self._threads.submit(self._answer, viewer, frame)
                else:
                    acts.put_nowait(frame)
        except (WebSocketDisconnect, ValueError):
            pass
        finally:
            self._viewers.remove(viewer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _write(socket: WebSocket, viewer: Viewer) -> None:
        while True:
            await socket.send_text(await viewer.out.get())

    async def _work(self, viewer: Viewer, acts: "asyncio.Queue[Json]") -> None:
        while True:
            frame = await acts.get()
            await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, viewer, frame)

    def _answer(self, viewer: Viewer, frame: Json) -> None:
        try:
            answer = {"re": frame.get("id"), "answer": self._done(viewer, frame)}
        except ActRefused as refused:
            answer = {"re": frame.get("id"), "refused": str(refused)}
        except httpx2.HTTPError as error:
            answer = {
                "re": frame.get("id"),
                "refused": f"The calendar server does not answer ({type(error).__name__}).",
            }
        except Exception:
            logger.exception("act_failed act=%s", frame.get("act"))
            answer = {"re": frame.get("id"), "refused": "That did not work; the terminal says why."}
        viewer.post(answer)

    def _done(self, viewer: Viewer, frame: Json) -> Any:  # noqa: ANN401 - JSON
        """What is asked of the page itself; everything else is done as Slack's client does it."""
        own: dict[str, Callable[[Viewer, Json], Any]] = {
            "person": self._become,
            "mail": self._open_mail,
            "detail": lambda _viewer, asked: self.traffic.detail(int(asked["n"])),
            "trouble": lambda _viewer, asked: self._troubles.turn(asked["name"], bool(asked["on"])),
            "jump": self._jump,
            "week": self._calendar,
            "event": self._calendar,
            "remove": self._calendar,
        }
        if (done := own.get(str(frame.get("act")))) is not None:
            return done(viewer, frame)
        return viewer.acting.do(frame)

    def _become(self, viewer: Viewer, frame: Json) -> None:
        if self.client_of is None or frame["user"] not in self._workspace.people:
            raise ActRefused("There is nobody like that.")
        viewer.act_for(Acting(self.client_of(frame["user"])))
        self.tell(viewer)

    def _open_mail(self, viewer: Viewer, frame: Json) -> Json:
        number = int(frame["n"])
        return mailroom.opened(number, self._mailbox.messages[number], self._workspace.zone_of(viewer.acting.user_id))

    def _jump(self, viewer: Viewer, frame: Json) -> None:
        if self.jumps is None:
            raise ActRefused("Not everything runs yet.")
        try:
            self.jumps.jump(frame["name"], viewer.acting.user_id)
        except (KeyError, ValueError) as wrong:
            raise ActRefused(f"The clock does not go there: {wrong}.") from wrong

    def _calendar(self, _viewer: Viewer, frame: Json) -> Any:  # noqa: ANN401 - JSON
        if self.weeks is None or frame["user"] not in self.weeks.users:
            raise ActRefused("There is no such calendar.")
        zone = zone_of(self._workspace, frame["user"]).key
        if frame["act"] == "event":
            return self.weeks.add(frame["user"], zone, frame)
        if frame["act"] == "remove":
            return self.weeks.remove(frame["user"], frame["href"])
        return self.weeks.week(frame["user"], zone, seen.monday_of(self._workspace, zone, frame.get("monday")))
