"""The scheduling service over one system's real client, without Slack and sockets of our own: for tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

from scheduling.accounts import ConfiguredAccounts
from scheduling.assembly import Scheduling, assemble
from scheduling.config import SchedulingConfig
from scheduling.connecting import keep_account
from scheduling.domain import Booking, Customer, Prefill, Rep, Screen
from scheduling.outbound import Outbound
from scheduling.store import Store
from tests.conftest import SettableClock
from tests.scheduling.service.conftest import DANA, TEAM, FakeDirectory, FakeNotices, FakeTransport
from tests.stories.vendors.kit.base import BOOKED, Vendor
from tests.stories.vendors.kit.base import DANA as DANAS_ADDRESS


@dataclass
class Service:
    """The assembled service, and what it says to people."""

    vendor: Vendor
    store: Store
    clock: SettableClock
    scheduling: Scheduling
    accounts: ConfiguredAccounts
    system: object
    directory: FakeDirectory
    notices: FakeNotices
    transport: FakeTransport

    def connect(self, user_id: str, address: str) -> None:
        """The account with this address becomes this person's, or this room's."""
        account = self.vendor.account(self.system, address)
        self.store.transact(lambda tx: keep_account(tx, Rep(TEAM, user_id), account, self.clock()))

    def book(
        self, start: datetime, email: str, *, on_event: bool = True, by_mail: bool = True, **form: object
    ) -> Booking:
        """From an empty form to the end of everything that follows; what must be free is."""
        service = self.scheduling.service
        opened = service.open_draft(DANA, Prefill()).draft
        typed = {"customer": Customer(name="Acme Buyer", email=email), "subject": BOOKED, **form}
        draft = service.save(DANA, opened.id, opened.form.model_copy(update=typed), Screen.TIMES)
        service.hold(DANA, draft.id, start)
        service.submit(DANA, draft.id, on_event=on_event, by_mail=by_mail)
        self.scheduling.outbox.run_until_idle(advance=self.clock.set)
        booking = service.booking_of(DANA, draft.id)
        assert booking is not None, service.outcome(DANA, draft.id)
        return booking

    def mails_to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message in self.transport.sent if recipient == address]


@contextmanager
def a_service(vendor: Vendor, store: Store, clock: SettableClock) -> Iterator[Service]:
    """Dana has connected her account."""
    http = Outbound(frozenset({"127.0.0.1", "localhost"}))
    system = vendor.system(http)
    accounts = ConfiguredAccounts(store, {vendor.provider: system})
    directory, notices, transport = FakeDirectory(), FakeNotices(), FakeTransport()
    scheduling = assemble(
        store=store,
        directory=directory,
        notices=notices,
        transport=transport,
        accounts=accounts,
        config=SchedulingConfig(mail_from="meetings@demo.example", horizon=timedelta(days=400)),
        clock=clock,
    )
    service = Service(vendor, store, clock, scheduling, accounts, system, directory, notices, transport)
    service.connect(DANA.user_id, DANAS_ADDRESS)
    yield service
    scheduling.outbox.stop()
    scheduling.close()
    http.close()
