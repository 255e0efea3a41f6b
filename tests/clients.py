"""A client with the few calls that most tests begin with."""

from __future__ import annotations

from typing import Any

import httpx

from app.client import Client as Service

SECRET = "s3cr3t-4711"


class Client(httpx.AsyncClient):
    """Talks HTTP; after `sign_up` with the key of a tenant of its own."""

    key: str = ""
    user_id: str = ""

    async def sign_up(self, name: str = "", agent: str = "") -> None:
        """Makes a tenant and uses its key from now on, as the named agent if there is one."""
        made = (await self.post("/v1/tenants", json={"name": name} if name else {})).json()
        self.key, self.user_id = made["api_key"], made["user_id"]
        self.headers["X-API-Key"] = self.key
        if agent:
            self.headers["X-Agent-Id"] = agent

    async def store(self, content: str, **fields: object) -> dict[str, Any]:
        """Stores a text; the answer, which must be a success."""
        answer = await self.post("/v1/memories", json={"content": content, **fields})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def say(self, *texts: str, **fields: object) -> dict[str, Any]:
        """Sends messages of a user; the answer, which must be 202."""
        messages = [{"role": "user", "content": text} for text in texts]
        answer = await self.post("/v1/memories", json={"messages": messages, **fields})
        assert answer.status_code == 202, answer.text
        return answer.json()

    async def search(self, query: str, **parameters: object) -> dict[str, Any]:
        """Searches; the whole answer, which must be 200."""
        answer = await self.get("/v1/memories/search", params={"q": query, **parameters})  # type: ignore[dict-item]
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def found(self, query: str, **parameters: object) -> list[str]:
        """The contents of the results, best first."""
        return [result["memory"]["content"] for result in (await self.search(query, **parameters))["results"]]

    async def space(self, name: str, role: str = "member", **members: Client) -> dict[str, Any]:
        """Creates a team space with these members; the answer, which must be a success."""
        named = [{"user_id": member.user_id, "role": role} for member in members.values()]
        answer = await self.post("/v1/spaces", json={"name": name, "space_type": "team", "members": named})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def relate(self, source: str, target: object, kind: object = "supports", **more: object) -> httpx.Response:
        """States a relation; the answer, whatever it is."""
        body = {"type": kind, "target_id": target, **more}
        return await self.post(f"/v1/memories/{source}/relations", json=body)

    async def related(self, memory_id: str, **parameters: str) -> list[dict[str, Any]]:
        """The first page of the relations of a memory."""
        answer = await self.get(f"/v1/memories/{memory_id}/relations", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["relations"]


def service_of(client: Client) -> Service:
    """The typed client, as the tenant of a client of the tests."""
    return Service("http://ourmem.test", client.key, http=client)
