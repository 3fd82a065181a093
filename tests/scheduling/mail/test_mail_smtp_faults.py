"""Sending to servers that refuse, fall silent, talk nonsense or hang up: every one ends in a verdict, in time."""

import time
from collections.abc import Callable

import pytest

from scheduling.errors import MailDeferred, MailRefused, MailUncertain
from scheduling.mail.smtp import SmtpTransport, Tls

SHORT = 0.6


def send(transport: SmtpTransport, raw: bytes = b"Subject: x\r\n\r\nHello\r\n") -> None:
    transport.send(raw, "meetings@bookings.example", "buyer@acme.example")


# --- an unkind server --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (451, (MailDeferred, "451")),
        (421, (MailDeferred, "421")),
        (550, (MailRefused, "550")),
        (552, (MailRefused, "552")),
        (530, (MailDeferred, "auth")),
    ],
)
def test_a_negative_answer_says_whether_to_try_again(stage, code, expected, mailbox, failure) -> None:
    transport = SmtpTransport.from_url(mailbox.url)
    mailbox.refuse_next(code, at=stage)

    refused = failure(lambda: send(transport))
    assert (refused, mailbox.messages) == (expected, ())

    send(transport)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_connection_cut_after_the_final_dot_is_uncertain(keeps, mailbox, failure) -> None:
    mailbox.drop_after_data(keeps=keeps)

    refused = failure(lambda: send(SmtpTransport.from_url(mailbox.url)))

    assert (refused, len(mailbox.messages)) == ((MailUncertain, "cut_after_data"), int(keeps))


def test_nobody_listening_is_deferred(mailbox, failure) -> None:
    transport = SmtpTransport.from_url(mailbox.url)
    mailbox.stop()

    assert failure(lambda: send(transport)) == (MailDeferred, "connection")


def test_unknown_host_is_deferred(failure) -> None:
    assert failure(lambda: send(SmtpTransport.from_url("smtp://mail.invalid"))) == (MailDeferred, "connection")


def say(*answers: bytes, then_wait: float = 0.0) -> Callable:
    """A server that gives one answer to each thing it hears, the first unasked."""

    def play(connection) -> None:
        for answer in answers:
            connection.sendall(answer)
            if not connection.recv(65536):
                return
        time.sleep(then_wait)

    return play


OK = b"250 OK\r\n"
UP_TO_DATA = (b"220 hi\r\n", OK, OK, OK, b"354 go\r\n")


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        pytest.param(say(b"554 go away\r\n"), (MailDeferred, "554"), id="greeting refuses service, not this recipient"),
        pytest.param(say(b"nonsense\r\n"), (MailDeferred, "nonsense"), id="greeting is no SMTP"),
        pytest.param(
            say(b"220 hi\r\n", b"502 no\r\n", b"502 no\r\n"), (MailDeferred, "502"), id="neither EHLO nor HELO"
        ),
        pytest.param(say(b"220 hi\r\n", OK, b"hm\r\n"), (MailDeferred, "nonsense"), id="nonsense to MAIL"),
        pytest.param(say(b"220 hi\r\n", OK), (MailDeferred, "connection"), id="cut at MAIL"),
        pytest.param(say(b"220 hi\r\n", OK, OK, OK, OK), (MailDeferred, "nonsense"), id="250 to DATA"),
        pytest.param(say(*UP_TO_DATA, b"hm\r\n"), (MailUncertain, "nonsense_after_data"), id="nonsense after the dot"),
        pytest.param(say(b"220 " + b"x" * 9000 + b"\r\n"), (MailDeferred, "500"), id="endless line"),
    ],
)
def test_strange_conversations_end_in_a_verdict(play, expected, scripted, failure) -> None:
    with scripted(play) as port:
        assert failure(lambda: send(SmtpTransport("127.0.0.1", port, Tls.NONE))) == expected


def test_connection_cut_in_the_middle_of_the_mail_is_surely_not_delivered(scripted, failure) -> None:
    def play(connection) -> None:
        for answer in UP_TO_DATA:
            connection.sendall(answer)
            connection.recv(1024)
        connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: reset instead of a farewell

    with scripted(play) as port:
        refused = failure(lambda: send(SmtpTransport("127.0.0.1", port, Tls.NONE), b"x" * 30_000_000))

    assert refused == (MailDeferred, "connection")


# --- time --------------------------------------------------------------------------------------------------------


def dripping(connection) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("play", "expected"),
    [
        pytest.param(say(then_wait=5), (MailDeferred, "timeout"), id="says nothing"),
        pytest.param(dripping, (MailDeferred, "timeout"), id="drips a byte now and then"),
        pytest.param(say(*UP_TO_DATA[:2], then_wait=5), (MailDeferred, "timeout"), id="silent at MAIL"),
        pytest.param(say(*UP_TO_DATA, then_wait=5), (MailUncertain, "cut_after_data"), id="silent after the dot"),
    ],
)
def test_deadline_is_kept_whatever_the_server_does(play, expected, scripted, failure) -> None:
    begin = time.monotonic()
    with scripted(play) as port:
        refused = failure(lambda: send(SmtpTransport("127.0.0.1", port, Tls.NONE, deadline=SHORT)))
        took = time.monotonic() - begin

    assert refused == expected
    assert SHORT * 0.9 <= took < SHORT + 1


@pytest.mark.parametrize("tls", list(Tls))
def test_handshake_that_never_ends_is_given_up(tls, scripted, ca_file, failure) -> None:
    greeting = say(b"220 hi\r\n", b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n", then_wait=2)
    play = greeting if tls is Tls.STARTTLS else say(then_wait=2)

    with scripted(play) as port:
        transport = SmtpTransport("localhost", port, tls, extra_ca=ca_file, deadline=SHORT)
        assert failure(lambda: send(transport)) == (MailDeferred, "timeout")


def test_server_that_reads_nothing_is_given_up(scripted, failure) -> None:
    def play(connection) -> None:
        for answer in UP_TO_DATA:
            connection.sendall(answer)
            connection.recv(100)
        time.sleep(2)

    with scripted(play) as port:
        transport = SmtpTransport("127.0.0.1", port, Tls.NONE, deadline=SHORT)
        assert failure(lambda: send(transport, b"x" * 50_000_000)) == (MailDeferred, "timeout")


def test_slow_but_alive_server_gets_its_mail(mailbox) -> None:
    mailbox.delay(0.3)

    send(SmtpTransport.from_url(mailbox.url))

    assert len(mailbox.messages) == 1
