"""Structured logs: readable on a terminal, JSON elsewhere. The standard library's loggers end up in the same stream."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import Processor


def configure(*, log_format: str = "auto", level: str = "info") -> None:
    """Set up logging for the whole process; `auto` means a console on a terminal and JSON otherwise."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
    ]
    # Tracebacks are plain: the prettier ones show local variables, which may hold keys.
    final: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _tame_libraries()


def _tame_libraries() -> None:
    """Route libraries' own loggers through the root, and keep those quiet that would repeat or reveal things."""
    for name in ("uvicorn", "uvicorn.error", "dbos"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    for name, level in {
        "uvicorn.access": logging.CRITICAL,  # the request log says it, without query strings
        "uvicorn.error": logging.WARNING,
        "httpx": logging.WARNING,
        "httpcore": logging.WARNING,
        "dbos": logging.WARNING,
        "alembic": logging.WARNING,
        "aioice": logging.WARNING,
        "aiortc": logging.WARNING,
        "aiosqlite": logging.WARNING,
        "asyncio": logging.WARNING,
    }.items():
        logging.getLogger(name).setLevel(level)
