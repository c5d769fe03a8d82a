"""Logs: structured, on stderr, people's format on a terminal and JSON elsewhere.

No event carries a text, a key, a header's value or a review's id: what is told of a record is its place and a reason.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping

import structlog

from shared.rate_limited_logs import RateLimit

# Until somebody configures logs: what a program prints is for whoever reads its output.
if not structlog.is_configured():
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def configure_logs(
    level: str,
    log_format: str = "auto",
    on_line: Callable[[str], None] | None = None,
    fields: Mapping[str, str] | None = None,
) -> None:
    """Send every log event of this process to stderr, from `level` (such as INFO) upwards.

    `log_format` is auto, json or text; `on_line` is told the level of each line written; `fields` stand in each line.
    """
    on_terminal = sys.stderr.isatty()
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        RateLimit(time.monotonic),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if fields:
        processors.append(_with_fields(dict(fields)))
    if on_line is not None:
        processors.append(_telling(on_line))
    as_text = on_terminal if log_format == "auto" else log_format == "text"
    # NO_COLOR is a convention of terminals (no-color.org), no setting of ours.
    colours = on_terminal and not os.environ.get("NO_COLOR")
    text = structlog.dev.ConsoleRenderer(colors=colours)
    processors.append(text if as_text else structlog.processors.JSONRenderer())
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


def _with_fields(fields: Mapping[str, str]) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.update(fields)
        return event

    return add


def _telling(on_line: Callable[[str], None]) -> structlog.typing.Processor:
    def tell(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        on_line(str(event["level"]))
        return event

    return tell
