"""The port to whatever carries mail out of the house."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from moorage.kernel.errors import MoorageError


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in plain text. `id` is its row's, and becomes the Message-ID: sent twice, it is still one mail."""

    id: UUID
    recipient: str
    subject: str
    body: str


class MailRefusedError(MoorageError):
    """The mail server refuses this mail for good."""

    code = "mail_refused"


class MailGateway(Protocol):
    """Carries mail. Raises MailRefusedError for what will never be taken, and anything else for what may pass later."""

    async def send(self, mail: Mail) -> None:
        """Hand the mail over."""
        ...
