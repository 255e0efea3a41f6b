"""What spaces have learned to be noise: list it, forget one."""

from __future__ import annotations

from datetime import datetime

from app.domain import listing
from app.domain.errors import NotFound
from app.domain.listing import parse_instant
from app.domain.memories import OPEN_END
from app.domain.noise_examples import EXAMPLE_LIFE, NoiseExampleList, NoiseExampleQuery, example_view
from app.domain.principal import Principal
from app.storage import memories, noise_examples
from app.storage.graph import Transaction
from app.storage.noise_examples import ExamplePage


async def list_page(tx: Transaction, principal: Principal, query: NoiseExampleQuery, now: datetime) -> NoiseExampleList:
    """A page of the examples that are still in use, newest first. Raises Invalid for a foreign cursor."""
    place = listing.from_newest(query.cursor)
    own = [principal.personal_space().space_key]
    size = listing.parse_limit(query.limit)
    page = ExamplePage(
        space_keys=principal.readable_spaces(query.space) if query.space else own,
        since=now - EXAMPLE_LIFE,
        before=parse_instant("cursor", place.after, OPEN_END),
        before_id=place.id,
        limit=size,
    )
    found = await noise_examples.list_all(tx, principal, page)
    views = [example_view(example) for example in found]
    return NoiseExampleList(views, listing.cursor_after(found, size, descending=True))


async def delete(tx: Transaction, principal: Principal, example_id: str) -> None:
    """Forgets an example. Raises NotFound, and Unauthorized for a reader of its space."""
    found = await noise_examples.get(tx, principal, example_id)
    if found is None:
        raise NotFound("no such noise example")
    principal.require_writable(found.space_key)
    await memories.lock_space(tx, found.space_key)
    await noise_examples.delete(tx, principal, example_id)
