"""The frozen values of scheduling: time, people, calendars, slots, the form, the booking.

Knows no Slack, no SQL, no network and no clock. Every instant is an aware UTC datetime, every interval half-open,
and constructors refuse nonsense, so the code behind them need not.
"""

from scheduling.domain.booking import Booking, BookingState, InviteMode
from scheduling.domain.calendar import Busy, BusyStatus, Conference, EventRef
from scheduling.domain.connection import Connection, ConnectionState
from scheduling.domain.form import ConferencingKind, Draft, DraftState, EventSettings, Form, Prefill, Screen, ShownZone
from scheduling.domain.interval import Interval, require_utc
from scheduling.domain.people import Customer, Person, Rep, Room, WorkingHours
from scheduling.domain.slots import DayReason, Obstacle, ObstacleKind, Proposal, Slot, Unread
from scheduling.domain.workspace import WorkspaceChoices

__all__ = [
    "Booking",
    "BookingState",
    "Busy",
    "BusyStatus",
    "Conference",
    "ConferencingKind",
    "Connection",
    "ConnectionState",
    "Customer",
    "DayReason",
    "Draft",
    "DraftState",
    "EventRef",
    "EventSettings",
    "Form",
    "Interval",
    "InviteMode",
    "Obstacle",
    "ObstacleKind",
    "Person",
    "Prefill",
    "Proposal",
    "Rep",
    "Room",
    "Screen",
    "ShownZone",
    "Slot",
    "Unread",
    "WorkingHours",
    "WorkspaceChoices",
    "require_utc",
]
