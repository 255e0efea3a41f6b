"""The lines of an export of all that an account owns (`docs/export.md`): what each may hold, and what it may not."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.domain.decisions import Action, Before
from app.domain.facts import Cardinality, Modality
from app.domain.feedback import Verdict
from app.domain.imports import FileType, Strategy
from app.domain.memories import (
    MAX_CONTENT_CHARS,
    MAX_TAGS,
    OPEN_END,
    Category,
    Instant,
    MemoryType,
    ShortText,
    State,
    Tier,
    Unit,
)
from app.domain.principal import Role
from app.domain.provenance import ShareMode
from app.domain.sharing import MAX_NOTE_CHARS
from app.domain.space_settings import MAX_TOKENS_A_DAY, Preset, SecretPolicy
from app.domain.spaces import MAX_MEMBERS_PER_ORGANIZATION, SpaceKind

# More than a memory of 100,000 escaped characters beside a long abstract needs.
MAX_LINE_BYTES = 4 * 1024 * 1024
# What one memory or decision may name; the largest of real graphs have some hundred.
MAX_NAMED = 10_000

Id = Annotated[str, Meta(min_length=1, max_length=256)]
Text = Annotated[str, Meta(max_length=MAX_CONTENT_CHARS)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Size = Annotated[float, Meta(ge=-1e9, le=1e9)]
Tags = Annotated[list[ShortText], Meta(max_length=MAX_TAGS)]
Ids = Annotated[list[Id], Meta(max_length=MAX_NAMED)]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something inside a line."""


class Line(Part, frozen=True, kw_only=True, tag_field="kind"):
    """A line; its `kind` says what it is."""


class HeaderLine(Line, frozen=True, kw_only=True, tag="export"):
    """The first line: of which account, and when."""

    version: Literal[2]
    id: Id
    user_id: Id
    created_at: Instant


class GroupLine(Line, frozen=True, kw_only=True, tag="group"):
    """An agent group."""

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    agents: Annotated[list[ShortText], Meta(max_length=1_000)] = []


class MemberPart(Part, frozen=True, kw_only=True):
    """Somebody in a space."""

    user_id: Id
    role: Role
    joined_at: Instant


class SpaceLine(Line, frozen=True, kw_only=True, tag="space"):
    """A space with its members and what was set in it."""

    id: Id
    space_type: SpaceKind
    name: ShortText
    members: Annotated[list[MemberPart], Meta(max_length=MAX_MEMBERS_PER_ORGANIZATION)] = []
    admission: Preset | None = None
    secrets: SecretPolicy | None = None
    llm_tokens_a_day: Annotated[int, Meta(ge=0, le=MAX_TOKENS_A_DAY)] | None = None
    created_at: Instant
    updated_at: Instant


class Placed(Line, frozen=True, kw_only=True):
    """What lies in a space of the file."""

    space: Id


class ForAgents(Placed, frozen=True, kw_only=True):
    """What some agents may see: all, the one it is private to, those of a group."""

    visibility: ShortText = "global"
    owner_agent_id: ShortText = ""


class SessionLine(ForAgents, frozen=True, kw_only=True, tag="session"):
    """A conversation."""

    id: Id
    agent_id: ShortText = ""
    source: ShortText = ""
    last_seq: Count | None = None
    created_at: Instant
    updated_at: Instant


class ContinuedPart(Part, frozen=True, kw_only=True):
    """How a conversation stood before an import went on with it."""

    session_id: Id
    next_position: Count
    last_seq: Count | None = None
    updated_at: Instant | None = None


class ImportLine(Placed, frozen=True, kw_only=True, tag="import"):
    """A file that was imported; its messages name it by hash and version."""

    id: Id
    task_ids: Ids = []
    agent_id: ShortText = ""
    session_id: ShortText = ""
    filename: ShortText = ""
    file_type: FileType
    strategy: Strategy
    post_process: bool
    format: ShortText
    hash: Id
    version: Annotated[int, Meta(ge=1, le=10**6)]
    storage_total: Count = 0
    storage_stored: Count = 0
    storage_skipped: Count = 0
    errors: Annotated[list[Text], Meta(max_length=MAX_NAMED)] = []
    continues: Annotated[list[ContinuedPart], Meta(max_length=MAX_NAMED)] = []
    created_at: Instant
    rolled_back_at: Instant | None = None


