"""Named failures with stable codes. A subclass's docstring is the message a person reads."""

from typing import Any, ClassVar, Literal

Kind = Literal[
    "malformed",  # 400
    "unauthorised",  # 401
    "forbidden",  # 403
    "missing",  # 404
    "conflict",  # 409
    "too_large",  # 413
    "unsupported",  # 415
    "invalid",  # 422
    "too_many",  # 429
    "unavailable",  # 503
]


class MoorageError(Exception):
    """Something was refused."""

    code: ClassVar[str] = "refused"
    kind: ClassVar[Kind] = "invalid"
    by_code: ClassVar[dict[str, type["MoorageError"]]] = {}

    def __init__(self, detail: str | None = None, *, pointer: str | None = None, **facts: Any) -> None:
        """`detail` replaces the docstring's sentence; `pointer` is a JSON pointer to the field at fault;
        `facts` are extra members of the answer (ids, limits), never secrets.
        """
        self.detail = detail or self.message()
        self.pointer = pointer
        self.facts = facts
        super().__init__(self.detail)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        known = MoorageError.by_code.setdefault(cls.code, cls)
        if known is not cls and "code" in cls.__dict__:
            msg = f"code {cls.code!r} belongs to {known.__qualname__}"
            raise TypeError(msg)

    @classmethod
    def message(cls) -> str:
        """The first line of the docstring, the sentence a person reads."""
        return (cls.__doc__ or cls.code).strip().splitlines()[0]


class InvalidError(MoorageError):
    """What was sent is not acceptable."""

    code = "invalid"
    kind = "invalid"


class NotFoundError(MoorageError):
    """There is nothing here by that name."""

    code = "not_found"
    kind = "missing"


class ForbiddenError(MoorageError):
    """You may not do this."""

    code = "forbidden"
    kind = "forbidden"


class UnavailableError(MoorageError):
    """The service is busy or its database is away; nothing was done, so try again."""

    code = "unavailable"
    kind = "unavailable"


class OverloadedError(UnavailableError):
    """The service is busy; nothing was done, so try again."""


class UnreachableError(UnavailableError):
    """The database cannot be reached; nothing was begun, so try again."""


class InvalidStateError(MoorageError):
    """It is in a state that does not allow this."""

    code = "invalid_state"
    kind = "conflict"


class InvalidRangeError(InvalidError):
    """A range ends after it begins, and is no longer than this takes."""

    code = "invalid_range"
