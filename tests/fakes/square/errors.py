"""What Square answers when it refuses."""


class SquareRefusedError(Exception):
    """A refusal: HTTP status, category and code as Square writes them."""

    def __init__(self, status: int, category: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.category, self.code, self.detail = status, category, code, detail

    def body(self) -> dict:
        return {"errors": [{"category": self.category, "code": self.code, "detail": self.detail}]}


def bad(code: str, detail: str, status: int = 400) -> SquareRefusedError:
    return SquareRefusedError(status, "INVALID_REQUEST_ERROR", code, detail)


def missing(what: str) -> SquareRefusedError:
    return bad("NOT_FOUND", f"Could not find {what}", 404)


def declined(code: str) -> SquareRefusedError:
    return SquareRefusedError(402, "PAYMENT_METHOD_ERROR", code, f"Authorization error: '{code}'")


def unrefundable(code: str, detail: str) -> SquareRefusedError:
    return SquareRefusedError(400, "REFUND_ERROR", code, detail)
