"""Serves the sandbox on a loopback port, in the event loop of the caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_HOST: Final = "127.0.0.1"


@asynccontextmanager
async def serve(app: ASGIApp, port: int, prefix: str) -> AsyncGenerator[str]:
    """Serve `app` while the block runs, and give its base URI.

    Only uvicorn's HTTP protocol is used, not its server: that one takes over signal handlers and looks only
    every 0.1 s whether it should stop.
    """

    async def until_cancelled(scope: Scope, receive: Receive, send: Send) -> None:
        """End a cancelled request in silence: uvicorn would log it as an error of the application."""
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    config = uvicorn.Config(
        until_cancelled,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Protocol(config, state, {}), _HOST, port)
    try:
        yield f"http://{_HOST}:{server.sockets[0].getsockname()[1]}{prefix}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        tasks = list(state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


class _Protocol(H11Protocol):
    """Hands its transport to the application, so that a fault can break the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {"transport": transport}
        super().connection_made(transport)
