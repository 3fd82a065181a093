"""Dana's Apple Account at the stand-in, in front of a Radicale of the test session."""

from collections.abc import Iterator

from sandbox.calendar_server import CalendarServer
from sandbox.icloud_standin import AppleAccount, ICloudStandin

APP_PASSWORD = "abcd-efgh-ijkl-mnop"
ADDRESS = "dana@cloud.example"
HOST, PARTITION = "caldav.cloud.example", "p07-caldav.cloud.example"


def apple(radicale: CalendarServer) -> Iterator[ICloudStandin]:
    account = AppleAccount(ADDRESS, {APP_PASSWORD}, "1234567890", "dana", radicale.users["dana"])
    with ICloudStandin(radicale.url, [account], host=HOST, partition=PARTITION) as standin:
        yield standin
