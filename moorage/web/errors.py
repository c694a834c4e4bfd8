"""Failures of the HTTP plumbing, each with its stable code."""

from moorage.kernel.errors import InvalidError, MoorageError


class MalformedJsonError(MoorageError):
    """The body is not valid JSON in UTF-8."""

    code = "malformed_json"
    kind = "malformed"


class DuplicateKeyError(MoorageError):
    """A JSON object names the same key twice."""

    code = "duplicate_key"
    kind = "malformed"


class MalformedRequestError(MoorageError):
    """The request cannot be read."""

    code = "malformed_request"
    kind = "malformed"


class BodyTooLargeError(MoorageError):
    """The body is larger than this service accepts."""

    code = "body_too_large"
    kind = "too_large"


class UnsupportedMediaTypeError(MoorageError):
    """The body has to be application/json."""

    code = "unsupported_media_type"
    kind = "unsupported"


class NotAuthenticatedError(MoorageError):
    """This needs an access token: send `Authorization: Bearer …`."""

    code = "not_authenticated"
    kind = "unauthorised"


class RateLimitedError(MoorageError):
    """Too many requests in this hour."""

    code = "rate_limited"
    kind = "too_many"


class UnknownFieldError(MoorageError):
    """There is no such field here."""

    code = "unknown_field"


class CardDataNotAllowedError(MoorageError):
    """Card numbers belong on the payment provider's page, never here."""

    code = "card_data_not_allowed"


class InvalidTextError(MoorageError):
    """The text holds characters that cannot be kept: NUL, half of a surrogate pair, or direction overrides."""

    code = "invalid_text"


class IdempotencyKeyInvalidError(MoorageError):
    """An Idempotency-Key is 1 to 255 printable characters."""

    code = "invalid_idempotency_key"
    kind = "malformed"


class IdempotencyKeyReusedError(MoorageError):
    """This Idempotency-Key was used for another request."""

    code = "idempotency_key_reused"


class RequestInProgressError(MoorageError):
    """The first request with this Idempotency-Key is still running."""

    code = "request_in_progress"
    kind = "conflict"


class InvalidLimitError(InvalidError):
    """A page number is 1 or more, and a page holds 1 to 100 items."""

    code = "invalid_limit"
