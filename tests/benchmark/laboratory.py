"""What all measurements share: the service, its database, tenants, spaces full of memories, and their removal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from uuid import uuid4

from app.config import load_settings
from app.domain.principal import key_hash
from app.providers.embedder import make_embedder
from tests.benchmark import filling
from tests.benchmark.filling import Vectors
from tests.bolt import Bolt, load
from tests.serving import Service, Tenant

QUERIES = load(Path(__file__).with_name("raw.cypher"))
Note = Callable[[str], None]


class Embedder:
    """The service's model in this process: what embedding costs when nothing is around it."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._embedder = make_embedder(load_settings())
        runner.run(self._embedder.load())

    def query(self, text: str) -> list[float]:
        """The vector of a query."""
        return self._runner.run(self._embedder.embed_queries([text]))[0]

    def documents(self, texts: Sequence[str]) -> list[list[float]]:
        """The vectors of texts to store."""
        return self._runner.run(self._embedder.embed_documents(texts))

    def close(self) -> None:
        """Ends its thread."""
        self._runner.run(self._embedder.close())


class Laboratory:
    """One run: every space and tenant it makes is removed at its end."""

    def __init__(self, service: Service, bolt: Bolt, embedder: Embedder, note: Note) -> None:
        self.service, self.bolt, self.embedder, self._note = service, bolt, embedder, note
        self._spaces: list[str] = []
        self._keys: list[str] = []
        self._open = ExitStack()
        # Texts are numbered through the whole run: one that was embedded before would be in a cache.
        self._numbers = count(10_000_000)
        texts = [filling.statement(number) for number in range(filling.EMBEDDED_TEXTS)]
        self.vectors = Vectors(embedder.documents(texts))

    def sign_up(self) -> tuple[Tenant, str]:
        """A new tenant and the key of its personal space."""
        tenant = self._open.enter_context(Tenant(self.service.url))
        self._keys.append(tenant.key)
        space_key = self.space_key(tenant.key)
        self._spaces.append(space_key)
        return tenant, space_key

    def space_key(self, key: str) -> str:
        """The key of the personal space of a tenant."""
        return self.bolt.run(QUERIES["get_space_key"], hash=key_hash(key))[0]

    def make_spaces(self, number: int) -> list[str]:
        """New spaces of strangers."""
        made = [f"s{uuid4().hex}0" for _ in range(number)]
        self.bolt.run(QUERIES["create_spaces"], space_keys=made)
        self._spaces += made
        return made

    def fill(self, space_keys: Sequence[str], numbers: range) -> None:
        """Gives each space the memories of these numbers, around the service."""
        self._note(f"filling {len(space_keys)} spaces with {len(numbers)} memories each")
        for rows in filling.batches(self.vectors, space_keys, numbers):
            self.bolt.write(QUERIES["create_memories"], rows=rows)

    def fresh_numbers(self, number: int) -> list[int]:
        """Numbers of texts that were not used before."""
        return [next(self._numbers) for _ in range(number)]

    def count_vectors(self) -> int:
        """How many memories, messages and pieces the whole database has."""
        return self.bolt.run(QUERIES["count_vectors"])[0]

    def clear(self) -> None:
        """Removes what the run has made; a graph of its own goes as a whole."""
        self._open.close()
        if self.service.has_own_graph:
            return
        self._note(f"removing {len(self._spaces)} spaces")
        self.bolt.run(QUERIES["delete_spaces"], space_keys=self._spaces)
        for key in self._keys:
            self.bolt.run(QUERIES["delete_tenant"], hash=key_hash(key))
