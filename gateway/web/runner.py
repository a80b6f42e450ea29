"""The listener's settings: nothing of a request is ever logged (ground: an access log writes numbers and words)."""

import logging
from typing import Final

from aiohttp import web

LINE_LIMIT: Final = 65_536  # bytes of a request line: one Vietnamese letter is up to 9 of them in a URL


class _Blank(logging.Filter):
    """Keeps that something went wrong, drops the words: aiohttp's messages hold the beginning of the URL, tracebacks hold rows."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else record.levelname.lower()
        record.msg, record.args, record.exc_info, record.exc_text, record.stack_info = f"http.{kind}", (), None, None, None
        return True


def _logger() -> logging.Logger:
    logger = logging.getLogger("gateway.web.http")
    if not logger.filters:
        logger.addFilter(_Blank())
    return logger


def web_runner(app: web.Application, *, drain_s: float = 10.0) -> web.AppRunner:
    """A runner for `app`; requests under way at the end get `drain_s` seconds. Signals are the caller's."""
    return web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=drain_s,
        max_line_size=LINE_LIMIT,
        max_field_size=LINE_LIMIT,
        logger=_logger(),
    )
