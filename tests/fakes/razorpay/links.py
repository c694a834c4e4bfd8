"""Payment links: pages of Razorpay's own, which collect at once and can be cancelled."""

from typing import Any

from tests.fakes.razorpay.books import Books, found
from tests.fakes.razorpay.shapes import RazorpayRefusedError, new_link

Body = dict[str, Any]


def create_link(books: Books, asked: Body, base_url: str) -> Body:
    """A reference is for one link alone."""
    reference = asked.get("reference_id")
    if len(reference or "") > 40:
        raise RazorpayRefusedError("The reference id may not be greater than 40 characters.")
    if reference and any(link["reference_id"] == reference for link in books.links.values()):
        raise RazorpayRefusedError(f"payment link with given reference_id ({reference}) already exists.")
    if "expire_by" in asked and asked["expire_by"] < books.now() + 900:
        raise RazorpayRefusedError("expire_by should be at least 15 minutes after current time")
    link = new_link(asked, base_url, books.now())
    books.links[link["id"]] = link
    return link


def list_links(books: Books, reference: str | None) -> Body:
    return {"payment_links": [one for one in books.links.values() if reference in (None, one["reference_id"])]}


def cancel_link(books: Books, link_id: str) -> Body:
    link = found(books.links, link_id)
    if link["status"] != "created":
        raise RazorpayRefusedError(f"Link cannot be cancelled as it is {link['status']}")
    link.update(status="cancelled", cancelled_at=books.now())
    return link


def order_behind(books: Books, link_id: str) -> Body:
    """What the page opens: the link's order, made at the first look."""
    link = found(books.links, link_id)
    if link["status"] != "created":
        raise RazorpayRefusedError(f"This payment link is {link['status']}")
    if "order_id" not in link:
        asked = {name: link[name] for name in ("amount", "currency", "notes")}
        order = books.create_order({**asked, "receipt": link["reference_id"], "payment_capture": True})
        link["order_id"] = order["id"]
    return books.orders[link["order_id"]]


def pay_link(books: Books, link_id: str, vpa: str) -> Body:
    """The payer pays on the page. The payment names its link in its description, and in nothing else."""
    order = order_behind(books, link_id)
    told = books.pay(order["id"], vpa, description=f"#{link_id.removeprefix('plink_')}")
    if "error" not in told:
        link, payment = books.links[link_id], books.payments[told["razorpay_payment_id"]]
        paid = {"payment_id": payment["id"], "amount": payment["amount"], "status": "captured", "method": "upi"}
        link.update(status="paid", amount_paid=link["amount"], payments=[{**paid, "created_at": payment["created_at"]}])
        books.tell("payment_link.paid", payment=payment, order=order, payment_link=link)
    return told
