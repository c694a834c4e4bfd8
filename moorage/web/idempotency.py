"""Idempotency-Key: a POST that is sent again is answered again, not carried out again."""

from typing import cast
from uuid import UUID

from fastapi import Request

from moorage.web.actor import house_of


def subject_id(request: Request) -> UUID:
    """The id that the row made by this request takes: the same at every try with the same Idempotency-Key, so that a
    try that died half-way is found again; a fresh one when no key was sent.
    """
    stored = request.scope["state"].get("subject_id")
    return house_of(request).ids() if stored is None else cast("UUID", stored)
