"""Logs: structured, on stderr, people's format on a terminal and JSON elsewhere."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Send every log event of this process to stderr, from `level` (such as INFO) upwards."""
    on_terminal = sys.stderr.isatty()
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # Looked up for each logger: whoever replaces stderr, as a progress bar or a test does, gets the lines.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=True,
    )


def get_logger(component: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of one component, such as `consumer`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(component=component)
    return logger
