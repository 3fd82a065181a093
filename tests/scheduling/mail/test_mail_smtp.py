"""Sending over real SMTP servers, kind and unkind ones."""

import threading

import pytest
from aiosmtpd.smtp import AuthResult

from scheduling.errors import MailDeferred, MailRefused
from scheduling.mail.letters import customer_confirmation
from scheduling.mail.mime import to_bytes
from scheduling.mail.smtp import SmtpTransport, Tls
from scheduling.mail.smtp_session import Session, dotted

FROM, TO = "meetings@bookings.example", "buyer@acme.example"
RAW = b"Subject: x\r\n\r\nHello\r\n.\r\n..two\r\nend\r\n"
SHORT = 0.6


def send(transport: SmtpTransport, raw: bytes = RAW) -> None:
    transport.send(raw, FROM, TO)


# --- the address of the server -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", SmtpTransport("mail.example", 587, Tls.STARTTLS)),
        ("smtp://mail.example?tls=tls", SmtpTransport("mail.example", 465, Tls.TLS)),
        ("smtps://mail.example", SmtpTransport("mail.example", 465, Tls.TLS)),
        ("smtp://127.0.0.1:2525/?tls=none", SmtpTransport("127.0.0.1", 2525, Tls.NONE)),
        ("smtp://[::1]:2525?tls=none", SmtpTransport("::1", 2525, Tls.NONE)),
        (
            "smtp://bot%40b.example:p%3A%2F%40%C3%A9@mail.example:2587?tls=starttls",
            SmtpTransport("mail.example", 2587, Tls.STARTTLS, "bot@b.example", "p:/@é"),
        ),
    ],
)
def test_url_is_read(url, expected) -> None:
    assert SmtpTransport.from_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://u:secret@mail.example:port",
        "smtp://u:secret@mail.example:70000",
        "smtp://u:secret@mail.example?tls=maybe",
        "smtp://u:secret@mail.example?tls=none&tls=tls",
        "smtp://u:secret@mail.example?ssl=1",
        "smtp://u:secret@mail.example/path",
    ],
)
def test_unreadable_url_is_refused_without_telling_the_password(url) -> None:
    with pytest.raises(ValueError, match="SMTP_URL") as refused:
        SmtpTransport.from_url(url)

    assert "secret" not in str(refused.value)


def test_password_is_not_shown_when_the_transport_is_printed() -> None:
    assert "secret" not in repr(SmtpTransport.from_url("smtp://u:secret@mail.example"))


# --- a kind server -----------------------------------------------------------------------------------------------


def test_mail_arrives_byte_for_byte(mailbox) -> None:
    send(SmtpTransport.from_url(mailbox.url))

    (received,) = mailbox.wait_for(1)
    assert (received.sender, received.recipients, received.raw) == (FROM, (TO,), RAW)


