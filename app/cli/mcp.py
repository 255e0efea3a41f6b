"""The command `mcp`: the tools over stdin and stdout, for clients that start their servers themselves."""

from __future__ import annotations

import asyncio

from mcp.server.stdio import stdio_server

from app.cli.failures import Failure
from app.client import Client, address
from app.config import load_settings
from app.mcp.server import make_server


def mcp(url: str, key: str, agent: str) -> None:
    """Serves until stdin ends. Raises Failure without a key."""
    if not key:
        raise Failure("no API key; set OMEM_API_KEY (`ourmem tenant create` makes a tenant with one)")
    asyncio.run(_serve(url, key, agent))


async def _serve(url: str, key: str, agent: str) -> None:
    settings = load_settings()
    async with Client(url or address(settings.host, settings.port), key) as client:
        caller = client.acting_as(agent)
        server = make_server(lambda _: caller)
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
