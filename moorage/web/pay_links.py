"""The address of a payment's own page here, with the key that lets its payer in."""

from uuid import UUID

from fastapi import Request


def pay_address(request: Request, payment_id: UUID) -> str:
    """The page's path and key, below this installation's address."""
    return f"/pay/{payment_id}?key={request.app.state.tokens.link_key(f'pay:{payment_id}')}"


def may_pay(request: Request, payment_id: UUID, key: str) -> bool:
    """Whether `key` is what `pay_address` gave out for this payment."""
    tokens = request.app.state.tokens
    right: bool = tokens.is_link_key(f"pay:{payment_id}", key)
    return right
