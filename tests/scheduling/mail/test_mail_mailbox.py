"""The sandbox's mailbox: a real SMTP server with switches."""

import smtplib
import socket

import pytest

from sandbox.mailbox import Mailbox


def deliver(mailbox: Mailbox, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.port, timeout=5) as client:
        client.sendmail("a@bookings.example", list(recipients), "Subject: Hello\r\n\r\nWords\r\n")


def test_what_is_sent_can_be_read(mailbox) -> None:
    deliver(mailbox, "b@acme.example", "c@acme.example")

    (received,) = mailbox.wait_for(1)
    assert (received.sender, received.recipients) == ("a@bookings.example", ("b@acme.example", "c@acme.example"))
    assert (received.message["Subject"], received.message.get_content()) == ("Hello", "Words\r\n")
    assert mailbox.messages == (received,)


def test_waiting_for_more_than_came_says_how_many_came(mailbox) -> None:
    deliver(mailbox, "b@acme.example")

    with pytest.raises(TimeoutError, match=r"1 of 2 messages after 0\.1 s"):
        mailbox.wait_for(2, timeout=0.1)


def test_clearing_empties_it(mailbox) -> None:
    deliver(mailbox, "b@acme.example")
    mailbox.clear()

    assert mailbox.messages == ()


def test_faults_happen_in_turn_and_then_end(mailbox) -> None:
    mailbox.refuse_next(550)
    mailbox.refuse_next(451, at="DATA", times=2)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver(mailbox, "b@acme.example")
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            deliver(mailbox, "b@acme.example")
    deliver(mailbox, "b@acme.example")

    assert len(mailbox.messages) == 1


def test_taken_port_is_told(mailbox) -> None:
    with pytest.raises(OSError, match="address already in use"):
        Mailbox.start(mailbox.port)


def test_stopping_frees_the_port_and_may_be_repeated() -> None:
    mailbox = Mailbox.start()
    port = mailbox.port

    mailbox.stop()
    mailbox.stop()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    with Mailbox.start(port) as again:
        deliver(again, "b@acme.example")
        assert len(again.messages) == 1
