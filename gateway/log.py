"""Logs are events with keys, and keep secrets: to stderr, one line each."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# No call of ours passes these; a slip must not reach the night's log all the same.
_SECRET_KEYS: Final = frozenset({"body", "text", "e164", "msisdn", "sender", "key", "password", "secret", "url", "raw", "parameters"})
_DIGITS: Final = re.compile(r"\+?\d{9,15}")


def _keep_secrets(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # Any: a log event's values
    """Drop secret keys, and mask whatever looks like a subscriber number."""
    for name in list(event):
        if name in _SECRET_KEYS:
            event[name] = "…"
        elif isinstance(event[name], str):
            event[name] = _DIGITS.sub(lambda found: f"{found[0][:4]}…", event[name])
    return event


def configure(*, json: bool = False) -> None:
    """Set up logging for the process: events of ours, and of libraries only what is at least a warning, without tracebacks' values."""
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.add_log_level, _keep_secrets, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries know no secrets of ours and print them: aiohttp a URL it can't read, asyncio the arguments of a lost task.
    logging.basicConfig(level=logging.CRITICAL, handlers=[logging.NullHandler()], force=True)


log: Final = structlog.get_logger("tinbao")
