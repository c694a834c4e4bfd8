"""Customers and their portal, the catalogue, payees and transfers."""

import secrets

from tests.fakes.stripe.state import ACCOUNT, Body, RefusalError, State, invalid, needed, number
from tests.fakes.stripe.subscriptions import recurring_of

_PAYEE_NEEDS = ["external_account", "tos_acceptance.date", "tos_acceptance.ip"]


def customer(state: State, form: Body) -> Body:
    """POST /v1/customers."""
    made = state.make(
        "cus",
        "customer",
        balance=0,
        currency=None,
        delinquent=False,
        description=form.get("description"),
        email=form.get("email"),
        metadata=form.get("metadata") or {},
        name=form.get("name"),
        phone=form.get("phone"),
        shipping=None,
    )
    state.emit("customer.created", made)
    return made


def portal(state: State, form: Body) -> Body:
    """POST /v1/billing_portal/sessions."""
    of = state.get("customer", needed(form, "customer"))
    return state.make(
        "bps",
        "billing_portal.session",
        configuration="bpc_fake",
        customer=of["id"],
        flow=None,
        locale=None,
        on_behalf_of=None,
        return_url=form.get("return_url"),
        url=f"{state.base_url}/p/session/{secrets.token_hex(8)}",
    )


def product(state: State, form: Body) -> Body:
    """POST /v1/products."""
    if form.get("id") in state.objects:
        raise invalid("Product already exists.", "resource_already_exists", "id")
    made = state.make(
        "prod",
        "product",
        form.get("id"),
        active=form.get("active", "true") == "true",
        default_price=None,
        description=form.get("description"),
        features=[],
        images=[],
        marketing_features=[],
        metadata=form.get("metadata") or {},
        name=needed(form, "name"),
        type="service",
        updated=state.now(),
    )
    state.emit("product.created", made)
    return made


def update_product(state: State, form: Body, id_: str) -> Body:
    """POST /v1/products/{id}."""
    made = state.get("product", id_)
    for name in ("name", "description"):
        if name in form:
            made[name] = form[name] or None
    if "active" in form:
        made["active"] = form["active"] == "true"
    made["updated"] = state.now()
    state.emit("product.updated", made)
    return made


def price(state: State, form: Body) -> Body:
    """POST /v1/prices."""
    of = state.get("product", needed(form, "product"))
    amount, recurring = number(form, "unit_amount"), recurring_of(form)
    made = state.make(
        "price",
        "price",
        active=True,
        billing_scheme="per_unit",
        currency=str(needed(form, "currency")).lower(),
        lookup_key=form.get("lookup_key"),
        metadata=form.get("metadata") or {},
        nickname=None,
        product=of["id"],
        recurring=recurring,
        tax_behavior=form.get("tax_behavior", "unspecified"),
        tiers_mode=None,
        transform_quantity=None,
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    state.emit("price.created", made)
    return made


def update_price(state: State, form: Body, id_: str) -> Body:
    """POST /v1/prices/{id}: a price's amount never changes."""
    made = state.get("price", id_)
    if "active" in form:
        made["active"] = form["active"] == "true"
    state.emit("price.updated", made)
    return made


def own_account(state: State) -> Body:
    """GET /v1/account."""
    return {"id": ACCOUNT, "object": "account", "country": "US", "charges_enabled": True, "payouts_enabled": True}


def account(state: State, form: Body) -> Body:
    """POST /v1/accounts."""
    made = state.make(
        "acct",
        "account",
        f"acct_{secrets.token_hex(8)}",
        business_type=None,
        capabilities={"transfers": "inactive"},
        charges_enabled=False,
        country=form.get("country", "US"),
        default_currency="usd",
        details_submitted=False,
        email=form.get("email"),
        metadata=form.get("metadata") or {},
        payouts_enabled=False,
        requirements={
            "alternatives": [],
            "current_deadline": None,
            "currently_due": list(_PAYEE_NEEDS),
            "disabled_reason": "requirements.past_due",
            "errors": [],
            "eventually_due": list(_PAYEE_NEEDS),
            "past_due": [],
            "pending_verification": [],
        },
        type=form.get("type", "express"),
    )
    del made["livemode"]
    return made


def onboard(state: State, id_: str) -> Body:
    """The payee has told Stripe all that it wants to know."""
    made = state.get("account", id_)
    made.update(details_submitted=True, payouts_enabled=True, capabilities={"transfers": "active"})
    made["requirements"].update(currently_due=[], eventually_due=[], disabled_reason=None)
    state.emit("account.updated", made, account=made["id"])
    return made


def refuse_payout(state: State, id_: str) -> None:
    """The payee's bank does not take what Stripe pays out to it: the money stays in the payee's account."""
    payout = state.make(
        "po",
        "payout",
        amount=100,
        arrival_date=state.now(),
        automatic=True,
        balance_transaction=None,
        currency="usd",
        description=None,
        destination=None,
        failure_balance_transaction=None,
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
        metadata={},
        method="standard",
        original_payout=None,
        reconciliation_status="completed",
        reversed_by=None,
        source_type="card",
        statement_descriptor=None,
        status="failed",
        type="bank_account",
    )
    state.emit("payout.failed", payout, account=id_)


def account_link(state: State, form: Body) -> Body:
    """POST /v1/account_links."""
    of = state.get("account", needed(form, "account"))
    now = state.now()
    url = f"{state.base_url}/setup/e/{of['id']}/{secrets.token_hex(6)}"
    return {"object": "account_link", "created": now, "expires_at": now + 300, "url": url}


def transfer(state: State, form: Body) -> Body:
    """POST /v1/transfers."""
    payee = state.get("account", needed(form, "destination"))
    amount, currency = number(form, "amount"), str(needed(form, "currency")).lower()
    if payee["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have the transfers capability.", "insufficient_capabilities_for_transfer"
        )
    if amount > state.available.get(currency, 0):
        raise invalid("You have insufficient available funds in your Stripe account.", "balance_insufficient")
    state.available[currency] -= amount
    id_ = f"tr_{secrets.token_hex(12)}"
    made = state.make(
        "tr",
        "transfer",
        id_,
        amount=amount,
        amount_reversed=0,
        balance_transaction=None,
        currency=currency,
        description=form.get("description"),
        destination=payee["id"],
        metadata=form.get("metadata") or {},
        reversals={"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{id_}/reversals"},
        reversed=False,
        source_transaction=None,
        source_type="card",
        transfer_group=form.get("transfer_group"),
    )
    state.emit("transfer.created", made)
    return made


def reverse(state: State, form: Body, id_: str) -> Body:
    """POST /v1/transfers/{id}/reversals."""
    made = state.get("transfer", id_)
    left = made["amount"] - made["amount_reversed"]
    amount = number(form, "amount", left)
    if amount > left:
        raise RefusalError(
            400, "invalid_request_error", f"Only {left} of this transfer can be reversed.", param="amount"
        )
    made["amount_reversed"] += amount
    made["reversed"] = made["amount_reversed"] == made["amount"]
    state.available[made["currency"]] += amount
    reversal = state.make(
        "trr",
        "transfer_reversal",
        amount=amount,
        balance_transaction=None,
        currency=made["currency"],
        metadata=form.get("metadata") or {},
        transfer=id_,
    )
    del reversal["livemode"]
    made["reversals"]["data"].append(dict(reversal))
    state.emit("transfer.reversed", made)
    return reversal
