"""Makes the first request as fast as later ones: what agents ask for is asked once before the service says it is ready.

A first request otherwise waits until the database has planned its queries and opened its indexes, and until the model
and our own modules are loaded. Reads go to a space that is there; writes to an account that is made up, with all of it
taken back.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from time import perf_counter
from uuid import uuid4

import msgspec

from app.domain.errors import NotFound, OurmemError
from app.domain.listing import ListFilter, ListQuery, parse_page
from app.domain.memories import LISTED_STATES, NewMemory
from app.domain.messages import NewMessage, NewMessages
from app.domain.principal import Principal, Role, Scope, SpaceAccess, key_hash
from app.domain.profile import ProfileQuery
from app.domain.search import SearchRequest
from app.providers.breaker import CircuitBreaker
from app.providers.embedder import EmbeddingFailed
from app.services import memories, messages, profile, reranking
from app.services.accesses import AccessRecorder
from app.services.limits import Limits
from app.services.parts import Parts
from app.services.remembering import RememberedAnswers
from app.services.search import search_memories
from app.storage import memories as stored_memories
from app.storage import system
from app.storage.graph import Graph, QueryFailed, Rehearsal, Transaction
from app.storage.system import SignUp

LOG = logging.getLogger(__name__)
# Rounds after the first make what the database runs often into machine code; they end as soon as one is fast enough.
ROUNDS = 3
FAST_SECONDS = 0.5
# A database that is slower than this is ready all the same; on a busy machine of two cores a cold one took 25 s.
PATIENCE_SECONDS = 60.0
# It names who asks and an attribute, so that each leg of the search has something to do, that of the graph too.
QUESTION = "Where do I live now? 我现在住在哪里？"
STATEMENT = "The lamp in the hall is green."


async def warm_up(parts: Parts) -> None:
    """Does once what agents do first. What fails here will say so to whoever asks for it."""
    started = perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(ROUNDS):
                begun = perf_counter()
                await _round(parts)
                if perf_counter() - begun < FAST_SECONDS:
                    break
    except (OurmemError, QueryFailed, EmbeddingFailed, TimeoutError) as error:
        # A timeout has no words of its own.
        reason = str(error) or f"warming up took longer than {PATIENCE_SECONDS:.0f} s"
        LOG.warning("the first requests may be slow: %s", reason)
    LOG.info("warmed up in %.1f s", perf_counter() - started)


async def _round(parts: Parts) -> None:
    account = _made_up(parts)
    reading = _apart(parts, parts.graph)
    busy = await parts.graph.read(system.get_busy_space)
    reader = _reader(account, busy or _personal(account))
    await parts.graph.read(system.get_principal, account.hash, account.now)
    # All at once: the database plans on every core it has.
    reads = (_search(reading, reader), _read_profile(reading, reader), _list(reading, reader))
    await asyncio.gather(*reads, reranking.check_model(parts))
    await _write(parts, account)


def _made_up(parts: Parts) -> SignUp:
    """An account that nobody has."""
    tenant_id = str(uuid4())
    return SignUp(
        tenant_id=tenant_id,
        name="warming up",
        key_id=str(uuid4()),
        hash=key_hash(tenant_id),
        prefix="",
        scopes=list(Scope),
        space_key=f"s{uuid4().hex}0",
        now=parts.clock(),
    )


def _personal(account: SignUp) -> SpaceAccess:
    return SpaceAccess(f"personal/{account.tenant_id}", account.space_key, "personal", Role.ADMIN)


def _reader(account: SignUp, space: SpaceAccess) -> Principal:
    return Principal(account.tenant_id, account.key_id, [account.hash], list(Scope), [space], [])


def _apart(parts: Parts, graph: Graph) -> Parts:
    """The same parts, with nothing that remembers or counts what is done with them."""
    return msgspec.structs.replace(
        parts,
        graph=graph,
        accesses=AccessRecorder(parts.graph, system.touch_keys),
        answers=RememberedAnswers(),
        limits=Limits(),
        # While a model loads it is too slow for every question, which says nothing of later ones.
        reranker_breaker=CircuitBreaker(),
    )


async def _search(parts: Parts, reader: Principal) -> None:
    everything = SearchRequest(q=QUESTION, min_score=0, include=["evidence", "relations"])
    await search_memories(parts, reader, everything)


async def _read_profile(parts: Parts, reader: Principal) -> None:
    await profile.get(parts, reader, ProfileQuery(q=QUESTION, space="all"))


async def _list(parts: Parts, reader: Principal) -> None:
    wanted = ListFilter(states=[str(state) for state in LISTED_STATES])
    request = memories.ListRequest(space_keys=reader.space_keys, wanted=wanted, page=parse_page(ListQuery()))
    await memories.list_page(parts, reader, request)


async def _write(parts: Parts, account: SignUp) -> None:
    async def sign_up(tx: Transaction) -> None:
        await system.create_tenant(tx, account)

    # Plans of a transaction that has written nothing yet are others than later ones.
    with suppress(NotFound):
        await parts.graph.write(stored_memories.lock_space, account.space_key)
    writing, writer = _apart(parts, Rehearsal(parts.graph, sign_up)), _reader(account, _personal(account))
    said = NewMessages(messages=[NewMessage(role="user", content=STATEMENT)], session_id="warming up")
    await memories.create(writing, writer, NewMemory(content=STATEMENT), None)
    await messages.add(writing, writer, said, None)
