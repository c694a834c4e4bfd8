"""`/dev/mail`: the mails that would have left, to be read while this is being set up. Not in production."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from moorage.domains.notifications.queries import recent_mails
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError
from moorage.pages.view import page, wants_json
from moorage.web.actor import house_of

router = APIRouter(include_in_schema=False)


@router.get("/dev/mail", operation_id="outbox")
async def outbox(request: Request, to: str | None = None) -> Response:
    """The newest mails first; `?to=` for one recipient's. JSON for programs (`Accept: application/json`)."""
    if request.app.state.settings.environment == "production":
        raise NotFoundError
    async with house_of(request).database.reading(SYSTEM) as db:
        mails = await recent_mails(db, recipient=to)
    if wants_json(request):
        return JSONResponse(
            {
                "mails": [
                    {
                        "id": str(mail.id),
                        "to": mail.recipient,
                        "subject": mail.subject,
                        "body": mail.body,
                        "status": mail.status,
                        "created_at": mail.created_at.isoformat(),
                    }
                    for mail in mails
                ]
            }
        )
    return page(request, "outbox.html", mails=mails)
