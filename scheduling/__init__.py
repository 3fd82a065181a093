"""The shared scheduling service: any front end may call it. It knows no Slack and no HTTP server.

The front door is `SchedulingService`, put together by `assembly.assemble`; the values it takes and gives are in
`domain`, what it raises in `errors`, what it needs of the front end in `ports`.
"""

from scheduling.service import LastMeeting, Opening, SchedulingService

__all__ = ["LastMeeting", "Opening", "SchedulingService"]
