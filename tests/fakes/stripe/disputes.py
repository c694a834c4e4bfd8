"""Disputes: opened by the payer's bank, answered with evidence, decided."""

from typing import Any, Final

from tests.fakes.stripe.charges import enter
from tests.fakes.stripe.state import Body, State, invalid, yes

_EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "product_description",
    "refund_policy",
    "refund_policy_disclosure",
    "service_date",
    "uncategorized_text",
]


FEE: Final = 1_500
"""What Stripe keeps for a dispute, and gives back when it is won."""


def open_dispute(state: State, charge: Body, amount: int | None = None) -> Body:
    """The payer's bank takes the money back while it decides."""
    dispute = state.make(
        "dp",
        "dispute",
        amount=charge["amount_captured"] if amount is None else amount,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        evidence=dict.fromkeys(_EVIDENCE),
        evidence_details={
            "due_by": state.now() + 10 * 86_400,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=False,
        metadata={},
        payment_intent=charge["payment_intent"],
        reason="fraudulent",
        status="needs_response",
    )
    charge["disputed"] = True
    state.emit("charge.dispute.created", dispute)
    _book(state, dispute, -dispute["amount"], FEE)
    state.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def update(state: State, form: Body, id_: str) -> Body:
    """POST /v1/disputes/{id}: keep evidence, or hand it in."""
    dispute = _open(state, id_)
    evidence: Any = form.get("evidence") or {}
    dispute["evidence"].update(evidence)
    details = dispute["evidence_details"]
    details["has_evidence"] = True
    if yes(form, "submit"):
        details["submission_count"] += 1
        dispute["status"] = "under_review"
    state.emit("charge.dispute.updated", dispute)
    return dispute


def close(state: State, form: Body, id_: str) -> Body:
    """POST /v1/disputes/{id}/close: the merchant gives in."""
    del form
    return decide(state, _open(state, id_)["id"], won=False)


def decide(state: State, id_: str, *, won: bool) -> Body:
    """The bank has decided."""
    dispute = state.get("dispute", id_)
    dispute["status"] = "won" if won else "lost"
    if won:
        _book(state, dispute, dispute["amount"], -FEE)
        state.emit("charge.dispute.funds_reinstated", dispute)
    state.emit("charge.dispute.closed", dispute)
    return dispute


def _book(state: State, dispute: Body, amount: int, fee: int) -> None:
    """What a dispute moves in Stripe's books: the newest last, as Stripe shows it."""
    charge = state.objects[dispute["charge"]]
    kind = "dispute" if amount < 0 else "dispute_reversal"
    line = enter(state, charge, amount, fee, reporting_category=kind, source=dispute["id"], type="adjustment")
    dispute["balance_transactions"].append(line)


def _open(state: State, id_: str) -> Body:
    dispute = state.get("dispute", id_)
    if dispute["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", "dispute_already_closed")
    return dispute
