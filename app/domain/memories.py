"""What is remembered: the stored memory, the requests that make and change it, and its form on the wire."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.errors import Invalid, TooLong
from app.domain.principal import filter_token
from app.domain.provenance import Provenance, Shared, StaleInfo, stale_info
from app.domain.texts import SafeText, first_sentences, normalised

OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
# The largest text of one memory or message in characters; longer things are files (contract, appendix A: 413).
MAX_CONTENT_CHARS = 100_000
# What the hook of omem for Claude Code shows of a memory when a session begins.
ABSTRACT_CHARS = 200
MAX_TAGS = 100
MAX_NAME_CHARS = 256


class Category(StrEnum):
    """What a memory is about."""

    PROFILE = "profile"
    PREFERENCES = "preferences"
    ENTITIES = "entities"
    EVENTS = "events"
    CASES = "cases"
    PATTERNS = "patterns"


class MemoryType(StrEnum):
    """Pinned is protected from being replaced, insight is a fact, session is a message."""

    PINNED = "pinned"
    INSIGHT = "insight"
    SESSION = "session"


class State(StrEnum):
    """What decides visibility; nothing else does (architecture §4)."""

    ACTIVE = "active"
    HELD = "held"
    EVIDENCE = "evidence"
    SUPERSEDED = "superseded"
    MERGED = "merged"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    RETRACTED = "retracted"
    DELETED = "deleted"


WIRE_STATES = {
    State.ACTIVE: "active",
    State.HELD: "archived",
    State.EVIDENCE: "archived",
    State.SUPERSEDED: "superseded",
    State.MERGED: "superseded",
    State.EXPIRED: "archived",
    State.ARCHIVED: "archived",
    State.RETRACTED: "deleted",
    State.DELETED: "deleted",
}
LISTED_STATES = [State.ACTIVE, State.EXPIRED, State.ARCHIVED]
PAST_STATES = [State.SUPERSEDED, State.MERGED]
# What a caller may set; the other states are results of decisions.
SETTABLE_STATES = {"active": State.ACTIVE, "archived": State.ARCHIVED, "deleted": State.DELETED}


class Tier(StrEnum):
    """How much a memory is used."""

    CORE = "core"
    WORKING = "working"
    PERIPHERAL = "peripheral"


class RelationMark(msgspec.Struct, frozen=True):
    """A relation as it stands inside a memory on the wire."""

    relation_type: str
    target_id: str
    context_label: str | None


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """A Memory or Episode node as stored, without its embedding; `''` stands for none in what search filters by."""

    id: str
    content: str
    kind: str = "memory"
    l0_abstract: str = ""
    l1_overview: str = ""
    category: Category
    memory_type: MemoryType
    state: State = State.ACTIVE
    # What feedback took it out of, and will put it back into; only there while it is retracted by feedback.
    state_before: State | None = None
    tier: Tier = Tier.PERIPHERAL
    importance: float = 0.5
    confidence: float = 0.5
    base_confidence: float = 0.5
    access_count: int = 0
    # Distinct days of use, each worth less the longer before `last_accessed_at` (see `activation.py`).
    uses: float = 0.0
    repeat_count: int = 0
    tags: list[str] = []
    scope: str = "global"
    agent_id: str = ""
    session_id: str = ""
    tenant_id: str
    source: str = ""
    superseded_by: str | None = None
    relations: list[RelationMark] = []
    space_id: str
    space_key: str
    visibility: str = "global"
    visible_to: str
    owner_agent_id: str = ""
    version: int = 1
    rev: int = 1
    valid_from: datetime
    valid_to: datetime = OPEN_END
    recorded_at: datetime
    retired_at: datetime = OPEN_END
    created_at: datetime
    updated_at: datetime
    last_accessed_at: datetime | None = None
    facets: str = ""
    text_hash: str
    role: str = ""
    speaker: str = ""
    # What a fact says of whom; '' until ingest has read it.
    subject: str = ""
    attribute: str = ""
    value: str = ""
    context: str = ""
    modality: str = "fact"
    # The messages it was made from, so that search shows a fact and its message once.
    evidence_ids: list[str] = []
    # Of a copy: whose share it is, and what became of its origin. Nothing for all others.
    shared: Shared | None = None
    # Whether there may be something that contradicts it.
    is_disputed: bool = False

    @property
    def is_message(self) -> bool:
        """Whether this is something said (an Episode), which is never edited."""
        return self.kind == "message"


class MemoryView(msgspec.Struct, frozen=True, kw_only=True):
    """The 29 fields of a memory on the wire, in the contract's order (section 2.1)."""

    id: str
    content: str
    l0_abstract: str
    l1_overview: str
    l2_content: str
    category: Category
    memory_type: MemoryType
    state: str
    tier: Tier
    importance: float
    confidence: float
    access_count: int
    tags: list[str]
    scope: str
    agent_id: str | None
    session_id: str | None
    tenant_id: str
    source: str | None
    relations: list[RelationMark]
    superseded_by: str | None
    invalidated_at: str | None
    created_at: str
    updated_at: str
    last_accessed_at: str | None
    space_id: str
    visibility: str
    owner_agent_id: str
    provenance: Provenance | None
    version: int | None