class RatingPart(Part, frozen=True, kw_only=True):
    """What an agent of the account said of a memory or message."""

    agent_id: ShortText = ""
    verdict: Verdict
    has_raised: bool = False
    created_at: Instant
    updated_at: Instant


class TextLine(ForAgents, frozen=True, kw_only=True):
    """What memories and messages have in common; `author_id` is who wrote it, if not the account itself."""

    id: Id
    content: Text
    l0_abstract: Text = ""
    l1_overview: Text = ""
    category: Category
    memory_type: MemoryType
    state: State = State.ACTIVE
    state_before: State | None = None
    tier: Tier = Tier.PERIPHERAL
    importance: Unit = 0.5
    confidence: Unit = 0.5
    base_confidence: Unit = 0.5
    access_count: Count = 0
    uses: Size = 0.0
    repeat_count: Count = 0
    tags: Tags = []
    scope: ShortText = "global"
    agent_id: ShortText = ""
    session_id: ShortText = ""
    source: ShortText = ""
    author_id: Id | None = None
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)] = 1
    rev: Annotated[int, Meta(ge=1, le=2**53 - 1)] = 1
    valid_from: Instant
    valid_to: Instant = OPEN_END
    recorded_at: Instant
    retired_at: Instant = OPEN_END
    created_at: Instant
    updated_at: Instant
    last_accessed_at: Instant | None = None
    last_confirmed_at: Instant | None = None
    role: ShortText = ""
    speaker: Text = ""
    subject: Text = ""
    attribute: Text = ""
    value: Text = ""
    context: Text = ""
    modality: Modality = Modality.FACT
    evidence_ids: Ids = []
    outdated: bool = False
    ratings: Annotated[list[RatingPart], Meta(max_length=MAX_NAMED)] = []


class MessageLine(TextLine, frozen=True, kw_only=True, tag="message"):
    """Something said; `document` is hash and version of the file it is part of, `is_unread`: no fact was made of it."""

    position: Count
    seq: Count | None = None
    is_unread: bool = False
    document: ShortText = ""
    heading_path: Text = ""
    line_start: Count | None = None
    line_end: Count | None = None
    page: Count | None = None
    symbol: Text = ""
    as_fact: bool = False


class MentionPart(Part, frozen=True, kw_only=True):
    """An entity that a memory names."""

    entity: Id
    task: Id | None = None
    created_at: Instant | None = None


class AboutPart(Part, frozen=True, kw_only=True):
    """A slot that a memory gives a value for."""

    slot: Id
    value: Text = ""
    task: Id | None = None
    created_at: Instant | None = None


class EvidencePart(Part, frozen=True, kw_only=True):
    """The part of a message that states a memory."""

    message: Id
    start: Count | None = None
    end: Count | None = None
    kind: ShortText = "first"
    decision: Id | None = None
    task: Id | None = None
    created_at: Instant | None = None


class MemoryLine(TextLine, frozen=True, kw_only=True, tag="memory"):
    """A fact, with what it names, what it gives a value for and which messages state it."""

    is_current: bool = False
    needs_review: bool = False
    centrality: Unit | None = None
    compared_hash: ShortText = ""
    consolidated_hash: ShortText = ""
    # The slot or community that a derived memory stands for.
    derived_key: Id | None = None
    review_at: Instant | None = None
    tier_at: Instant | None = None
    mentions: Annotated[list[MentionPart], Meta(max_length=MAX_NAMED)] = []
    about: Annotated[list[AboutPart], Meta(max_length=MAX_NAMED)] = []
    evidence: Annotated[list[EvidencePart], Meta(max_length=MAX_NAMED)] = []


class RevisionLine(Placed, frozen=True, kw_only=True, tag="revision"):
    """What a memory said before an edit."""

    memory: Id
    version: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    content: Text
    tags: Tags = []
    category: Category
    memory_type: MemoryType
    state: State
    importance: Unit
    edited_at: Instant
    author_id: Id | None = None


class EntityLine(Placed, frozen=True, kw_only=True, tag="entity"):
    """Something that memories name."""

    id: Id
    name: Text
    norm_name: Annotated[str, Meta(min_length=1, max_length=MAX_CONTENT_CHARS)]
    type: Id
    aliases: Annotated[list[Text], Meta(max_length=MAX_NAMED)] = []
    centrality: Unit | None = None
    task: Id | None = None
    created_at: Instant | None = None


