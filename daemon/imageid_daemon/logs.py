"""Log lines to stderr: readable on a terminal, JSON elsewhere; no URL, no UID, no name."""

from __future__ import annotations

import logging
import sys

import stamina
import stamina.instrumentation
import structlog


def configure(level: str, style: str) -> None:
    """Set up logging for the process.

    Args:
        level: debug, info, warning or error.
        style: auto, json or console.
    """
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # It would log every retry by itself; the origins' metrics count them.
    stamina.instrumentation.set_on_retry_hooks(())
    # Libraries' own lines hold URLs (httpx) and values of data sets (pydicom).
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for name in ("httpx", "httpcore", "hpack", "pydicom", "PIL", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.getLogger("grpc._cython.cygrpc").addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether gRPC tells of more than a caller that left while it was answered."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or kind.__name__ != "ExecuteBatchError"
