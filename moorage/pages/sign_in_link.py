"""`/in/{token}`: sign in by a link, without a password. Looking at it changes nothing; the button does."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from moorage.domains.accounts.errors import InvalidLinkError
from moorage.journeys.sign_in import log_in_by_link
from moorage.pages.view import form_of, page, wants_json
from moorage.web.actor import house_of

router = APIRouter(include_in_schema=False)


@router.get("/in/{token}", operation_id="sign_in_link_page")
async def ask(request: Request, token: str) -> Response:
    """Show the button. A mail program that looks at links uses nothing up."""
    return page(request, "sign_in.html", token=token)


@router.post("/in/{token}", operation_id="sign_in_link_use")
async def use(request: Request, token: str) -> Response:
    """Use the link up and show the access token for the API."""
    await form_of(request)
    try:
        session = await log_in_by_link(house_of(request), token)
    except InvalidLinkError as refused:
        if wants_json(request):
            raise
        return page(request, "notice.html", 422, title="This link does not work", text=refused.detail)
    tokens = request.app.state.tokens
    is_practitioner = session.practitioner_id is not None
    access = tokens.issue(session.account.id, session.family_id, is_practitioner=is_practitioner)
    if wants_json(request):
        answer = {"access": access, "refresh": session.refresh_token, "expires_in": tokens.lifetime_s}
        return JSONResponse(answer, headers={"cache-control": "no-store"})
    return page(
        request,
        "signed_in.html",
        name=session.account.first_name or session.account.email,
        access=access,
        minutes=tokens.lifetime_s // 60,
        public_url=request.app.state.settings.public_url(),
    )
