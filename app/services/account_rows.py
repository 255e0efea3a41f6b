"""Makes of the lines of an export what is stored of them, under other ids and without what a space keeps out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar, cast

import msgspec

from app.domain.account_lines import (
    AboutPart,
    DecisionLine,
    ForAgents,
    ImportLine,
    Line,
    MemoryLine,
    MessageLine,
    RelationLine,
    RevisionLine,
    ShareLine,
    TextLine,
)
from app.domain.account_reading import new_id
from app.domain.decisions import StoredDecision
from app.domain.memories import Memory, State, facets, text_hash, to_utc
from app.domain.messages import message_hash
from app.domain.principal import ALL_AGENTS, agent_token, group_token
from app.domain.sharing import share_key
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from app.services import embedding
from app.services.embedding import StoredText
from app.storage import memories
from ingest.redaction import redact, redact_id

Row = dict[str, object]
AnyLine = TypeVar("AnyLine", bound=Line)

# What people wrote, and what clients call things.
WORDS = frozenset(
    [
        "content",
        "l0_abstract",
        "l1_overview",
        "text",
        "reason",
        "label",
        "note",
        "value",
        "subject",
        "attribute",
        "context",
        "heading_path",
        "symbol",
        "name",
        "norm_name",
        "aliases",
        "speaker",
        "errors",
        "filename",
        "tags",
    ]
)
NAMES = frozenset(("session_id", "agent_id", "owner_agent_id", "source", "agent", "role", "scope"))
# What is written once for two memories, from the one with the lower id.
SYMMETRIC = ("contradicts", "similar_to", "judged")
OTHER_SIDE = {"keep_left": "keep_right", "keep_right": "keep_left"}
PLAIN_EDGES = ("similar_to", "judged")


class Target(msgspec.Struct, frozen=True):
    """The space into which one of the file goes, and the task that makes its vectors."""

    id: str
    space_key: str
    policy: SecretPolicy
    task_id: str


class Names(msgspec.Struct, frozen=True):
    """Who imports whose file, and where its spaces and what was there already are here."""

    tenant_id: str
    user_id: str
    targets: dict[str, Target]
    # What was there before has the id that it had; everything else one made from that in the file.
    kept: dict[str, str]

    def place(self, file_id: str) -> str:
        """The id here of something in the file."""
        return self.kept.get(file_id) or new_id(self.tenant_id, file_id)

    def maybe(self, file_id: str | None) -> str | None:
        """The same for an id that may be absent."""
        return self.place(file_id) if file_id else file_id

    def all(self, file_ids: list[str]) -> list[str]:
        """The same for a list."""
        return [self.place(file_id) for file_id in file_ids]

    def author(self, given: str | None) -> str | None:
        """Who wrote something, if not the account itself; a claim of the file, kept beside the account's own name."""
        return given if given not in (self.user_id, self.tenant_id) else None

    def token(self, line: ForAgents) -> str:
        """The token of an audience for agents and groups of the account."""
        words, _, group = line.visibility.partition(":")
        if words == "shared":
            return group_token(self.tenant_id, group)
        return ALL_AGENTS if words == "global" else agent_token(self.tenant_id, line.owner_agent_id)


class TextRow(msgspec.Struct, frozen=True):
    """A memory or message to store: its line, its properties, its pieces."""

    line: TextLine
    memory: Memory
    text: StoredText

    @property
    def key(self) -> Row:
        """By what it is found if it is there already."""
        current = self.text.properties.get("current_key")
        return {"file_id": self.line.id, "id": self.memory.id, "current_key": current}


def present(properties: Mapping[str, object]) -> Row:
    """Properties without absent ones, plain strings for enums, times in UTC."""
    return {name: plain(value) for name, value in properties.items() if value is not None}


def plain(value: object) -> object:
    """A value as a property holds it."""
    if isinstance(value, datetime):
        return to_utc(value)
    if isinstance(value, list):
        return [plain(item) for item in cast("list[object]", value)]
    return str(value) if isinstance(value, str) else value


