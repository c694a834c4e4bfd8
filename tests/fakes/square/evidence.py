"""What is said to a dispute: pieces of text are kept with it, then handed in together, once."""

from typing import Any

from tests.fakes.square.books import Books
from tests.fakes.square.errors import bad, missing
from tests.fakes.square.shapes import new_id

Body = dict[str, Any]


def keep_text(books: Books, dispute_id: str, asked: Body) -> Body:
    dispute = _open(books, dispute_id)
    if len(asked["evidence_text"]) > 500:
        raise bad("VALUE_TOO_LONG", "Field must not be greater than 500 in length")
    kind = asked.get("evidence_type", "GENERIC_EVIDENCE")
    kept = books.evidence.setdefault(dispute_id, [])
    evidence_id = new_id("e", 20)
    piece = {"id": evidence_id, "evidence_id": evidence_id, "dispute_id": dispute_id}
    piece |= {"evidence_text": asked["evidence_text"], "evidence_type": kind, "uploaded_at": dispute["updated_at"]}
    kept.append(piece)
    return {"evidence": piece}


def hand_in(books: Books, dispute_id: str) -> Body:
    dispute = _open(books, dispute_id)
    books.decide(dispute_id, "PROCESSING")
    return {"dispute": dispute}


def accept(books: Books, dispute_id: str) -> Body:
    dispute = _open(books, dispute_id)
    books.decide(dispute_id, "ACCEPTED")
    return {"dispute": dispute}


def _open(books: Books, dispute_id: str) -> Body:
    if dispute_id not in books.disputes:
        raise missing("dispute")
    dispute = books.disputes[dispute_id]
    if dispute["state"] != "EVIDENCE_REQUIRED":
        raise bad("BAD_REQUEST", f"The dispute is {dispute['state']}")
    return dispute
