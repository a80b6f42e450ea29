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


def blank_logger() -> logging.Logger:
    """Where the listeners' troubles are told, by their kind alone."""
    logger = logging.getLogger("gateway.web.http")
    if not logger.filters:
        logger.addFilter(_Blank())
    return logger


class _Protocol(web.RequestHandler):
    """aiohttp answers a request line it can't read with its beginning, number and words included; this says it in our words."""

    __slots__ = ()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        return super().handle_error(request, status, exc, "The request can't be read.\n" if message else None)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    """aiohttp has no public place for a protocol of one's own: tests/web/test_runner.py pins what is used of its inside."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server


def web_runner(app: web.Application, *, drain_s: float = 10.0) -> web.AppRunner:
    """A runner for `app`; requests under way at the end get `drain_s` seconds. Signals are the caller's."""
    return _Runner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=drain_s,
        max_line_size=LINE_LIMIT,
        max_field_size=LINE_LIMIT,
        logger=blank_logger(),
    )
