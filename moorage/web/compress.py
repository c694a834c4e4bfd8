"""Pages and documents travel compressed to whoever takes that; what the API answers is small and does not."""

import gzip
from typing import Final

from fastapi import Request
from starlette.responses import Response

WORTH_IT_BYTES: Final = 1_000


def sent(request: Request, body: bytes, status: int, headers: dict[str, str], media_type: str) -> Response:
    """The answer, compressed (RFC 9110, section 8.4) where the caller's Accept-Encoding names gzip."""
    headers = {**headers, "vary": "Accept-Encoding"}
    if len(body) > WORTH_IT_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=6, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, headers, media_type)
