"""Stores the lines of an export, a batch of one kind and space in one transaction."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from app.domain.account_lines import (
    DecisionLine,
    EntityLine,
    ImportLine,
    Line,
    MemoryLine,
    MessageLine,
    NoiseLine,
    Placed,
    RelationLine,
    RevisionLine,
    RuleLine,
    SameLine,
    SessionLine,
    ShareLine,
    SlotLine,
    TextLine,
)
from app.domain.account_reading import Survey, new_id
from app.domain.errors import NotFound
from app.domain.memories import current_key, text_hash, to_utc
from app.domain.messages import dedup_key
from app.domain.noise_examples import NoiseExample
from app.domain.principal import Principal
from app.domain.sharing_rules import Rule
from app.providers.embedder import EmbeddingFailed
from app.services import copying
from app.services.account_rows import (
    Names,
    Row,
    Target,
    TextRow,
    cleaned,
    decision_of,
    import_row,
    present,
    relation_row,
    revision_row,
    share_row,
    text_row,
)
from app.services.parts import Parts
from app.storage import account_imports, decisions, memories, noise_examples, quotas, sharing_rules
from app.storage.decisions import MemoryRow
from app.storage.graph import Transaction

AnyLine = TypeVar("AnyLine", bound=Line)


class Batch(msgspec.Struct, frozen=True):
    """Lines of one kind and one space."""

    lines: Sequence[Placed]


class Stored(msgspec.Struct, frozen=True):
    """What was stored so far, by kind, how much was there already, and under which ids that is."""

    counts: Counter[str]
    known: int
    kept: dict[str, str]


class Work(msgspec.Struct, frozen=True):
    """What storing a batch needs: who imports, where to, and what was made of its lines before."""

    principal: Principal
    names: Names
    survey: Survey
    target: Target
    texts: Sequence[TextRow] = ()
    vectors: Sequence[list[float]] = ()
    model: str = ""


async def store(
    parts: Parts, principal: Principal, names: Names, survey: Survey, batch_of: tuple[Batch, Stored]
) -> Stored:
    """What is stored after one more batch. Raises NotFound when the caller owns its space no more."""
    batch, before = batch_of
    first = batch.lines[0]
    target = names.targets[first.space]
    lines = await asyncio.to_thread(lambda: [cleaned(line, target.policy) for line in batch.lines])
    work = Work(principal, names, survey, target, model=parts.embedder.model)
    if isinstance(first, TextLine):
        texts = await asyncio.to_thread(lambda: [text_row(names, line) for line in only(lines, TextLine)])
        work = msgspec.structs.replace(work, texts=with_current_keys(names, texts))
    if isinstance(first, NoiseLine):
        work = msgspec.structs.replace(work, vectors=await _vectors(parts, lines))
    known = await parts.graph.write(_store, work, lines)
    kind = str(first.__struct_config__.tag)
    counts = before.counts + Counter({kind: len(lines) - len(known)})
    return Stored(counts, before.known + len(known), before.kept | known)


def with_current_keys(names: Names, texts: Sequence[TextRow]) -> list[TextRow]:
    """Marks what is current; of two with the same text for the same audience the first one is."""
    taken: set[str] = set()
    found: list[TextRow] = []
    for row in texts:
        line = row.line
        if isinstance(line, MemoryLine) and line.is_current:
            author = names.author(line.author_id) or names.tenant_id
            key = current_key(msgspec.structs.replace(row.memory, tenant_id=author))
            if key not in taken:
                properties = {**row.text.properties, "current_key": key}
                row = msgspec.structs.replace(row, text=msgspec.structs.replace(row.text, properties=properties))  # noqa: PLW2901
                taken.add(key)
        found.append(row)
    return found


async def _vectors(parts: Parts, lines: Sequence[Placed]) -> list[list[float]]:
    """The vectors of texts that are noise; none while the model does not answer, when only their words count."""
    texts = [line.text for line in only(lines, NoiseLine)]
    try:
        return await parts.embedder.embed_documents(texts)
    except EmbeddingFailed:
        return [[] for _ in texts]


async def _store(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    """Stores lines of one kind; the ids of those that were there already."""
    touched = {work.target.space_key}
    if isinstance(lines[0], RelationLine | ShareLine | RuleLine):
        touched = {target.space_key for target in work.names.targets.values()}
    await copying.lock_spaces(tx, touched)
    if await account_imports.get_owned_key(tx, work.names.tenant_id, work.target.id) != work.target.space_key:
        raise NotFound("no such space")
    quotas.obey(tx, work.principal, work.target.space_key)
    return await STORING[type(lines[0])](tx, work, lines)


async def _texts(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    """Memories or messages with their pieces and what leads from them."""
    known = await account_imports.list_known(tx, work.target.space_key, [row.key for row in work.texts])
    fresh = [row for row in work.texts if row.line.id not in known]
    if isinstance(lines[0], MessageLine):
        await account_imports.create_messages(tx, work.target.space_key, await _placed(tx, work, fresh))
    else:
        rows = [MemoryRow(row.text.properties, None) for row in fresh]
        await decisions.create_memories(tx, work.target.space_key, rows)
        await _links(tx, work, fresh)
    for row in fresh:
        if row.text.chunks:
            await memories.create_chunks(tx, row.memory, row.text.chunks)
    ratings: list[Row] = [
        {"id": row.memory.id, "agent_id": rating.agent_id, "properties": _properties(rating, "agent_id")}
        for row in fresh
        for rating in row.line.ratings
    ]
    await account_imports.create_ratings(tx, work.target.space_key, work.names.tenant_id, ratings)
    return known


async def _placed(tx: Transaction, work: Work, fresh: Sequence[TextRow]) -> list[Row]:
    """Messages at the places that they had, or behind what is in their conversations already."""
    space_key = work.target.space_key
    sessions = list({row.memory.session_id for row in fresh})
    places = await account_imports.list_places(tx, space_key, sessions)
    found: list[Row] = []
    for row, line in of_kind(fresh, MessageLine):
        position = max(line.position, places[line.session_id])
        places[line.session_id] = position + 1
        digest, _, version = line.document.rpartition("/")
        place = {"position": position, "dedup_key": dedup_key(space_key, line.session_id, position)}
        document = {"hash": digest, "version": int(version) if digest else 0}
        found.append({"properties": {**row.text.properties, **place}, **document})
    return found


async def _links(tx: Transaction, work: Work, fresh: Sequence[TextRow]) -> None:
    """What memories name, give values for and are taken from."""
    names, survey, space_key = work.names, work.survey, work.target.space_key
    mentions: list[Row] = []
    about: list[Row] = []
    said: list[Row] = []
    for row, line in of_kind(fresh, MemoryLine):
        for one in line.mentions:
            _, name, kind = survey.entities[one.entity]
            properties = present({"task": names.maybe(one.task), "created_at": one.created_at})
            mentions.append({"memory_id": row.memory.id, "norm_name": name, "type": kind, "properties": properties})
        for part in line.about:
            slot = slot_key(survey, part.slot)
            properties = present({"value": part.value, "task": names.maybe(part.task), "created_at": part.created_at})
            about.append({"memory_id": row.memory.id, **slot, "properties": properties})
        for source in line.evidence:
            changed = {"decision": names.maybe(source.decision), "task": names.maybe(source.task)}
            properties = present({**_properties(source, "message"), **changed})
            message_id = names.place(source.message)
            said.append({"memory_id": row.memory.id, "message_id": message_id, "properties": properties})
    await account_imports.create_mentions(tx, space_key, mentions)
    await account_imports.create_about(tx, space_key, about)
    await account_imports.create_evidence(tx, space_key, said)


def only(lines: Sequence[Placed], kind: type[AnyLine]) -> list[AnyLine]:
    """The lines of one kind, which are all of a batch."""
    return [line for line in lines if isinstance(line, kind)]


def of_kind(rows: Sequence[TextRow], kind: type[AnyLine]) -> list[tuple[TextRow, AnyLine]]:
    """Rows with their lines of one kind."""
    return [(row, row.line) for row in rows if isinstance(row.line, kind)]


def slot_key(survey: Survey, file_id: str) -> Row:
    """By what a slot is found."""
    _, subject, attribute, context = survey.slots[file_id]
    return {"subject": subject, "attribute": attribute, "context": context}


def _properties(line: msgspec.Struct, *left_out: str) -> Row:
    """The fields of a line as properties."""
    names = ("space", *left_out)
    return present({name: getattr(line, name) for name in line.__struct_fields__ if name not in names})


async def _sessions(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    rows: list[Row] = []
    for line in only(lines, SessionLine):
        properties = _properties(line, "id", "visibility", "owner_agent_id")
        rows.append({"id": line.id, "properties": {**properties, "visible_to": work.names.token(line)}})
    await account_imports.create_sessions(tx, work.target.space_key, work.names.tenant_id, rows)
    return {}


async def _imports(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    named = only(lines, ImportLine)
    known = await _known(tx, work, [line.id for line in named])
    rows = [import_row(work.names, line) for line in named if line.id not in known]
    await account_imports.create_imports(tx, work.target.space_key, rows)
    return known


async def _known(tx: Transaction, work: Work, file_ids: Sequence[str]) -> dict[str, str]:
    """Which of these are there already."""
    names = work.names
    rows: list[Row] = [
        {"file_id": file_id, "id": new_id(names.tenant_id, file_id), "current_key": None} for file_id in file_ids
    ]
    return await account_imports.list_known(tx, work.target.space_key, rows)


async def _entities(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    rows: list[Row] = []
    for line in only(lines, EntityLine):
        _, norm_name, kind = work.survey.entities[line.id]
        changed = {"id": work.names.place(line.id), "task": work.names.maybe(line.task)}
        properties = present({**_properties(line, "norm_name", "type"), **changed, "aliases": line.aliases})
        rows.append({"norm_name": norm_name, "type": kind, "properties": properties})
    await account_imports.create_entities(tx, work.target.space_key, rows)
    return {}


async def _slots(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    rows: list[Row] = []
    for line in only(lines, SlotLine):
        changed = {"id": work.names.place(line.id), "task": work.names.maybe(line.task)}
        properties = present({**_properties(line, "subject", "attribute", "context"), **changed})
        rows.append({**slot_key(work.survey, line.id), "properties": properties})
    await account_imports.create_slots(tx, work.target.space_key, rows)
    return {}


async def _same(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    names, rows = work.names, list[Row]()
    for line in only(lines, SameLine):
        properties = {
            "score": line.score,
            "decision": names.maybe(line.decision),
            "visible_to": names.token(line) if line.is_named else None,
            "task": names.maybe(line.task),
            "created_at": line.created_at,
        }
        ends = {field: list(work.survey.entities[getattr(line, field)][1:]) for field in ("entity", "other")}
        rows.append({**ends, "is_same": line.score is None, "properties": present(properties)})
    # One after the other: each looks at what the one before it did.
    for row in rows:
        await account_imports.create_same(tx, work.target.space_key, [row])
    return {}


async def _revisions(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    """What memories said before; of a memory that was there already that is known."""
    rows = [revision_row(work.names, line) for line in only(lines, RevisionLine) if line.memory not in work.names.kept]
    await account_imports.create_revisions(tx, work.target.space_key, rows)
    return {}


async def _decisions(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    named = only(lines, DecisionLine)
    known = await _known(tx, work, [line.id for line in named])
    fresh = [line for line in named if line.id not in known]
    space_key = work.target.space_key
    await decisions.create_many(tx, space_key, [decision_of(work.names, line) for line in fresh])
    merges: list[Row] = []
    for line in fresh:
        if line.merged is not None:
            _, name, kind = work.survey.entities[line.merged]
            merges.append({"id": work.names.place(line.id), "norm_name": name, "type": kind})
    await account_imports.create_merges(tx, space_key, merges)
    await account_imports.update_rev(tx, space_key, max((line.rev for line in fresh), default=0))
    return known


async def _relations(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    rows = [relation_row(work.names, line) for line in only(lines, RelationLine)]
    await account_imports.create_relations(tx, _keys(work), rows)
    return {}


def _keys(work: Work) -> list[str]:
    return [target.space_key for target in work.names.targets.values()]


async def _shares(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    rows = [share_row(work.names, line) for line in only(lines, ShareLine)]
    await account_imports.create_shares(tx, work.target.space_key, _keys(work), rows)
    return {}


async def _noise(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    named = only(lines, NoiseLine)
    for line, vector in zip(named, work.vectors, strict=True):
        example = NoiseExample(
            id=work.names.place(line.id),
            space_id=work.target.id,
            space_key=work.target.space_key,
            visible_to=work.names.token(line),
            text=line.text,
            text_hash=text_hash(line.text),
            embedding=vector,
            model=work.model if vector else "",
            source=line.source,
            memory_ids=work.names.all(line.memory_ids),
            hits=line.hits,
            created_at=to_utc(line.created_at),
            last_hit_at=to_utc(line.last_hit_at) if line.last_hit_at else None,
        )
        await noise_examples.create(tx, example)
    return {}


async def _rules(tx: Transaction, work: Work, lines: Sequence[Placed]) -> dict[str, str]:
    """Rules of the importer; one for two spaces of the file that are one here is left out."""
    named = only(lines, RuleLine)
    known = await _known(tx, work, [line.id for line in named])
    for line in named:
        source = work.names.targets[line.source_space]
        if line.id not in known and source.space_key != work.target.space_key:
            rule = Rule(
                id=work.names.place(line.id),
                source_space=source.id,
                categories=[str(category) for category in line.categories],
                tags=line.tags,
                min_importance=line.min_importance,
                require_approval=line.require_approval,
                created_by=work.names.tenant_id,
                created_at=to_utc(line.created_at),
            )
            await sharing_rules.create(tx, rule, source.space_key, work.target.space_key)
    return known


# What stores each kind of line.
STORING: dict[type[Line], Callable[[Transaction, Work, Sequence[Placed]], Awaitable[dict[str, str]]]] = {
    SessionLine: _sessions,
    ImportLine: _imports,
    MessageLine: _texts,
    EntityLine: _entities,
    SlotLine: _slots,
    SameLine: _same,
    MemoryLine: _texts,
    RevisionLine: _revisions,
    DecisionLine: _decisions,
    RelationLine: _relations,
    ShareLine: _shares,
    NoiseLine: _noise,
    RuleLine: _rules,
}
