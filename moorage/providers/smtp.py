"""Mail by SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the start on port 465."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

import aiosmtplib

from moorage.domains.notifications.gateway import Mail, MailRefusedError

IMPLICIT_TLS_PORT = 465


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, and as whom. `sender` is what stands in From: `Name <address>`."""

    host: str
    port: int
    sender: str
    username: str | None = None
    password: str | None = None
    starttls: bool = True
    timeout_s: float = 15.0


class SmtpGateway:
    """Hands mail to one SMTP server, one connection per mail."""

    def __init__(self, server: SmtpServer) -> None:
        """Nothing is connected yet."""
        self._server = server

    async def send(self, mail: Mail) -> None:
        """Hand `mail` over. Raises MailRefusedError for an address or a mail that the server refuses for good
        (5yz), aiosmtplib's own errors for what may pass later.
        """
        server = self._server
        message = compose(mail, server.sender)
        implicit_tls = server.port == IMPLICIT_TLS_PORT
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=implicit_tls,
                start_tls=server.starttls and not implicit_tls,
                timeout=server.timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            if all(code >= 500 for code in codes):
                raise MailRefusedError("The mail server refuses this address.") from error
            raise
        except (aiosmtplib.SMTPDataError, aiosmtplib.SMTPSenderRefused) as error:
            if error.code >= 500:
                raise MailRefusedError(f"The mail server refuses this mail ({error.code}).") from error
            raise


def compose(mail: Mail, sender: str) -> EmailMessage:
    """The message as it travels. A header can hold one line only, whoever wrote its text. Raises MailRefusedError for
    a recipient that is no single address.
    """
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(display_name=_one_line(name), addr_spec=address)
        message["To"] = Address(addr_spec=mail.recipient)
        message["Subject"] = _one_line(mail.subject)
    except (ValueError, HeaderParseError, IndexError) as error:
        raise MailRefusedError("This is not an address that mail can be sent to.") from error
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice answers it
    message.set_content(mail.body)
    return message


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
