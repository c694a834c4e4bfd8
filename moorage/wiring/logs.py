"""Logs: one JSON object a line, with the request's id, to a stream or to files that rotate; Sentry by DSN."""

import fcntl
import logging
import logging.handlers
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, Final

import sentry_sdk
import structlog

import moorage
from moorage.web.access_log import ACCESS
from moorage.web.body import looks_like_card
from moorage.web.request_id import current_request_id
from moorage.wiring.settings import Settings

APP_LOG: Final = "app.log"
ERRORS_LOG: Final = "errors.log"
# Links that let their holder in: what follows is a secret.
_SECRET_PATHS = re.compile(r"(/(?:in|i|q|portal|sandbox/pay)/|[?&](?:token|key)=)[^/?&\s'\"]+")
_TOKENS = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_DIGITS = re.compile(r"(?<![0-9A-Fa-f-])(?:[0-9][ -]?){12,18}[0-9](?![0-9A-Fa-f-])", re.ASCII)
_WRITTEN: Final = "moorage_line"
# Libraries that say every step they take, some with all that they send.
_QUIET = (
    "alembic",
    "pgqueuer",
    "httpx",
    "httpcore",
    "asyncio",
    "uvicorn.error",
    "uvicorn.access",
    "mail.log",
    "stripe",
    "square",
    "python_multipart",
)


def set_up_logs(settings: Settings) -> None:
    """Log as `settings` say, from here on, in this process."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        _with_request_id,
        _to_sentry,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    formatter = _Formatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handlers = list(_handlers(settings))
    for handler in handlers:
        handler.setFormatter(formatter)
    level = "DEBUG" if settings.debug else settings.log_level.upper()
    logging.basicConfig(level=level, handlers=handlers, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    if settings.sentry_dsn is not None:
        sentry_sdk.init(
            dsn=settings.sentry_dsn.get_secret_value(),
            release=f"moorage@{moorage.__version__}",
            environment=settings.environment,
            send_default_pii=False,
            max_request_body_size="never",
            before_send=_scrubbed,
            include_local_variables=False,
        )


def _handlers(settings: Settings) -> Iterator[logging.Handler]:
    """Where lines go: production's to standard output, for whoever collects them; to files where settings name a
    folder; else to standard error.
    """
    if settings.environment == "production":
        yield logging.StreamHandler(sys.stdout)
    if settings.log_dir is not None:
        settings.log_dir.mkdir(parents=True, exist_ok=True)
        yield _file(settings, APP_LOG, logging.NOTSET)
        yield _file(settings, ERRORS_LOG, logging.ERROR)
    elif settings.environment != "production":
        yield logging.StreamHandler(sys.stderr)


def _file(settings: Settings, name: str, level: int) -> logging.Handler:
    assert settings.log_dir is not None  # noqa: S101 - asked by the caller
    most_bytes, kept = settings.log_file_max_mib * 2**20, settings.log_files_kept
    handler = SharedFile(settings.log_dir / name, maxBytes=most_bytes, backupCount=kept, encoding="utf-8")
    handler.setLevel(level)
    return handler


class SharedFile(logging.handlers.RotatingFileHandler):
    """A file that rotates and that several processes write: one of them moves it away, the others follow."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        """Whether this line makes the file that has the name now too large."""
        self._follow()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        """Move the file away, unless another process has done so meanwhile."""
        if self.stream is None:
            return
        held = os.dup(self.stream.fileno())  # holds the lock while the library closes its own end
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not self._follow():
                super().doRollover()
        finally:
            os.close(held)

    def _follow(self) -> bool:
        """Take up the file that has the name now; whether it is another than before."""
        if self.stream is None:
            return False
        try:
            moved = not os.path.samestat(os.stat(self.baseFilename), os.fstat(self.stream.fileno()))  # noqa: PTH116 - every line pays this
        except FileNotFoundError:
            moved = True
        if moved:
            self.stream.close()
            self.stream = self._open()
        return moved


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """JSON for everything; a line of the access log is JSON already, and is the one line that every request pays."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == ACCESS:
            return record.getMessage()
        written = getattr(record, _WRITTEN, None)
        if written is None:  # each file says the same, and an error is reported once
            written = super().format(record)
            setattr(record, _WRITTEN, written)
        return str(written)


def _with_request_id(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    request_id = current_request_id.get()
    if request_id != "-":
        event.setdefault("request_id", request_id)
    return event


def masked(text: str) -> str:
    """`text` without access tokens, secrets of links, and what looks like a card number: an exception's own words, or
    a driver's, may quote what was sent.
    """
    text = _TOKENS.sub("…", _SECRET_PATHS.sub(r"\1…", text))
    return _DIGITS.sub(lambda found: "…" if looks_like_card(found[0]) else found[0], text)


def _without_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in ("event", "exception"):
        if isinstance(event.get(name), str):
            event[name] = masked(event[name])
    return event


def _to_sentry(_: Any, level: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An error goes to Sentry as the exception that it is, with its error id, before the log makes text of it."""
    error = event.get("exc_info")
    if level in {"error", "exception", "critical"} and isinstance(error, BaseException):
        with sentry_sdk.new_scope() as scope:
            for name in ("error_id", "request_id"):
                if name in event:
                    scope.set_tag(name, event[name])
            sentry_sdk.capture_exception(error)
    return event


def _scrubbed(event: Any, _: Any) -> Any:
    """What leaves for Sentry names nobody: no headers, cookies, bodies or query, no secret in an address."""
    request = event.get("request")
    if isinstance(request, dict):
        for name in ("headers", "cookies", "data", "query_string", "env"):
            request.pop(name, None)
        if isinstance(request.get("url"), str):
            request["url"] = _SECRET_PATHS.sub(r"\1…", request["url"].partition("?")[0])
    event.pop("user", None)
    for value in event.get("exception", {}).get("values", ()):
        value["value"] = masked(str(value.get("value", "")))
    for crumb in event.get("breadcrumbs", {}).get("values", ()):
        crumb["message"] = masked(str(crumb.get("message", "")))
        crumb.pop("data", None)
    return event
