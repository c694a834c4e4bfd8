"""What accounts refuse, by name."""

from moorage.kernel.errors import InvalidError, MoorageError


class InvalidTokenError(MoorageError):
    """The access token is not valid (any more): refresh it or sign in again."""

    code = "invalid_token"
    kind = "unauthorised"


class TokenReusedError(MoorageError):
    """This refresh token was used before, so this sign-in has been ended on every device that shares it."""

    code = "token_reused"
    kind = "unauthorised"


class InvalidCredentialsError(MoorageError):
    """E-mail address and password do not belong together."""

    code = "invalid_credentials"
    kind = "unauthorised"


class EmailTakenError(MoorageError):
    """There is an account with this e-mail address already."""

    code = "email_taken"
    kind = "conflict"


class InvalidLinkError(InvalidError):
    """This link is not valid: it was used before, or its time has passed. Ask for a new one."""

    code = "invalid_link"


class WeakPasswordError(InvalidError):
    """This password is too easy to guess."""

    code = "weak_password"
