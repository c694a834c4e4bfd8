"""An invoice is paid: its customer gets a receipt by mail, with where to see and keep it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from moorage.journeys.house import House
from moorage.journeys.issue_invoice import read_invoice
from moorage.journeys.mail_customer import mail_customer
from moorage.kernel.money import format_amount

MAIL_RECEIPT: Final = "mail_receipt"


async def mail_receipt(house: House, payload: Mapping[str, Any]) -> None:
    """Job: mail the receipt of `invoice_id`, once for the `payment_id` that completed it; nothing where that payment
    has bounced meanwhile.
    """
    invoice = await read_invoice(house, UUID(payload["invoice_id"]))
    if invoice.status != "paid":
        return
    page = house.public_url + house.links.path(invoice)
    total = f"{format_amount(invoice.gross_minor, invoice.currency)} {invoice.currency}"
    await mail_customer(
        house,
        invoice,
        subject=f"Paid: invoice {invoice.number}",
        body=f"Thank you: invoice {invoice.number} over {total} is paid.\nYour receipt: {page}\n"
        f"To keep, as a PDF: {page}.pdf",
        cause=f"invoice_paid:{invoice.id}:{payload['payment_id']}",
    )
