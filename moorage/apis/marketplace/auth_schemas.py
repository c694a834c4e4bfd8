"""What the authentication section takes in and gives out."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field

from moorage.domains.accounts.queries import Account
from moorage.web.fields import Email, LongText, Name, ShortText, StrictModel, ZoneName, refusal

Password = Annotated[str, Field(min_length=1, max_length=1024, examples=["a long pass phrase"])]
Secret = Annotated[str, Field(min_length=1, max_length=200, examples=["tGXbnAvh1xv…"])]


def _web_address(value: str | None) -> str | None:
    if value and not value.startswith(("https://", "http://")):
        raise refusal("invalid_url", "has to be an https:// address")
    return value or None


def _phone(value: str | None) -> str | None:
    if value and not all(character in "+0123456789 ()-./" for character in value):
        raise refusal("invalid_phone_number", "holds digits, spaces and + ( ) - only")
    return value or None


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(repr(value)) > 10_000:
        raise refusal("too_long", "holds at most 10,000 characters in all")
    return value


PhoneNumber = Annotated[
    str | None,
    Field(max_length=40, json_schema_extra={"pattern": "^[+0-9 ()./-]*$"}, examples=["+44 20 7946 0000"]),
    AfterValidator(_phone),
]


class RegisterIn(StrictModel):
    """Somebody opens an account."""

    email: Email
    password: Password
    first_name: Name
    last_name: Name
    phone_number: PhoneNumber = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "ada@example.com",
                    "password": "correct horse battery",
                    "first_name": "Ada",
                    "last_name": "Marsh",
                }
            ]
        }
    )


class LoginIn(StrictModel):
    """E-mail address and password."""

    email: Annotated[str, Field(max_length=254, examples=["ada@example.com"])]
    password: Password


class RefreshIn(StrictModel):
    """The refresh token that came last."""

    refresh: Secret


class LogoutIn(StrictModel):
    """The refresh token may be sent along; the access token says which sign-in ends."""

    refresh: Secret | None = None


class ProfileIn(StrictModel):
    """What of the profile changes; what is left out stays."""

    bio: LongText | None = None
    avatar: Annotated[
        str | None,
        Field(
            max_length=500, json_schema_extra={"pattern": "^(https?://.*)?$"}, examples=["https://example.com/ada.jpg"]
        ),
        AfterValidator(_web_address),
    ] = None
    timezone: ZoneName | None = None
    location: ShortText | None = None
    preferences: Annotated[dict[str, Any] | None, AfterValidator(lambda v: v if v is None else _small(v))] = None


class UserIn(StrictModel):
    """What changes of oneself; what is left out stays."""

    first_name: Name | None = None
    last_name: Name | None = None
    phone_number: PhoneNumber = None
    profile: ProfileIn | None = None

    def changes(self) -> dict[str, Any]:
        """The columns to set. `phone_number` and `avatar` may be null; for the rest null means unchanged."""
        sent = self.model_dump(include=self.model_fields_set - {"profile"})
        if self.profile is not None:
            sent |= self.profile.model_dump(include=self.profile.model_fields_set)
        return {name: value for name, value in sent.items() if value is not None or name in {"phone_number", "avatar"}}


class EmailIn(StrictModel):
    """An e-mail address that a link is sent to, if it has an account."""

    email: Annotated[str, Field(max_length=254, examples=["ada@example.com"])]


class ResendIn(StrictModel):
    """The address; may be left out by somebody signed in."""

    email: Annotated[str | None, Field(max_length=254, examples=["ada@example.com"])] = None


class TokenIn(StrictModel):
    """The token of a mailed link."""

    token: Secret


class NewPasswordIn(StrictModel):
    """The token of a mailed link, and the password that shall hold from now on."""

    token: Secret
    password: Annotated[Password, Field(validation_alias=AliasChoices("password", "new_password"))]


class Profile(BaseModel):
    """What somebody says of themselves."""

    bio: str
    avatar: str | None
    timezone: str
    location: str
    preferences: dict[str, Any]


class User(BaseModel):
    """Somebody, as they see themselves."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    phone_number: str | None
    is_practitioner: bool
    is_verified: bool
    role: Literal["user", "practitioner", "admin", "owner"]
    profile: Profile


class SignedIn(BaseModel):
    """The tokens of a sign-in. `expires_in` is the access token's life in seconds."""

    access: str
    refresh: str
    expires_in: int
    user: User


def user_of(account: Account, *, is_practitioner: bool) -> User:
    """The account as this contract shows it."""
    role: Any = account.role if account.role != "user" or not is_practitioner else "practitioner"
    return User(
        id=account.id,
        email=account.email,
        first_name=account.first_name,
        last_name=account.last_name,
        phone_number=account.phone_number,
        is_practitioner=is_practitioner,
        is_verified=account.is_verified,
        role=role,
        profile=Profile(
            bio=account.bio,
            avatar=account.avatar,
            timezone=account.timezone,
            location=account.location,
            preferences=dict(account.preferences),
        ),
    )
