"""Logs: one JSON object a line, with the request's id, to standard error or to a file that rotates; Sentry by DSN."""

import logging
import logging.handlers
import sys

import sentry_sdk
import structlog

import moorage
from moorage.wiring.settings import Settings

FILE_MAX_BYTES = 50 * 1024 * 1024
FILES_KEPT = 5
# Libraries that say every step they take.
_QUIET = ("alembic", "pgqueuer", "httpx", "httpcore", "asyncio", "uvicorn.error", "uvicorn.access", "mail.log")


def set_up_logs(settings: Settings) -> None:
    """Log as `settings` say, from here on, in this process."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if settings.log_file is not None:
        settings.log_file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            settings.log_file, maxBytes=FILE_MAX_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
        )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
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
            include_local_variables=False,
        )
