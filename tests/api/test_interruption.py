"""A service that ends while requests are open, over real connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import httpx
import msgspec
import pytest

from app.cli import program
from app.config import load_settings
from app.services.parts import Parts
from tests.clients import Client
from tests.fakes import FixedEmbedder


class HangingEmbedder(FixedEmbedder):
    """Begins and never ends."""

    def __init__(self, model: str) -> None:
        super().__init__(model=model)
        self.begun = asyncio.Event()

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError(f"nobody waits for {texts}")


async def test_a_request_that_the_end_cuts_off_is_told_to_come_again(
    alice: Client, parts: Parts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(program, "DRAIN_SECONDS", 0)
    embedder = HangingEmbedder(parts.embedder.model)
    endless = msgspec.structs.replace(parts, embedder=embedder)
    with caplog.at_level(logging.WARNING), program.bind(load_settings({"OMEM_PORT": "0"})) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=address, headers={"X-API-Key": alice.key}, timeout=20) as http:
            async with program.serving(endless, listener):
                storing = asyncio.create_task(http.post("/v1/memories", json={"content": "Tea is at four."}))
                await asyncio.wait_for(embedder.begun.wait(), 20)
            answer = await storing

    body = answer.json()["error"]
    assert (answer.status_code, body["code"]) == (503, "unavailable")
    assert "ending" in body["message"]
    assert "Idempotency-Key" in body["hint"]
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["x-request-id"] == body["request_id"]
    assert not [record for record in caplog.records if record.exc_info]
