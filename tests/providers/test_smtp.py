"""Mail by SMTP, against a real server."""

import contextlib
import socket

import pytest
from aiosmtpd.controller import Controller

from moorage.domains.notifications.gateway import Mail, MailRefusedError
from moorage.domains.notifications.operations import queue_mail
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.providers.smtp import SmtpGateway, SmtpServer, compose
from tests.support.worker import until


class Letterbox:
    """An SMTP server that keeps what it is given, and refuses some."""

    def __init__(self):
        self.mails = []
        self.busy_times = 0

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        if address.startswith("nobody"):
            return "550 no such person"
        if self.busy_times > 0:
            self.busy_times -= 1
            return "451 try later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def letterbox():
    box = Letterbox()
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.port = port
    yield box
    controller.stop()


@pytest.fixture
def settings(settings, letterbox):
    return settings.model_copy(
        update={
            "smtp_host": "127.0.0.1",
            "smtp_port": letterbox.port,
            "smtp_starttls": False,
            "mail_from": "Moorage <bookings@moorage.test>",
        }
    )


def gateway(letterbox):
    return SmtpGateway(SmtpServer("127.0.0.1", letterbox.port, "Moorage <bookings@moorage.test>", starttls=False))


def mail(**changes):
    return Mail(**{"id": uuid7(), "recipient": "ada@example.com", "subject": "Hello", "body": "Grüße\n", **changes})


async def status_of(house):
    async with house.database.reading(SYSTEM) as db:
        return await db.fetchval("SELECT status FROM mails ORDER BY created_at DESC LIMIT 1")


async def queue(house, recipient="ada@example.com", cause="test:1", subject="Your booking"):
    async with house.database.transaction(SYSTEM) as db:
        await queue_mail(db, user_id=None, recipient=recipient, subject=subject, body="See you.", cause=cause)


async def test_a_queued_mail_leaves_once_by_smtp(house, letterbox, worker):
    await queue(house)
    await queue(house)  # the same cause is told once
    await until(lambda: _is(house, "sent"))
    assert len(letterbox.mails) == 1
    [sent] = letterbox.mails
    assert sent.rcpt_tos == ["ada@example.com"]
    assert b"Subject: Your booking" in sent.content
    assert b"Message-ID: <" in sent.content


async def test_a_mail_that_a_busy_server_puts_off_is_sent_later(house, letterbox, worker):
    letterbox.busy_times = 1
    await queue(house)
    await until(lambda: _is(house, "sent"))
    assert len(letterbox.mails) == 1


async def test_a_mail_to_nobody_is_marked_and_not_tried_for_ever(house, letterbox, worker):
    await queue(house, recipient="nobody@example.com")
    await until(lambda: _is(house, "failed"))
    assert letterbox.mails == []


async def test_registering_sends_a_link_and_keeps_no_copy_of_it(api, house, letterbox, worker):
    person = {"email": "ada@example.com", "password": "a long phrase", "first_name": "Ada", "last_name": "Marsh"}
    await api.post("/api/v1/auth/register/", json=person)
    await until(lambda: _is(house, "sent"))
    assert b"/verify-email?token=" in letterbox.mails[0].content.replace(b"=\r\n", b"").replace(b"=3D", b"=")
    async with house.database.reading(SYSTEM) as db:
        assert await db.fetchval("SELECT body_text FROM mails") == ""


@pytest.mark.parametrize("subject", ["Hi\nBcc: eve@example.com", "Hi\r\n\r\nbody", "Hi\u2028Bcc: eve@example.com"])
async def test_no_text_can_add_a_header(letterbox, subject):
    await gateway(letterbox).send(mail(subject=subject))
    head = letterbox.mails[0].content.split(b"\r\n\r\n")[0]
    assert head.count(b"\r\nBcc") == head.count(b"\nbody") == 0
    assert letterbox.mails[0].rcpt_tos == ["ada@example.com"]


@pytest.mark.parametrize(
    "recipient", ["a@example.com\nBcc: eve@example.com", "a@example.com, b@example.com", "nonsense"]
)
def test_a_recipient_that_is_not_one_address_is_refused(recipient):
    with pytest.raises(MailRefusedError):
        compose(mail(recipient=recipient), "Moorage <bookings@moorage.test>")


async def _is(house, status):
    return await status_of(house) == status
