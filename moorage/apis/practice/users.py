"""Users of the practice: opened, read, listed."""

from typing import Annotated, Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import LISTED, Windowed, answer, listed
from moorage.domains.practitioners import queries
from moorage.domains.practitioners.queries import Person
from moorage.journeys.open_user import Duty, NewUser, open_user
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import Admin, CurrentUser, OptionalUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Email, Id, Name, ShortText, StrictModel
from moorage.web.idempotency import subject_id

router = APIRouter(prefix="/users", tags=["Practice users"], route_class=StrictRoute)

UserRole = Literal["individual_client", "practitioner", "administrator", "owner"]
_DUTIES: Final[dict[UserRole, Duty]] = {
    "individual_client": "client",
    "practitioner": "practitioner",
    "administrator": "administrator",
    "owner": "owner",
}
Password = Annotated[str, Field(min_length=1, max_length=1024, examples=["a long pass phrase"])]


class UserIn(StrictModel):
    """Whose account to open. Without a password a mail asks them to set one."""

    first_name: Name
    middle_name: ShortText | None = None
    last_name: Name
    email: Email
    role: UserRole = "individual_client"
    password: Password | None = None


class User(BaseModel):
    """An account."""

    id: UUID
    first_name: str
    middle_name: str | None
    last_name: str
    email: str
    role: UserRole
    created_at: AwareDatetime

    @classmethod
    def of(cls, person: Person) -> Self:
        """As the contract shows it."""
        role: UserRole = "practitioner" if person.delivers else "individual_client"
        if person.role != "user":
            role = "owner" if person.role == "owner" else "administrator"
        return cls(
            id=person.id,
            first_name=person.first_name,
            middle_name=person.middle_name,
            last_name=person.last_name,
            email=person.email,
            role=role,
            created_at=person.created_at,
        )


@router.post("/", operation_id="practice_users_create", status_code=201, response_model=User)
async def create_user(request: Request, caller: OptionalUser, body: UserIn) -> Response:
    """Open an account: as a client anybody for themselves, in any role an administrator or owner for anyone."""
    new = NewUser(
        subject_id(request),
        body.email,
        body.first_name,
        body.last_name,
        body.middle_name or None,
        body.password,
        _DUTIES[body.role],
    )
    by_admin = caller is not None and caller.is_admin
    person = await open_user(house_of(request), new, by=None if caller is None else caller.user_id, by_admin=by_admin)
    return answer(User.of(person), 201)


@router.get("/", operation_id="practice_users_list", response_model=list[User], responses=LISTED)
async def list_users(request: Request, caller: Admin, window: Windowed) -> Response:
    """Every account, the newest first, for administrators and owners."""
    async with house_of(request).database.reading(caller.actor) as db:
        people, total = await queries.list_people(db, limit=window.limit, offset=window.skip)
    return listed(request, [User.of(person) for person in people], total, window)


@router.get("/{user_id}", operation_id="practice_users_read", response_model=User)
async def read_user(request: Request, caller: CurrentUser, user_id: Id) -> Response:
    """One account: one's own, any for administrators and owners."""
    async with house_of(request).database.reading(caller.actor) as db:
        person = await queries.get_person(db, user_id)
    if person is None:
        raise NotFoundError("There is no such user.")
    return answer(User.of(person))
