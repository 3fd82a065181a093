"""What the operator decides for the whole service; read from the environment by app.py and passed in."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class SchedulingConfig:
    """`public_url` has no trailing slash; None means no links to our own pages can be given.

    `mail_from` is `bot@bookings.example` or `Acme Meetings <bot@bookings.example>`; its domain also forms UIDs.
    `connectable` lists the providers people may connect, in screen order.
    """

    mail_from: str
    public_url: str | None = None
    announce_channel: str | None = None
    connectable: tuple[str, ...] = ("icloud", "caldav")
    step: timedelta = timedelta(minutes=30)
    minimum_notice: timedelta = timedelta(minutes=60)
    buffer: timedelta = timedelta(0)
    horizon: timedelta = timedelta(days=60)
    hold: timedelta = timedelta(minutes=10)
    link_life: timedelta = timedelta(minutes=10)
    patience: float = 8.0
    """Seconds that a waiting rep's calendar reading may take."""
