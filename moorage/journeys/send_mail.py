"""A mail leaves the house, or is kept to be read where no mail server is set."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from moorage.domains.notifications.gateway import MailRefusedError
from moorage.domains.notifications.operations import mark_mail
from moorage.domains.notifications.queries import unsent_mail
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

SEND_MAIL = "send_mail"


async def send_mail(house: House, payload: Mapping[str, Any]) -> None:
    """Job: send the mail `mail_id`. Raises what the mail server's trouble raises, so that the job is tried again; a
    mail that will never be taken is marked as failed instead.
    """
    mail_id = UUID(payload["mail_id"])
    async with house.database.transaction(SYSTEM) as db:
        mail = await unsent_mail(db, mail_id)
        if mail is not None and house.mail is None:
            await mark_mail(db, mail_id, "kept", None)
    if mail is None or house.mail is None:
        return
    try:
        await house.mail.send(mail)
    except MailRefusedError as refused:
        async with house.database.transaction(SYSTEM) as db:
            await mark_mail(db, mail_id, "failed", refused.detail)
        return
    # A crash right here sends it again, with the same Message-ID.
    async with house.database.transaction(SYSTEM) as db:
        await mark_mail(db, mail_id, "sent", None)