class CheckedMemory(MemoryView, frozen=True, kw_only=True, omit_defaults=True):
    """A memory and, of a copy, whether it still says what its origin says; without the key unless it was asked for."""

    stale_info: StaleInfo | msgspec.UnsetType = msgspec.UNSET


class CreatedMemory(MemoryView, frozen=True, kw_only=True):
    """A memory and the task that relates it to what is known; null when the text was known already."""

    task_id: str | None


ShortText = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]
Unit = Annotated[float, Meta(ge=0, le=1)]
Instant = Annotated[datetime, Meta(tz=True)]


class NewMemory(msgspec.Struct, frozen=True, kw_only=True):
    """A text to remember as it is (contract 5.1 and the fields this project adds)."""

    content: str | None = None
    tags: list[str] | None = None
    source: ShortText | None = None
    category: str | None = None
    memory_type: str | None = None
    importance: Unit | None = None
    space: str | None = None
    visibility: str | None = None
    valid_from: Instant | None = None
    valid_to: Instant | None = None
    replaces: Annotated[list[str], Meta(max_length=100)] | None = None


class MemoryChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an update may set; an absent field stays as it is."""

    content: str | None = None
    tags: list[str] | None = None
    state: str | None = None
    category: str | None = None
    memory_type: str | None = None
    importance: Unit | None = None


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """What a memory said before an edit."""

    version: int
    content: str
    tags: list[str]
    category: str
    memory_type: str
    state: str
    importance: float
    edited_at: datetime
    edited_by: str


class RevisionView(msgspec.Struct, frozen=True, kw_only=True):
    """A revision on the wire."""

    version: int
    content: str
    tags: list[str]
    category: str
    memory_type: str
    state: str
    importance: float
    edited_at: str
    edited_by: str


class RevisionList(msgspec.Struct, frozen=True):
    """What a memory said before each edit, newest first."""

    revisions: list[RevisionView]


def revision_view(revision: Revision) -> RevisionView:
    """The wire form of a revision."""
    fields = {**msgspec.structs.asdict(revision), "edited_at": timestamp(revision.edited_at)}
    return msgspec.convert(fields, RevisionView)


def view(memory: Memory) -> MemoryView:
    """The wire form of a memory; here '' becomes null where the contract has null."""
    was_replaced = memory.state in PAST_STATES
    return MemoryView(
        id=memory.id,
        content=memory.content,
        l0_abstract=memory.l0_abstract,
        l1_overview=memory.l1_overview,
        l2_content=memory.content,
        category=memory.category,
        memory_type=memory.memory_type,
        state=WIRE_STATES[memory.state],
        tier=memory.tier,
        importance=memory.importance,
        confidence=memory.confidence,
        access_count=memory.access_count,
        tags=memory.tags,
        scope=memory.scope,
        agent_id=memory.agent_id or None,
        session_id=memory.session_id or None,
        tenant_id=memory.tenant_id,
        source=memory.source or None,
        relations=memory.relations,
        superseded_by=memory.superseded_by,
        invalidated_at=timestamp(memory.valid_to) if was_replaced else None,
        created_at=timestamp(memory.created_at),
        updated_at=timestamp(memory.updated_at),
        last_accessed_at=timestamp(memory.last_accessed_at) if memory.last_accessed_at else None,
        space_id=memory.space_id,
        visibility=memory.visibility,
        owner_agent_id=memory.owner_agent_id,
        provenance=_provenance(memory.shared),
        version=memory.version,
    )


def _provenance(shared: Shared | None) -> Provenance | None:
    if shared is None:
        return None
    return Provenance(
        shared_from_space=shared.space_id,
        shared_from_memory=shared.memory_id,
        shared_by_user=shared.by,
        shared_by_agent=shared.agent,
        shared_at=timestamp(shared.at),
        original_created_at=timestamp(shared.created_at),
        source_version=shared.source_version,
        note=shared.note or None,
        rule_id=shared.rule or None,
        mode=shared.mode,
    )


def checked_view(memory: Memory) -> MemoryView:
    """The wire form of a memory that says of a copy whether it is stale."""
    plain = view(memory)
    if memory.shared is None:
        return plain
    return CheckedMemory(**msgspec.structs.asdict(plain), stale_info=stale_info(memory.shared))


def created_view(memory: Memory, task_id: str | None) -> CreatedMemory:
    """The answer to a store."""
    return CreatedMemory(**msgspec.structs.asdict(view(memory)), task_id=task_id)


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC, from BEGINNING to OPEN_END.

    To Neo4j equal moments with different offsets are different, and not every moment at the ends exists in UTC.
    """
    return min(max(moment, BEGINNING), OPEN_END).astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with six digits and `+00:00`, as the contract's clients can read it (1.5)."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def facets(memory: Memory) -> str:
    """What the text index filters by besides space, state and visibility: one token a value (architecture §2)."""
    values = {
        "kind": memory.kind,
        "type": memory.memory_type,
        "category": memory.category,
        "source": memory.source,
        "agent": memory.agent_id,
        "session": memory.session_id,
    }
    tokens = [filter_token(prefix, value) for prefix, value in values.items() if value]
    return " ".join([*tokens, *(filter_token("tag", tag) for tag in memory.tags)])


