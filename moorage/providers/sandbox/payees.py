"""Payees at the sandbox: money is moved to their account there, and paid on to their bank, which may fail."""

from uuid import UUID

from moorage.domains.payments.facets import PayeeAccount, PayeeRequest, ProviderTransfer, TransferRequest
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.providers.sandbox.line import SandboxLine
from moorage.providers.sandbox.translate import read, to_payee, to_transfer


class SandboxTransfers(SandboxLine):
    """TransferGateway, but for the link that the gateway itself makes. Both steps of a transfer carry our payout's id,
    so that either is found again.
    """

    async def create_payee(self, request: PayeeRequest, *, key: str) -> PayeeAccount:
        """An account that can be paid once its holder has been at its page."""
        body = {
            "email": request.email,
            "country": request.country,
            "client_reference": str(request.practitioner_id),
        }
        return read(to_payee, await self.call("POST", "/accounts", body, key=key))

    async def fetch_payee(self, payee: str) -> PayeeAccount:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(to_payee, await self.call("GET", f"/accounts/{payee}"))

    async def transfer(self, request: TransferRequest, *, key: str) -> ProviderTransfer:
        """Move to the payee's account, and from there to their bank: pending until it is there. Raises
        ProviderDeclinedError (`insufficient_balance`, `payee_not_ready`) when nothing was moved.
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
