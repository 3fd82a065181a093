"""Google Calendar, Office 365, Exchange and iCloud as local stand-ins, with the demo people in them, for the try-out.

Everybody has the week there that `seed` gives them, and shares it; all but iCloud have one room. The app is told where
they are by the names that an operator would set.
"""

from contextlib import ExitStack
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from sandbox.exchange_standin import Directory, ExchangeStandin, Mailbox
from sandbox.google_standin import GoogleStandIn
from sandbox.icloud_standin import AppleAccount, ICloudStandin
from sandbox.microsoft_standin import MicrosoftStandIn
from sandbox.seed import meetings_of
from sandbox.stage import PEOPLE
from sandbox.workspace.records import Person
from sandbox.workspace.state import Workspace

APP_PASSWORD = "demo-demo-demo-demo"  # iCloud takes no other shape; at Exchange people have the passwords of PEOPLE
DOMAIN = "DEMO"
WEEKS = range(-1, 40)
"""Filled from the start: the clock may be set ahead, to beyond the next change of the clocks."""

ROOM, ROOM_NAME, ROOM_LIST = "oslo@demo.example", "Oslo", "rooms@demo.example"


class OtherSystems:
    """All of them, running. Use `start`, and `stop` or a `with` statement."""

    def __init__(self, caldav_url: str) -> None:
        """iCloud's calendars are the ones behind `caldav_url`, person by person."""
        self.google = GoogleStandIn.start()
        self.microsoft = MicrosoftStandIn.start()
        self.exchange = ExchangeStandin(Directory(room_lists={ROOM_LIST: [ROOM]}))
        self.icloud = ICloudStandin(caldav_url, [], host="127.0.0.1", partition="127.0.0.1")
        self._ends = ExitStack()
        for part in (self.google, self.microsoft):
            self._ends.callback(part.stop)
        for started in (self.exchange, self.icloud):
            self._ends.enter_context(started)

    @classmethod
    def start(cls, caldav_url: str, workspace: Workspace) -> Self:
        """Everybody of PEOPLE has an account in every system."""
        systems = cls(caldav_url)
        try:
            systems.google.accounts.add_room(ROOM, ROOM_NAME)
            systems.microsoft.add_room(ROOM, ROOM_NAME)
            systems.exchange.directory.mailboxes[ROOM] = Mailbox(ROOM, ROOM_NAME, is_room=True)
            for person in workspace.people.values():
                if person.name in PEOPLE:
                    systems._add(person, workspace)
        except BaseException:
            systems.stop()
            raise
        return systems

    @property
    def environment(self) -> dict[str, str]:
        """What an operator sets to offer them."""
        return {
            "GOOGLE_CLIENT_ID": self.google.client_id,
            "GOOGLE_CLIENT_SECRET": self.google.client_secret,
            "GOOGLE_API_URL": self.google.api_url,
            "GOOGLE_AUTH_URL": self.google.auth_url,
            "GOOGLE_TOKEN_URL": self.google.token_url,
            "MICROSOFT_CLIENT_ID": self.microsoft.client_id,
            "MICROSOFT_CLIENT_SECRET": self.microsoft.client_secret,
            "MICROSOFT_AUTHORITY": self.microsoft.authority,
            "GRAPH_API_URL": self.microsoft.graph_url,
            "EXCHANGE_EWS_URL": self.exchange.ews_url,
            "ICLOUD_CALDAV_URL": self.icloud.url,
        }

    @property
    def app_password(self) -> str:
        """Everybody's at iCloud."""
        return APP_PASSWORD

    def user_name_of(self, user: str) -> str:
        """Somebody's at Exchange."""
        return f"{DOMAIN}\\{user}"

    def stop(self) -> None:
        """End them; calling it again does nothing."""
        self._ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _add(self, person: Person, workspace: Workspace) -> None:
        """The accounts of one person, and what is in them."""
        email, user = person.email, person.name
        self.google.accounts.add_person(email, person.real_name, person.tz)
        self.microsoft.add_person(email, person.real_name)
        mailbox = Mailbox(email, person.real_name, self.user_name_of(user), PEOPLE[user])
        self.exchange.directory.mailboxes[email] = mailbox
        number = str(10_000_000 + len(self.icloud.accounts))
        self.icloud.accounts.append(AppleAccount(email, {APP_PASSWORD}, number, user, PEOPLE[user]))
        for title, start, end, private in meetings_of(user, ZoneInfo(person.tz), workspace.clock(), WEEKS):
            visibility = {"visibility": "private"} if private else {}
            self.google.accounts.occupy(email, start, end, title, **visibility)
            self.microsoft.occupy(email, start, end, title, sensitivity="private" if private else "normal")
            mailbox.add(start, end, title, Sensitivity="Private" if private else "Normal")
