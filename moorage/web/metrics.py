"""Measures for Prometheus: requests by operation and status, and how long they took. A few microseconds a request."""

from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY: Final = CollectorRegistry()
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_requests = Counter("moorage_requests", "Requests answered.", ["operation", "method", "status"], registry=REGISTRY)
_seconds = Histogram(
    "moorage_request_seconds",
    "How long answers took, in seconds.",
    ["operation", "method"],
    buckets=_BUCKETS_S,
    registry=REGISTRY,
)
_UNMATCHED: Final = "unmatched"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The label children, found once: looking them up by name costs more than counting.
_counters: dict[tuple[str, str, int], Any] = {}
_timers: dict[tuple[str, str], Any] = {}


def operation_of(scope: Any) -> str:
    """The operation id of the route that took a request; never anything that the caller made up."""
    return getattr(scope.get("route"), "operation_id", None) or _UNMATCHED


def template_of(scope: Any) -> str:
    """The path of that route, its parameters in braces; empty where none took the request."""
    return getattr(scope.get("route"), "path", "")


def count_request(operation: str, method: str, status: int, seconds: float) -> None:
    """Count one request that was answered."""
    if method not in _METHODS:
        method = "other"
    counter = _counters.get((operation, method, status))
    if counter is None:
        counter = _counters[operation, method, status] = _requests.labels(operation, method, str(status))
    counter.inc()
    timer = _timers.get((operation, method))
    if timer is None:
        timer = _timers[operation, method] = _seconds.labels(operation, method)
    timer.observe(seconds)