def cleaned(line: AnyLine, policy: SecretPolicy) -> AnyLine:
    """A line as the space lets it in. Raises Invalid, which names the field, where secrets are refused."""
    changes: Row = {}
    for name in line.__struct_fields__:
        value = getattr(line, name)
        if name in WORDS and value:
            changes[name] = _each(value, lambda text, field=name: redact(text, policy, field))
        elif name in NAMES and value:
            changes[name] = _each(value, lambda text, field=name: redact_id(text, policy, field))
    if isinstance(line, MemoryLine) and line.about:
        changes["about"] = [_about(part, policy) for part in line.about]
    if isinstance(line, DecisionLine) and line.fact_json:
        changes["fact_json"] = _json(line.fact_json, lambda text: redact(text, policy, "fact_json"))
    return msgspec.structs.replace(line, **changes)


def _about(part: AboutPart, policy: SecretPolicy) -> AboutPart:
    return msgspec.structs.replace(part, value=redact(part.value, policy, "value"))


def _each(value: object, change: Callable[[str], str]) -> object:
    """A text, or each text of a list, changed."""
    if isinstance(value, list):
        return [change(text) for text in cast("list[str]", value)]
    return change(str(value))


def _json(text: str, change: Callable[[str], str]) -> str:
    """A JSON text with each string in it changed."""
    return msgspec.json.encode(_walk(msgspec.json.decode(text), change)).decode()


