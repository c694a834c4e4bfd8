"""The page where the payer approves an order, plain HTML: a choice of what pays, and two buttons."""

from html import escape

from tests.fakes.paypal.books import Order

FUNDINGS = {
    "balance": "Balance",
    "declined": "A card that is declined",
    "echeck": "eCheck (takes days)",
    "review": "A payment that is reviewed first",
    "refused": "A payment that is refused when collected",
}
_FRAME = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><main><h1>{title}</h1>{inner}</main></body></html>"""


def approval_page(order: Order) -> str:
    """What the payer sees."""
    amount = order.unit["amount"]
    choices = "".join(
        f'<p><label><input type="radio" name="funding" value="{name}"{" checked" if name == "balance" else ""}> '
        f"{escape(label)}</label></p>"
        for name, label in FUNDINGS.items()
    )
    inner = (
        f"<p>{escape(order.unit.get('description', 'Your payment'))}: "
        f"<strong>{escape(amount['value'])} {escape(amount['currency_code'])}</strong></p>"
        f'<form method="post" action="/checkoutnow?token={order.id}"><fieldset><legend>Pay with</legend>{choices}'
        '</fieldset><button name="decision" value="approve">Approve</button> '
        '<button name="decision" value="cancel">Cancel and return</button></form>'
    )
    return _FRAME.format(title="Approve a payment", inner=inner)


def over_page(order: Order) -> str:
    """There is nothing to approve any more."""
    return _FRAME.format(title="Nothing to approve", inner=f"<p>This order is {order.status.lower()}.</p>")
