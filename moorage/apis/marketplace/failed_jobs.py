"""The list of failed jobs, for admins: `/api/v1/admin/failed-jobs/`."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, problems
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError
from moorage.kernel.failed_jobs import count_failed, list_failed, retry_failed
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.paging import Paging

router = APIRouter(prefix="/admin/failed-jobs", tags=["Administration"], route_class=StrictRoute)


class FailedJobOut(BaseModel):
    """A job that used up its attempts. What it was about stays in the queue."""

    id: int
    job: str
    attempts: int
    failed_at: datetime
    error: str


@router.get(
    "/",
    operation_id="failed_jobs_list",
    response_model=Success[Listed[FailedJobOut]],
    responses=problems(401, 403, 422),
)
async def list_jobs(request: Request, caller: Admin, page: Paging) -> Response:
    """Jobs that failed for good, the newest failure first."""
    del caller
    async with house_of(request).database.reading(SYSTEM) as db:
        found = await list_failed(db, page.size, page.offset)
        return listing(request, found, await count_failed(db), page)


@router.post(
    "/{job_id}/retry/",
    operation_id="failed_jobs_retry",
    response_model=Success[None],
    responses=problems(401, 403, 404),
)
async def retry_job(request: Request, caller: Admin, job_id: int) -> Response:
    """Put a failed job back into the queue."""
    del caller
    async with house_of(request).database.transaction(SYSTEM) as db:
        if not await retry_failed(db, min(max(job_id, 0), 2**63 - 1)):
            raise NotFoundError
    return ok(None, "The job is queued again.")