def _walk(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return {name: _walk(item, change) for name, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_walk(item, change) for item in cast("list[object]", value)]
    return change(value) if isinstance(value, str) else value


def text_row(names: Names, line: TextLine) -> TextRow:
    """A memory or message as it is stored, waiting for its vector."""
    target = names.targets[line.space]
    shared = set(Memory.__struct_fields__) & set(TextLine.__struct_fields__)
    fields = {name: getattr(line, name) for name in shared}
    fields |= {name: to_utc(value) for name, value in fields.items() if isinstance(value, datetime)}
    fields |= {
        "id": names.place(line.id),
        "kind": "message" if isinstance(line, MessageLine) else "memory",
        "tenant_id": names.tenant_id,
        "space_id": target.id,
        "space_key": target.space_key,
        "visible_to": names.token(line),
        "text_hash": text_hash(line.content),
        "evidence_ids": names.all(line.evidence_ids),
    }
    memory = Memory(**fields)
    memory = msgspec.structs.replace(memory, facets=facets(memory))
    text = _waiting(memory, target.task_id)
    common: Row = {"author_id": names.author(line.author_id), "last_confirmed_at": line.last_confirmed_at}
    common["outdated"] = line.outdated or None
    more = _message(line, target) if isinstance(line, MessageLine) else _memory(names, cast("MemoryLine", line))
    properties = {**text.properties, **present({**common, **more})}
    return TextRow(line, memory, msgspec.structs.replace(text, properties=properties))


def _waiting(memory: Memory, task_id: str) -> StoredText:
    """What is deleted is searched by nobody, so it gets no vector."""
    if memory.state is State.DELETED:
        return StoredText(properties=memories.properties(memory), embedding=None, chunks=[], missing=0)
    return embedding.waiting(memory, task_id)


def _memory(names: Names, line: MemoryLine) -> Row:
    return {
        "needs_review": line.needs_review or None,
        "centrality": line.centrality,
        "compared_hash": line.compared_hash or None,
        "consolidated_hash": line.consolidated_hash or None,
        "derived_key": names.maybe(line.derived_key),
        "review_at": line.review_at,
        "tier_at": line.tier_at,
    }


def _message(line: MessageLine, target: Target) -> Row:
    return {
        "seq": line.seq,
        "hash": message_hash(line.role, SafeText(line.content)),
        "ingest_task": target.task_id if line.is_unread else None,
        "heading_path": line.heading_path or None,
        "line_start": line.line_start,
        "line_end": line.line_end,
        "page": line.page,
        "symbol": line.symbol or None,
        "as_fact": line.as_fact or None,
    }


def import_row(names: Names, line: ImportLine) -> Row:
    """An import with what its document needs."""
    target = names.targets[line.space]
    left_out = ("space", "continues")
    fields = {name: getattr(line, name) for name in line.__struct_fields__ if name not in left_out}
    task_ids = names.all(line.task_ids)
    properties = {
        **fields,
        "id": names.place(line.id),
        "task_ids": task_ids,
        "task_id": task_ids[-1] if task_ids else "",
        "tenant_id": names.tenant_id,
        "space_id": target.id,
        "space_key": target.space_key,
    }
    continues = [present(msgspec.structs.asdict(part)) for part in line.continues]
    return {"properties": present(properties), "continues": [{**CONTINUED, **part} for part in continues]}


# Every part of a list names the same fields.
CONTINUED: Row = {"last_seq": None, "updated_at": None}


def revision_row(names: Names, line: RevisionLine) -> Row:
    """What a memory said before."""
    fields = {name: getattr(line, name) for name in line.__struct_fields__ if name not in ("space", "memory")}
    properties = {**fields, "edited_by": names.tenant_id, "author_id": names.author(line.author_id)}
    return {"memory_id": names.place(line.memory), "version": line.version, "properties": present(properties)}


def decision_of(names: Names, line: DecisionLine) -> StoredDecision:
    """A decision with the ids of what it is about as they are here."""
    shared = set(StoredDecision.__struct_fields__) & set(DecisionLine.__struct_fields__)
    fields = {name: getattr(line, name) for name in shared}
    before = [
        msgspec.structs.replace(one, id=names.place(one.id), valid_to=to_utc(one.valid_to)) for one in line.before
    ]
    fields |= {
        "id": names.place(line.id),
        "task_id": names.place(line.task_id),
        "space_key": names.targets[line.space].space_key,
        "tenant_id": names.tenant_id,
        "visible_to": names.token(line),
        "memory_id": names.maybe(line.memory_id),
        "target_id": names.maybe(line.target_id),
        "created": names.all(line.created),
        "repeats": names.all(line.repeats),
        "evidence": names.all(line.evidence),
        "before": before,
        "fact_json": _quotes(names, line) if line.fact_json else "",
        "created_at": to_utc(line.created_at),
        "undone_at": to_utc(line.undone_at) if line.undone_at else None,
    }
    return StoredDecision(**fields)


def _quotes(names: Names, line: DecisionLine) -> str:
    """The fact of a decision with the messages that it quotes under their ids here."""
    known = set(line.evidence)
    return _json(line.fact_json, lambda text: names.place(text) if text in known else text)


def relation_row(names: Names, line: RelationLine) -> Row:
    """A relation; one that is stored once for both begins at the lower id of now."""
    source, target = names.place(line.source), names.place(line.target)
    is_turned = line.type in SYMMETRIC and source > target
    hashes, half = line.hashes, len(line.hashes or "") // 2
    properties = {
        "id": names.maybe(line.id),
        "label": line.label,
        "weight": line.weight,
        "method": line.method,
        "cosine": line.cosine,
        "hashes": hashes[half:] + hashes[:half] if hashes and is_turned else hashes,
        "text_hash": line.text_hash,
        "resolved_by": names.maybe(line.resolved_by),
        "resolution": OTHER_SIDE.get(line.resolution or "", line.resolution) if is_turned else line.resolution,
        "decision": names.maybe(line.decision),
        "task": names.maybe(line.task),
        "created_at": line.created_at,
        "space_key": None if line.type in PLAIN_EDGES else names.targets[line.space].space_key,
    }
    ends = (target, source) if is_turned else (source, target)
    return {"type": line.type.upper(), "source": ends[0], "target": ends[1], "properties": present(properties)}


def share_row(names: Names, line: ShareLine) -> Row:
    """Where a copy comes from."""
    origin = names.place(line.origin)
    key = share_key(origin, names.targets[line.space].space_key, names.token(line))
    origin_target = names.targets.get(line.origin_space)
    properties = {
        "by": names.tenant_id,
        "author_id": names.author(line.author_id),
        "agent": line.agent,
        "at": line.at,
        "note": line.note,
        "rule": names.place(line.rule) if line.rule else "",
        "mode": line.mode,
        "source_version": line.source_version,
    }
    return {
        "copy": names.place(line.copy),
        "origin": origin,
        "root": names.place(line.root),
        "share_key": key if line.is_kept else None,
        "origin_space": origin_target.id if origin_target else line.origin_space,
        "origin_created_at": to_utc(line.origin_created_at),
        "properties": present(properties),
    }
