"""An invoice is paid: its customer gets a receipt by mail, with where to see and keep it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from moorage.domains.notifications.operations import queue_mail
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import address_of, read_invoice
from moorage.kernel.db import SYSTEM
from moorage.kernel.money import format_amount

MAIL_RECEIPT: Final = "mail_receipt"


async def mail_receipt(house: House, payload: Mapping[str, Any]) -> None:
    """Job: mail the receipt of `invoice_id`, once for the `payment_id` that completed it; nothing where that payment
    has bounced meanwhile.
    """
    invoice = await read_invoice(house, UUID(payload["invoice_id"]))
    if invoice.status != "paid":
        return
    page = f"{house.public_url}/i/{invoice.link}"
    total = f"{format_amount(invoice.gross_minor, invoice.currency)} {invoice.currency}"
    async with house.database.transaction(SYSTEM) as db:
        address = await address_of(db, invoice.customer_id, invoice.customer_email)
        if address is None:
            return
        await queue_mail(
            db,
            user_id=invoice.customer_id,
            recipient=address,
            subject=f"Paid: invoice {invoice.number}",
            body=f"Thank you: invoice {invoice.number} over {total} is paid.\nYour receipt: {page}\n"
            f"To keep, as a PDF: {page}.pdf",
            cause=f"invoice_paid:{invoice.id}:{payload['payment_id']}",
        )
    house.bell.ring()
