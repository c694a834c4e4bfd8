"""Payees at the sandbox: money is moved to their account there, and paid on to their bank, which may fail."""

from uuid import UUID

from moorage.domains.payments.facets import PayeeAccount, PayeeRequest, ProviderTransfer, TransferRequest
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.providers.sandbox.line import SandboxLine
from moorage.providers.sandbox.translate import read, to_transfer


class SandboxTransfers(SandboxLine):
    """TransferGateway. Both steps carry our payout's id, so that either is found again."""

    async def create_payee(self, request: PayeeRequest, *, key: str) -> PayeeAccount:
        """The sandbox opens accounts for whoever is named, and wants to know nothing of them."""
        del key
        return await self.fetch_payee(f"acct_{request.practitioner_id.hex}")

    async def payee_link(self, payee: str, *, return_url: str, refresh_url: str) -> str:
        """There is nothing to tell: straight back."""
        del payee, refresh_url
        return return_url

    async def fetch_payee(self, payee: str) -> PayeeAccount:
        """Money can always go there."""
        return PayeeAccount(payee, can_be_paid=True, details_submitted=True)

    async def transfer(self, request: TransferRequest, *, key: str) -> ProviderTransfer:
        """Move to the payee's account, and from there to their bank: pending until it is there. Raises
        ProviderDeclinedError (`insufficient_balance`) when nothing was moved.
        """
        body = {
            "account": request.payee,
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "client_reference": str(request.transfer_id),
        }
        moved = await self.call("POST", "/transfers", {**body, "description": request.description}, key=key)
        try:
            paid_on = await self.call("POST", "/payouts", body, key=f"{key}:on")
        except ProviderDeclinedError:
            return read(lambda transfer: to_transfer(transfer, None), moved)
        return read(lambda transfer: to_transfer(transfer, paid_on), moved)

    async def find_transfer(self, transfer_id: UUID) -> ProviderTransfer | None:
        """The transfer made for ours, with what became of it. One that was not paid on yet is not made: the same call
        again does what is left.
        """
        moved = await self.look(f"/transfers/{transfer_id}")
        if moved is None:
            return None
        paid_on = await self.look(f"/payouts/{transfer_id}")
        if paid_on is None and moved["reversed_minor"] == 0:
            return None
        return read(lambda transfer: to_transfer(transfer, paid_on), moved)

    async def reverse_transfer(self, reference: str, *, amount_minor: int, currency: str, key: str) -> ProviderTransfer:
        """Take back from the payee's account. Raises ProviderDeclinedError when it is not there."""
        del currency
        body = {"amount_minor": amount_minor}
        moved = await self.call("POST", f"/transfers/{reference}/reverse", body, key=key)
        paid_on = await self.look(f"/payouts/{moved['client_reference']}")
        return read(lambda transfer: to_transfer(transfer, paid_on), moved)
