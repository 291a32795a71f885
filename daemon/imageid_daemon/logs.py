"""Log lines to stderr: readable on a terminal, JSON elsewhere; no URL, no UID, no name."""

from __future__ import annotations

import logging
import sys

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
    # Libraries' own lines hold URLs (httpx) and values of data sets (pydicom).
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    for name in ("httpx", "httpcore", "pydicom", "PIL", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
