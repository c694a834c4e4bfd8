"""What is our fault, and not the caller's, goes to the log under an error id that the answer names."""

import time
from dataclasses import replace
from typing import Final

import structlog

from moorage.web.problems import Problem, crash, problem_of
from moorage.web.request_id import request_id_from

TRACE_EVERY_S: Final = 1.0
_log = structlog.get_logger("moorage.http")


class _Seldom:
    """Says yes, and then no for a while: while a database is away, each request would fill the log with one trace."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last_s = float("-inf")

    def now(self) -> bool:
        """Whether it is time again."""
        now_s = time.monotonic()
        if now_s - self._last_s < self._every_s:
            return False
        self._last_s = now_s
        return True


_traced = _Seldom(TRACE_EVERY_S)


def told(error: Exception, request_id: str) -> Problem:
    """What `error` means to the one who asked. A fault of ours says no more than its error id; what is unavailable
    says its own sentence too, and leaves its trace in the log once a second.
    """
    problem = problem_of(error, request_id)
    if problem is not None and problem.status < 500:
        return problem
    error_id = request_id_from(()).replace("req_", "err_")
    if problem is None:
        _log.error("request failed", error_id=error_id, request_id=request_id, exc_info=error)
        return crash(error_id, request_id)
    trace = error if _traced.now() else None
    cause = type(error.__cause__ or error).__name__
    _log.warning(f"unavailable: {cause}", error_id=error_id, request_id=request_id, exc_info=trace)
    return replace(problem, extra={**problem.extra, "error_id": error_id})
