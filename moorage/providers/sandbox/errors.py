"""What the sandbox refuses, in its own words: each a stable code and the HTTP status that its API answers with."""


class SandboxError(Exception):
    """The request is refused; nothing was changed and its idempotency key is not used up."""

    status = 422
    code = "invalid_request"

    def __init__(self, message: str | None = None, *, code: str | None = None, param: str | None = None) -> None:
        """`message` replaces the docstring's sentence, `code` narrows the class's own, `param` names the field."""
        self.message = message or (type(self).__doc__ or "")
        super().__init__(self.message)
        self.code = code or type(self).code
        self.param = param


class UnknownKeyError(SandboxError):
    """The API key is missing or not ours."""

    status = 401
    code = "invalid_api_key"


class MalformedError(SandboxError):
    """What was sent cannot be read."""

    status = 400
    code = "malformed_request"


class MissingError(SandboxError):
    """There is no such object."""

    status = 404
    code = "resource_missing"


class StateError(SandboxError):
    """The object's state does not allow it."""

    status = 409
    code = "invalid_state"


class BrokenError(SandboxError):
    """Something went wrong here."""

    status = 500
    code = "internal_error"
