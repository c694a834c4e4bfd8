"""Connected accounts: opened by the merchant, and made ready by their holders on the sandbox's own page."""

from dataclasses import dataclass
from uuid import UUID

from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.errors import StateError
from moorage.providers.sandbox.present import account_object


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Whose account it is. `client_reference` is the merchant's own id of it."""

    email: str
    country: str
    client_reference: UUID | None = None


async def open_account(call: Call, new: NewAccount) -> Answer:
    """An account that cannot be paid yet. 201, or 200 when `client_reference` has one already."""
    existing = await call.db.fetchrow(
        "SELECT * FROM sandbox.accounts WHERE client_reference = $1", new.client_reference
    )
    if existing is not None:
        return Answer(200, account_object(existing))
    row = await call.one(
        "INSERT INTO sandbox.accounts (id, client_reference, email, country) VALUES ($1, $2, $3, $4) RETURNING *",
        call.new_id("acct"),
        new.client_reference,
        new.email,
        new.country,
    )
    return Answer(201, account_object(row))


async def settle_account(call: Call, account_id: str, *, can_be_paid: bool) -> Answer:
    """Its holder has said where the money goes, or the sandbox has closed it. Raises MissingError."""
    account = await call.one("SELECT * FROM sandbox.accounts WHERE id = $1 FOR UPDATE", account_id)
    if account["can_be_paid"] == can_be_paid:
        return Answer(200, account_object(account))
    row = await call.one(
        "UPDATE sandbox.accounts SET can_be_paid = $2, updated_at = now() WHERE id = $1 RETURNING *",
        account_id,
        can_be_paid,
    )
    body = account_object(row)
    call.tell("account.updated", account_id, body)
    return Answer(200, body)


async def refuse_closed(call: Call, account_id: str) -> None:
    """Raises StateError `payee_not_ready` for an account of ours that cannot be paid; of others we know nothing."""
    account: Row | None = await call.db.fetchrow("SELECT * FROM sandbox.accounts WHERE id = $1", account_id)
    if account is not None and not account["can_be_paid"]:
        raise StateError("The account's holder has not said where the money goes.", code="payee_not_ready")