class SameLine(ForAgents, frozen=True, kw_only=True, tag="same"):
    """That one entity is another name of a second one, or with a `score` that it may be."""

    entity: Id
    other: Id
    score: Unit | None = None
    decision: Id | None = None
    is_named: bool = False
    task: Id | None = None
    created_at: Instant | None = None


class SlotLine(Placed, frozen=True, kw_only=True, tag="slot"):
    """What memories give values for."""

    id: Id
    subject: Text
    attribute: Text
    context: Text = ""
    cardinality: Cardinality
    task: Id | None = None
    created_at: Instant | None = None


class DecisionLine(ForAgents, frozen=True, kw_only=True, tag="decision"):
    """What was decided about a fact, and what it takes to undo it; `merged` is the entity that it gave another name."""

    id: Id
    task_id: Id
    rev: Annotated[int, Meta(ge=0, le=10**12)]
    fact: Annotated[int, Meta(ge=-(2**31), le=2**31)]
    action: Action
    requested_action: Action
    text: Text = ""
    category: ShortText = ""
    memory_id: ShortText = ""
    target_id: ShortText = ""
    reason: Text = ""
    label: Text = ""
    method: ShortText = "rule"
    scores: Annotated[dict[ShortText, Size], Meta(max_length=1_000)] = {}
    created: Ids = []
    before: Annotated[list[Before], Meta(max_length=MAX_NAMED)] = []
    repeats: Ids = []
    evidence: Ids = []
    fact_json: Annotated[str, Meta(max_length=4 * MAX_CONTENT_CHARS)] = ""
    is_discovered: bool = False
    merged: Id | None = None
    created_at: Instant
    undone_at: Instant | None = None


class RelationLine(Placed, frozen=True, kw_only=True, tag="relation"):
    """A relation between two memories; `judged` says that the two were compared."""

    type: Literal[
        "supports",
        "contradicts",
        "supersedes",
        "contextualizes",
        "merged_from",
        "derived_from",
        "similar_to",
        "judged",
    ]
    source: Id
    target: Id
    id: Id | None = None
    label: Text | None = None
    weight: Size | None = None
    method: ShortText | None = None
    cosine: Size | None = None
    hashes: ShortText | None = None
    text_hash: ShortText | None = None
    resolved_by: Id | None = None
    resolution: ShortText | None = None
    decision: Id | None = None
    task: Id | None = None
    created_at: Instant | None = None


class ShareLine(ForAgents, frozen=True, kw_only=True, tag="share"):
    """Where a copy comes from: by whom, when, from which version; `root` is the end of a chain of copies."""

    copy: Id
    origin: Id
    root: Id
    origin_space: ShortText
    origin_created_at: Instant
    is_kept: bool = False
    author_id: Id | None = None
    agent: ShortText = ""
    at: Instant
    note: Annotated[str, Meta(max_length=MAX_NOTE_CHARS)] = ""
    rule: ShortText = ""
    mode: ShareMode = ShareMode.SNAPSHOT
    source_version: Count = 1


class NoiseLine(ForAgents, frozen=True, kw_only=True, tag="noise"):
    """A text that somebody called noise."""

    id: Id
    text: Text
    source: ShortText = "feedback"
    memory_ids: Ids = []
    hits: Count = 0
    created_at: Instant
    last_hit_at: Instant | None = None


class RuleLine(Placed, frozen=True, kw_only=True, tag="rule"):
    """A rule of the account that shares what is new in one of its spaces with another one."""

    id: Id
    source_space: Id
    categories: Annotated[list[Category], Meta(max_length=MAX_TAGS)] = []
    tags: Tags = []
    min_importance: Unit = 0.0
    require_approval: bool = False
    created_at: Instant


class AccountImported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the import of an export.

    `spaces` says where each space of the file is now, `stored` how many lines of each kind were new, `known` how many
    memories, messages, decisions, imports and rules were there already, `members_left_out` who is not here; the tasks
    make the vectors.
    """

    spaces: dict[str, str]
    stored: dict[str, int]
    known: int
    members_left_out: list[str]
    task_ids: list[str]


AccountLine = (
    HeaderLine
    | GroupLine
    | SpaceLine
    | SessionLine
    | ImportLine
    | MessageLine
    | EntityLine
    | SameLine
    | SlotLine
    | MemoryLine
    | RevisionLine
    | DecisionLine
    | RelationLine
    | ShareLine
    | NoiseLine
    | RuleLine
)
