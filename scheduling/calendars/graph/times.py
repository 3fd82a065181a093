"""Times as Microsoft Graph writes them: local, with Windows' names of zones."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from scheduling.domain import Interval
from scheduling.errors import Unavailable


def moment_of(stamp: object) -> datetime:
    """The UTC instant of a dateTimeTimeZone. Raises Unavailable for anything else."""
    if not isinstance(stamp, Mapping):
        raise Unavailable("unreadable_time")
    try:
        moment = datetime.fromisoformat(str(stamp.get("dateTime")))
        there = moment.tzinfo or _zone(str(stamp.get("timeZone") or "UTC"))
        return moment.replace(tzinfo=there).astimezone(UTC)
    except (ValueError, KeyError, OSError, OverflowError) as error:
        raise Unavailable("unreadable_time") from error


def interval_of(item: Mapping[str, Any], default_zone: str, *, all_day: bool = False) -> Interval | None:
    """`[start, end)` of an event or schedule item; None when it has no length.

    Days without a clock come as midnight whatever zone was asked for: they are read in `default_zone`.
    Raises Unavailable.
    """
    start, end = moment_of(item.get("start")), moment_of(item.get("end"))
    if all_day and _is_midnight(start) and _is_midnight(end):
        there = ZoneInfo(default_zone)
        start, end = (moment.replace(tzinfo=there).astimezone(UTC) for moment in (start, end))
    if start > end:
        raise Unavailable("unreadable_time")
    return Interval(start, end) if start < end else None


def stamps_of(interval: Interval, zone: str) -> dict[str, dict[str, str]]:
    """`start` and `end` of an event in an IANA zone; in UTC where Microsoft might read that clock differently."""
    names = {_windows_name(moment, zone) for moment in (interval.start, interval.end)}
    name = names.pop() if len(names) == 1 else None
    there = ZoneInfo(zone) if name else UTC
    return {
        key: {"dateTime": moment.astimezone(there).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": name or "UTC"}
        for key, moment in (("start", interval.start), ("end", interval.end))
    }


def _windows_name(moment: datetime, zone: str) -> str | None:
    """Windows' name for the zone, if the wall clock there means `moment` and nothing else.

    Not in a repeated hour, and not where the zone has left the others of its Windows zone (Vancouver in 2026): whether
    Microsoft's tables know that already, nobody can tell.
    """
    name = tz_win.get(zone)
    if name is None:
        return None
    wall = moment.astimezone(ZoneInfo(zone))
    model = moment.astimezone(ZoneInfo(win_tz[name]))
    repeated = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
    return name if wall.utcoffset() == model.utcoffset() and not repeated and name not in _TOO_NEW else None


_TOO_NEW = frozenset({"British Columbia Standard Time"})
"""Windows zones of 2026: not every server knows them yet."""


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(win_tz.get(name, name))


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)
