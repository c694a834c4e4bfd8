"""An invoice is also hosted by a provider: shown and collected at its own address, where the settings name one.

It is planned with the invoice, in one transaction, and made once that is committed. Whatever becomes of it, the invoice
stands, and can be paid on our own page.
"""

from datetime import timedelta
from math import ceil
from typing import Final, cast
from uuid import UUID

from moorage.domains.invoicing import operations, queries
from moorage.domains.invoicing.links import kept_address
from moorage.domains.invoicing.queries import HostedFor
from moorage.domains.payments.facets import CustomerGateway, CustomerRequest, HostedInvoiceRequest, InvoiceGateway
from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError, PaymentGateway
from moorage.domains.payments.gateway_values import Intent, Line
from moorage.domains.payments.operations import ClaimedOperation
from moorage.journeys.customers import provider_customer
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Connection
from moorage.kernel.ids import made_at

_DAY: Final = timedelta(days=1)


async def plan_hosting(house: House, db: Connection, invoice_id: UUID) -> list[UUID]:
    """Plan that the provider of the settings hosts an invoice, in the transaction that issues it; answers the calls to
    carry out after it. Again for one that is hosted: nothing new.
    """
    provider = house.invoicing.hosted_by
    invoice = None if provider is None else await queries.invoice_ref(db, invoice_id)
    if provider is None or invoice is None:
        return []
    planned = await operations.host(
        db,
        invoice_id,
        payment_id=house.ids(),
        operation_id=house.ids(),
        provider=provider,
        page=kept_address(invoice),
    )
    return [] if planned is None else [planned]


async def create_hosted(house: House, gateway: PaymentGateway, operation: ClaimedOperation) -> Intent:
    """Make the invoice at its provider, with a customer there on first need. The same call at every repeat. Raises as
    any call does.
    """
    async with house.database.reading(SYSTEM) as db:
        invoice = await queries.hosted_for(db, operation.payment_id)
    if invoice is None or not (gateway.capabilities.invoices and gateway.capabilities.customers):
        raise NotSupportedByProviderError
    planned_at = made_at(operation.id) or house.clock()
    request = HostedInvoiceRequest(
        invoice_id=invoice.id,
        payment_id=operation.payment_id,
        customer=operation.customer or await _customer(house, gateway, operation, invoice),
        currency=operation.currency,
        lines=tuple(Line(**line) for line in operation.lines or ()),
        days_until_due=max(0, ceil((invoice.due_at - planned_at) / _DAY)),
        description=operation.description or "",
    )
    return await cast("InvoiceGateway", gateway).create_invoice(request, key=str(operation.id))


async def _customer(house: House, gateway: PaymentGateway, operation: ClaimedOperation, invoice: HostedFor) -> str:
    """Whom the provider bills: an account here is one customer there, an address alone one for each invoice."""
    if invoice.customer_id is None:
        request = CustomerRequest(None, invoice.customer_email, invoice.customer_name or None)
        made = await cast("CustomerGateway", gateway).create_customer(request, key=f"{operation.id}-customer")
        return made.reference
    known = await provider_customer(house, operation.provider, invoice.customer_id)
    if known is None:
        raise OutcomeUnknownError("The provider did not make the customer.")
    return known