def text_hash(text: str) -> str:
    """The hash under which equal texts meet: of the normalised text, so case and spacing do not matter."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()


def current_key(memory: Memory) -> str:
    """Unique among current memories: one text of one agent for one audience in one space."""
    parts = [memory.space_key, memory.visible_to, memory.tenant_id, memory.agent_id, memory.text_hash]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def abstract_of(content: SafeText) -> str:
    """The one-line layer when nobody wrote one: all of a short text, since hooks show nothing else of a memory."""
    return first_sentences(content, ABSTRACT_CHARS)


def check_content(content: str) -> None:
    """Raises Invalid for an empty text and TooLong for one that is no memory but a document."""
    if not content:
        raise Invalid("content must not be empty")
    if len(content) > MAX_CONTENT_CHARS:
        raise TooLong(
            f"content has {len(content)} characters, at most {MAX_CONTENT_CHARS} are accepted",
            "split the text, or send it as a file",
        )


def check_tags(tags: list[str]) -> list[str]:
    """Tags without duplicates and outer blanks, in the given order. Raises Invalid for too many or too long ones."""
    cleaned = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(cleaned) > MAX_TAGS:
        raise Invalid(f"tags has {len(cleaned)} entries, at most {MAX_TAGS} are accepted")
    if any(len(tag) > MAX_NAME_CHARS for tag in cleaned):
        raise Invalid(f"tags has an entry of more than {MAX_NAME_CHARS} characters")
    return cleaned


def parse_choice(field: str, value: str | None, choices: type[StrEnum], default: str) -> str:
    """An enum value in any case, or the default. Raises Invalid, which names the field and its values."""
    if value is None:
        return default
    if value.lower() not in list(choices):
        raise Invalid(f"{field} must be one of {', '.join(choices)}, not {value!r}")
    return value.lower()
