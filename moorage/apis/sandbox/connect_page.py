"""`/sandbox/connect/{account}?back=…&key=…`: where somebody who is to be paid says where the money goes. A plain form.

The key in the address is made for this account and this way back; nobody else has it.
"""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from moorage.apis.sandbox.page_view import connected, not_here, rendered, unknown
from moorage.apis.sandbox.route import sandbox_of, withhold
from moorage.kernel.db import SYSTEM
from moorage.providers.sandbox import records
from moorage.providers.sandbox.accounts import settle_account
from moorage.providers.sandbox.core import NoAnswerError, Sandbox
from moorage.providers.sandbox.errors import MissingError, SandboxError
from moorage.providers.sandbox.signatures import connect_key, same

router = APIRouter(include_in_schema=False)


@router.get("/sandbox/connect/{account}", operation_id="sandbox_connect")
async def page(request: Request, account: str, back: str = "", key: str = "") -> Response:
    """Ask for a bank account, or say that one is known."""
    try:
        sandbox = _let_in(request, account, back, key)
        async with sandbox.database.reading(SYSTEM) as db:
            present = await records.one(db, "accounts", account)
    except MissingError:
        return rendered(not_here(), 404)
    return rendered(connected(sandbox.terms.merchant, present, _address(account, back, key), back))


@router.post("/sandbox/connect/{account}", operation_id="sandbox_connect_confirm")
async def confirm(request: Request, account: str, back: str = "", key: str = "") -> Response:
    """A bank account is known from now on. Then back to where the merchant wants them (303)."""
    try:
        sandbox = _let_in(request, account, back, key)
        await sandbox.perform("resolve", lambda call: settle_account(call, account, can_be_paid=True))
    except MissingError:
        return rendered(not_here(), 404)
    except NoAnswerError as silence:
        await withhold(request, silence)
        return rendered(unknown(sandbox.terms.merchant, _address(account, back, key)), 504)
    except SandboxError as error:
        return rendered(unknown(sandbox.terms.merchant, _address(account, back, key)), error.status)
    return RedirectResponse(back, 303)


def _let_in(request: Request, account: str, back: str, key: str) -> Sandbox:
    sandbox = sandbox_of(request)
    if not same(connect_key(sandbox.terms.api_key, account, back), key):
        raise MissingError
    return sandbox


def _address(account: str, back: str, key: str) -> str:
    return f"/sandbox/connect/{account}?{urlencode({'back': back, 'key': key})}"