def test_whole_letter_arrives_as_it_was_rendered(mailbox, booked, sender, now) -> None:
    letter = customer_confirmation(booked(), sender, now)

    SmtpTransport.from_url(mailbox.url).send(to_bytes(letter), letter.from_address, letter.to_address)

    (received,) = mailbox.wait_for(1)
    assert str(received.message["Message-ID"]) == letter.message_id
    assert [part.get_content_type() for part in received.message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


def test_line_ends_cannot_smuggle_a_second_mail() -> None:
    raw = b"Subject: x\r\n\r\nHello\n.\nMAIL FROM:<evil@x.example>\r.\r\r\nend"

    assert dotted(raw) == b"Subject: x\r\n\r\nHello\r\n..\r\nMAIL FROM:<evil@x.example>\r\n..\r\n\r\nend\r\n"


def test_international_domain_is_sent_in_ascii(mailbox) -> None:
    SmtpTransport.from_url(mailbox.url).send(RAW, FROM, "user@exämple.com")

    assert mailbox.wait_for(1)[0].recipients == ("user@xn--exmple-cua.com",)


def test_international_local_part_needs_a_server_that_can(mailbox, aiosmtpd, failure) -> None:
    SmtpTransport.from_url(mailbox.url).send(RAW, FROM, "jörg@acme.example")
    with aiosmtpd() as (port, taken):
        refused = failure(lambda: SmtpTransport("127.0.0.1", port, Tls.NONE).send(RAW, FROM, "jörg@acme.example"))

    assert mailbox.wait_for(1)[0].recipients == ("jörg@acme.example",)
    assert (refused, taken.envelopes) == ((MailRefused, "smtputf8"), [])


@pytest.mark.parametrize(
    "recipient", ["a@b.example\r\nRCPT TO:<z@z.example>", "a@b.example, c@d.example", "<a@b.example>"]
)
def test_recipient_that_is_not_one_address_is_refused_unsent(recipient, mailbox, failure) -> None:
    transport = SmtpTransport.from_url(mailbox.url)

    assert failure(lambda: transport.send(RAW, FROM, recipient)) == (MailRefused, "address")
    assert mailbox.messages == ()


def test_many_threads_may_send_at_once(mailbox) -> None:
    transport = SmtpTransport.from_url(mailbox.url)
    threads = [threading.Thread(target=transport.send, args=(RAW, FROM, f"b{n}@acme.example")) for n in range(20)]

    for thread in threads:
        thread.start()

    received = mailbox.wait_for(20)
    for thread in threads:
        thread.join()
    assert sorted(mail.recipients[0] for mail in received) == sorted(f"b{n}@acme.example" for n in range(20))


# --- TLS and logging in ------------------------------------------------------------------------------------------


def logs_in(server, session, envelope, mechanism, login) -> AuthResult:
    right = (login.login, login.password) == (b"bot@bookings.example", "pässword".encode())
    return AuthResult(success=right, handled=False)


def test_starttls_then_login_then_mail(aiosmtpd, server_context, ca_file, failure) -> None:
    options = {"tls_context": server_context, "require_starttls": True, "authenticator": logs_in, "auth_required": True}
    with aiosmtpd(**options) as (port, taken):
        url = f"smtp://bot%40bookings.example:p%C3%A4ssword@localhost:{port}"
        send(SmtpTransport.from_url(url, ca_file))
        wrong = failure(lambda: send(SmtpTransport.from_url(url.replace("%C3%A4", "a"), ca_file)))
        without = failure(lambda: send(SmtpTransport.from_url(f"smtp://localhost:{port}", ca_file)))

    assert taken.envelopes == [(FROM, [TO], RAW)]
    assert (wrong, without) == ((MailDeferred, "auth"), (MailDeferred, "auth"))


def test_login_without_plain_uses_what_the_server_offers(aiosmtpd, server_context, ca_file, failure) -> None:
    def ascii_only(server, session, envelope, mechanism, login) -> AuthResult:
        assert mechanism == "LOGIN"
        return AuthResult(success=login.password == b"word", handled=False)

    options = {"tls_context": server_context, "authenticator": ascii_only, "auth_exclude_mechanism": ["PLAIN"]}
    with aiosmtpd(**options) as (port, taken):
        send(SmtpTransport.from_url(f"smtp://bot:word@localhost:{port}", ca_file))
        wrong = failure(lambda: send(SmtpTransport.from_url(f"smtp://bot:other@localhost:{port}", ca_file)))
        unsendable = failure(lambda: send(SmtpTransport.from_url(f"smtp://bot:%C3%A9@localhost:{port}", ca_file)))

    assert len(taken.envelopes) == 1
    assert {wrong, unsendable} == {(MailDeferred, "auth")}


def test_server_that_knows_no_login_is_an_auth_failure(mailbox, failure) -> None:
    url = mailbox.url.replace("smtp://", "smtp://bot:word@")

    assert failure(lambda: send(SmtpTransport.from_url(url))) == (MailDeferred, "auth")


def test_password_goes_in_the_clear_to_private_addresses_only(aiosmtpd, monkeypatch, failure) -> None:
    with aiosmtpd(authenticator=logs_in, auth_require_tls=False) as (port, taken):
        transport = SmtpTransport("127.0.0.1", port, Tls.NONE, "bot@bookings.example", "pässword")
        send(transport)
        monkeypatch.setattr(Session, "peer_is_private", False)
        refused = failure(lambda: send(transport))

    assert (refused, len(taken.envelopes)) == ((MailDeferred, "auth_needs_tls"), 1)


def test_tls_from_the_first_byte(aiosmtpd, server_context, ca_file) -> None:
    with aiosmtpd(implicit_tls=server_context) as (port, taken):
        send(SmtpTransport.from_url(f"smtp://localhost:{port}?tls=tls", ca_file))
        send(SmtpTransport.from_url(f"smtps://localhost:{port}", ca_file))

    assert taken.envelopes == [(FROM, [TO], RAW)] * 2


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_certificate_nobody_vouches_for_is_refused(tls, aiosmtpd, server_context, failure) -> None:
    server = {"tls_context": server_context} if tls == "starttls" else {"implicit_tls": server_context}
    with aiosmtpd(**server) as (port, taken):
        url = f"smtp://bot:word@localhost:{port}?tls={tls}"
        refused = failure(lambda: send(SmtpTransport.from_url(url)))

    assert (refused, taken.envelopes) == ((MailDeferred, "tls_certificate"), [])


def test_certificate_for_another_name_is_refused(aiosmtpd, server_context, ca_file, failure) -> None:
    with aiosmtpd(tls_context=server_context) as (port, taken):
        refused = failure(lambda: send(SmtpTransport.from_url(f"smtp://127.0.0.1:{port}", ca_file)))

    assert (refused, taken.envelopes) == ((MailDeferred, "tls_certificate"), [])


def test_stripped_starttls_is_refused_before_the_password_is_sent(scripted, failure) -> None:
    heard = []

    def play(connection) -> None:
        connection.sendall(b"220 mail.example ESMTP\r\n")
        while line := connection.recv(4096):
            heard.append(line)
            connection.sendall(b"250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n")

    with scripted(play) as port:
        refused = failure(lambda: send(SmtpTransport.from_url(f"smtp://bot:word@127.0.0.1:{port}")))

    assert refused == (MailDeferred, "starttls_missing")
    assert [line.split()[0].upper() for line in heard] == [b"EHLO"]


def test_unreadable_ca_file_is_named(tmp_path, failure) -> None:
    transport = SmtpTransport.from_url("smtp://127.0.0.1:9", tmp_path / "none.pem")

    assert failure(lambda: send(transport)) == (MailDeferred, "extra_ca")


def test_server_that_speaks_no_tls_is_named(scripted, ca_file, failure) -> None:
    with scripted(lambda connection: connection.sendall(b"220 plain text\r\n")) as port:
        refused = failure(lambda: send(SmtpTransport.from_url(f"smtps://127.0.0.1:{port}", ca_file)))

    assert refused == (MailDeferred, "tls")


# --- doctor ------------------------------------------------------------------------------------------------------


def test_check_logs_in_and_sends_nothing(mailbox, aiosmtpd, server_context, ca_file, failure) -> None:
    SmtpTransport.from_url(mailbox.url).check()
    with aiosmtpd(tls_context=server_context, authenticator=logs_in) as (port, taken):
        url = f"smtp://bot%40bookings.example:p%C3%A4ssword@localhost:{port}"
        SmtpTransport.from_url(url, ca_file).check()
        wrong = failure(SmtpTransport.from_url(url.replace("p%C3", "q%C3"), ca_file).check)

    assert (mailbox.messages, taken.envelopes, wrong) == ((), [], (MailDeferred, "auth"))
