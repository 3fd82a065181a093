"""A local stand-in for Google: its sign-in page, its token endpoint, and the Calendar API with people who have weeks.

Written from Google's public descriptions; it keeps what it is told, so a booking made through it can be looked at.
"""

from sandbox.google_standin.accounts import Accounts, Calendar, Person, Room
from sandbox.google_standin.server import GoogleStandIn

__all__ = ["Accounts", "Calendar", "GoogleStandIn", "Person", "Room"]
