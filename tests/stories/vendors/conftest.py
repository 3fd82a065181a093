"""The same stories over the four calendar systems, by HTTP on SQLite unless a story says otherwise.

`vendor` is one of them, running and empty but for the people of the workspace, and the desk's app is told where it is.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack

import pytest

from tests.stories.vendors.kit import THE_FOUR, VENDORS, Vendor
from tests.stories.vendors.kit.icloud import ICloud


@pytest.fixture(scope="session")
def started(calendar_server, proxy) -> Iterator[Callable[[str], Vendor]]:
    """A system by its name, started when it is first asked for."""
    running: dict[str, Vendor] = {}
    with ExitStack() as ends:

        def of(name: str) -> Vendor:
            if name not in running:
                kind = VENDORS[name]
                running[name] = kind(calendar_server, proxy) if kind is ICloud else kind()
                ends.callback(running[name].stop)
            return running[name]

        yield of


@pytest.fixture(params=THE_FOUR)
def vendor(request, started) -> Iterator[Vendor]:
    one = started(request.param)
    one.reset()
    yield one
    one.heal()


@pytest.fixture(params=["http-sqlite"])
def combination(request) -> str:
    return request.param


@pytest.fixture
def settings(vendor) -> Mapping[str, str]:
    return vendor.environment
