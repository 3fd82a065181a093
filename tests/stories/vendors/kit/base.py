"""What every system offers a story. Times are aware; people and rooms are named by their addresses."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from sandbox.nearby import request
from sandbox.workspace.records import DEMO_PEOPLE
from sandbox.workspace.scripted_rep import ScriptedRep
from scheduling.calendars.base import Account
from scheduling.calendars.systems import CalendarSystem
from scheduling.outbound import Outbound
from tests.stories.conftest import Desk

BOOKED = "Pricing call"
DANA = "dana@demo.example"
PEOPLE = {person.email: (person.name, person.real_name, person.tz) for person in DEMO_PEOPLE if person.email}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as its owner's calendar has it. `invited` are all attendees, `rooms` those that are rooms, by address.

    `calendar` is its calendar's name; `zone` the IANA name in the event's zone field, None where the system keeps UTC.
    """

    calendar: str
    subject: str
    start: datetime
    end: datetime
    uid: str
    invited: tuple[str, ...]
    rooms: tuple[str, ...]
    shows_busy: bool
    private: bool
    reminder: int | None
    description: str
    location: str
    link: str | None
    zone: str | None


class Vendor(ABC):
    """A running stand-in, empty but for the people of the demo workspace after `reset`."""

    provider: ClassVar[str]
    button: ClassVar[str]
    """The words on the button that connects it."""

    sees_others: ClassVar[bool] = True
    tells_titles: ClassVar[bool] = True
    """Whether a colleague's events have titles for the rep."""

    invites: ClassVar[bool] = True
    conference: ClassVar[str | None] = None

    def account_of(self, address: str) -> str:
        """What screens call somebody's account."""
        return f"{self.button} ({address})"

    def zone_kept(self, zone: str) -> str | None:
        """What the zone field of an event put into this zone says."""
        return zone

    @property
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """What an operator sets to offer it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen anywhere: passwords and tokens that are in use."""
        return ()

    @abstractmethod
    def reset(self) -> None:
        """As new, with everybody of the workspace in it."""

    @abstractmethod
    def stop(self) -> None: ...

    # --- signing in ---

    @abstractmethod
    def sign_in(self, desk: Desk, link: str, address: str) -> str:
        """Follow a personal link as this person, as a browser goes; the words of the last page."""

    def connect(self, desk: Desk, person: ScriptedRep | None = None) -> str:
        """From the button on the first screen to the last page."""
        rep = person or desk.dana
        rep.command("/schedule-for")
        rep.wait_for("Connect a calendar")
        link = desk.link(rep, self.button)
        rep.close()
        return self.sign_in(desk, link, desk.workspace.workspace.people[rep.user_id].email)

    @abstractmethod
    def system(self, http: Outbound) -> CalendarSystem:
        """The product's own client of it, without the app around."""

    @abstractmethod
    def account(self, system: CalendarSystem, address: str) -> Account:
        """What connecting this person's account to `system` gives."""

    @abstractmethod
    def revoke(self, address: str) -> None:
        """The person takes our access back over there, or changes the password; signing in again mends it."""

    # --- doing ---

    @abstractmethod
    def occupy(self, address: str, start: datetime, end: datetime, title: str, *, private: bool = False) -> None:
        """Somebody, or somebody for a room, makes an event by hand."""

    @abstractmethod
    def add_calendar(self, address: str, name: str, *, writable: bool = True) -> None:
        """One more calendar in somebody's account, before it is connected."""

    @abstractmethod
    def make_room(self, name: str) -> str:
        """A room with a calendar over there; its address."""

    def add_room(self, desk: Desk, name: str) -> str:
        """A room that an administrator then makes bookable on App Home; its address."""
        address = self.make_room(name)
        dana = desk.dana
        dana.open_home()
        dana.press("Add rooms from my calendar")
        dana.wait_for(f"Added: {name}. They can be booked now.")
        dana.close()
        dana.leave_home()
        return address

    def link_comes_late(self) -> None:
        """A link that the system makes shows only at a second look."""
        assert self.conference is None

    # --- seeing ---

    @abstractmethod
    def events(self, address: str) -> list[Entry]:
        """Everything in all calendars of an account, soonest first."""

    @property
    @abstractmethod
    def invited(self) -> list[str]:
        """To whom the system itself sent invitations, one entry for each, sorted."""

    def booked(self, address: str, title: str = BOOKED) -> Entry:
        """The one event of this title."""
        (event,) = [event for event in self.events(address) if event.subject == title]
        return event

    # --- troubles ---

    @abstractmethod
    def fall_silent(self) -> None:
        """Reading answers nothing any more."""

    @abstractmethod
    def refuse_to_store(self) -> None:
        """No event can be created any more."""

    @abstractmethod
    def lose_an_answer(self) -> None:
        """The next event is stored, and the answer that says so is lost."""

    @abstractmethod
    def heal(self) -> None:
        """All is well again."""


def fill_in(link: str, typed: Mapping[str, str]) -> str:
    """Send the form of our /connect page as a browser would; the words of the answer."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    return request("POST", link, data=dict(typed), headers={"Origin": origin}).text
