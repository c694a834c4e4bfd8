"""`/verify-email` and `/reset-password`: where our mails' links lead. Looking changes nothing; the button does."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.domains.accounts.errors import InvalidLinkError, WeakPasswordError
from moorage.journeys.open_account import prove_email
from moorage.journeys.reset_password import reset_password
from moorage.pages.view import form_of, page
from moorage.web.actor import house_of

router = APIRouter(include_in_schema=False)


@router.get("/verify-email", operation_id="verify_email_page")
async def ask_to_verify(request: Request, token: str = "") -> Response:
    """Show the button."""
    return page(request, "verify_email.html", token=token)


@router.post("/verify-email", operation_id="verify_email_use")
async def verify(request: Request) -> Response:
    """Confirm the address."""
    form = await form_of(request)
    try:
        account, _ = await prove_email(house_of(request), form.get("token", ""))
    except InvalidLinkError as refused:
        return page(request, "notice.html", 422, title="This link does not work", text=refused.detail)
    return page(request, "notice.html", title="Thank you", text=f"{account.email} is confirmed.")


@router.get("/reset-password", operation_id="reset_password_page")
async def ask_for_password(request: Request, token: str = "") -> Response:
    """Show the form."""
    return page(request, "reset_password.html", token=token, wrong=None)


@router.post("/reset-password", operation_id="reset_password_use")
async def set_password(request: Request) -> Response:
    """Set the new password."""
    form = await form_of(request)
    token = form.get("token", "")
    try:
        await reset_password(house_of(request), token, form.get("password", ""))
    except WeakPasswordError as weak:
        return page(request, "reset_password.html", 422, token=token, wrong=weak.detail)
    except InvalidLinkError as refused:
        return page(request, "notice.html", 422, title="This link does not work", text=refused.detail)
    return page(request, "notice.html", title="Your password is changed", text="You can sign in with it now.")
