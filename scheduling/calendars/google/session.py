"""One Google account's calls: a good token, every page of a list, and nothing taken for an answer that is none."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from scheduling.calendars.base import Deadline
from scheduling.calendars.google.sign_in import Tokens
from scheduling.errors import Ambiguous, AuthExpired, Unavailable

if TYPE_CHECKING:
    from scheduling.calendars.google.transport import Google

Json = Mapping[str, Any]

MOST_PAGES = 20


class GoogleSession:
    """`google` gives the libraries when the first call needs them. Safe to share between threads."""

    def __init__(self, google: Callable[[], "Google"], tokens: Tokens) -> None:
        self._google = google
        self._tokens = tokens

    @property
    def events(self) -> Any:  # noqa: ANN401 - methods made from Google's discovery document
        return self._google().calendar.events()

    @property
    def calendar_list(self) -> Any:  # noqa: ANN401 - the same
        return self._google().calendar.calendarList()

    @property
    def free_busy(self) -> Any:  # noqa: ANN401 - the same
        return self._google().calendar.freebusy()

    @property
    def rooms(self) -> Any:  # noqa: ANN401 - the same
        return self._google().directory.resources().calendars()

    def call(self, request: Any, deadline: Deadline, *, writes: bool = False) -> Any:  # noqa: ANN401 - whatever came
        """Send it; a token that is refused is renewed once. Raises CalendarErrors."""
        token = self._tokens.current(deadline)
        try:
            return self._google().call(request, token, deadline, writes=writes)
        except AuthExpired:
            return self._google().call(request, self._tokens.after(token, deadline), deadline, writes=writes)

    def entry(self, request: Any, deadline: Deadline, *, writes: bool = False) -> Json:  # noqa: ANN401 - a request
        """An event or list entry: neither a page of HTML nor an empty object is one."""
        answer = self.call(request, deadline, writes=writes)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise (Ambiguous if writes else Unavailable)("answer")
        return answer

    def entries(self, method: Callable[..., Any], deadline: Deadline, **arguments: Any) -> Iterator[Json]:  # noqa: ANN401 - Google's parameters
        """The entries of every page of a list."""
        for page in self.pages(method, deadline, **arguments):
            yield from page["items"]

    def pages(self, method: Callable[..., Any], deadline: Deadline, **arguments: Any) -> Iterator[Json]:  # noqa: ANN401 - Google's parameters
        """Every page of a list; raises Unavailable for one that is no list, and for a list without an end."""
        token: str | None = None
        for _ in range(MOST_PAGES):
            page = self.call(method(pageToken=token, **arguments), deadline)
            if not isinstance(page, dict) or not ("kind" in page or "items" in page):
                raise Unavailable("answer")
            entries = page.get("items", [])
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise Unavailable("answer")
            yield {**page, "items": entries}
            token = page.get("nextPageToken")
            if not token:
                return
        raise Unavailable("too_many_pages")
