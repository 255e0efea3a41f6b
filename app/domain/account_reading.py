"""Reads the lines of an export and checks each against those before it, before anything of the file is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID, uuid5

import msgspec

from app.domain.account_lines import (
    MAX_LINE_BYTES,
    AccountLine,
    DecisionLine,
    EntityLine,
    ForAgents,
    GroupLine,
    HeaderLine,
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
    SpaceLine,
    TextLine,
)
from app.domain.errors import Invalid
from app.domain.facts import Fact
from app.domain.memories import MemoryType
from app.domain.sharing_rules import RULES_PER_SPACE
from app.domain.spaces import PREFIXES, check_size

# What the ids of imported things are made from, so that a file which is imported again makes nothing twice.
NAMESPACE = UUID("6f0c6ac4-5b0e-4f5e-9a83-6f9f3f6d1c55")
# Relations that must not lead back to where they began.
ONE_WAY = ("supersedes", "derived_from")
NOWHERE = (None,)

AnyLine = TypeVar("AnyLine", bound=Line)


def new_id(tenant_id: str, file_id: str) -> str:
    """The id under which an account has something of a file.

    It is never that of the file: an import that kept free ids would tell whose ids are taken.
    """
    return str(uuid5(NAMESPACE, f"{tenant_id}\n{file_id}"))


def parse_line(number: int, line: bytes) -> AccountLine:
    """A line by its kind. Raises Invalid, which names the line and the field."""
    if len(line) > MAX_LINE_BYTES:
        raise Invalid(f"line {number} has more than {MAX_LINE_BYTES} bytes")
    try:
        return msgspec.json.decode(line, type=AccountLine)
    except msgspec.ValidationError as error:
        raise Invalid(f"line {number}: {str(error).replace('`$.', '`')}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"line {number} is not JSON: {error}") from error


class Survey:
    """What a file has told so far; `add` checks one more line and raises Invalid, which names the line."""

    def __init__(self) -> None:
        self.header: HeaderLine | None = None
        self.spaces: dict[str, SpaceLine] = {}
        self.groups: dict[str, GroupLine] = {}
        # The space of each memory and message, and the places of entities and slots in theirs.
        self.memories: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self.entities: dict[str, tuple[str, str, str]] = {}
        self.slots: dict[str, tuple[str, str, str, str]] = {}
        # Hashes of what may be there once: a file has some hundred thousand of these.
        self._seen: set[int] = set()
        self._rules: dict[str, int] = {}
        # Where a one-way relation leads, and in which line that stands.
        self._ways: dict[tuple[str, str], list[tuple[str, int]]] = {}

    def add(self, number: int, line: AccountLine) -> None:
        """Takes a line in."""
        try:
            if (self.header is None) != isinstance(line, HeaderLine):
                raise Invalid("the first line, and no other one, is the header `export`")
            if isinstance(line, Placed) and line.space not in self.spaces:
                raise Invalid("`space` names no space of this file")
            if isinstance(line, ForAgents):
                self._check_audience(line)
            CHECKS[type(line)](self, line, number)
        except Invalid as error:
            raise Invalid(f"line {number}: {error.message.partition(': ')[2]}") from error

    def end(self) -> HeaderLine:
        """The header, when all lines are known. Raises Invalid for an empty file and for relations in a circle."""
        if self.header is None:
            raise Invalid("the file is empty")
        for kind in (*ONE_WAY, "same", "share"):
            if number := circle({start: ways for (of, start), ways in self._ways.items() if of == kind}):
                raise Invalid(f"line {number}: what it says of {kind} leads in a circle")
        return self.header

    def _check_audience(self, line: ForAgents) -> None:
        words, _, group = line.visibility.partition(":")
        is_plain = line.visibility in ("global", "private")
        if not is_plain and not (words == "shared" and group in self.groups):
            raise Invalid("`visibility` must be global, private or shared:<group of this file>")

    def _once(self, *names: str) -> None:
        if self._has(*names):
            raise Invalid(f"a line before has the same {names[0]}")
        self._seen.add(hash(names))

    def _has(self, *names: str) -> bool:
        return hash(names) in self._seen

    def _way(self, kind: str, start: str, end: str, number: int) -> None:
        self._ways.setdefault((kind, start), []).append((end, number))

    def _in_space(self, field: str, found: str | None, space: str) -> None:
        if found != space:
            raise Invalid(f"`{field}` names nothing that stands before it in this space")

    def _space_of_entity(self, named: str) -> str | None:
        return self.entities.get(named, NOWHERE)[0]

    def add_header(self, line: HeaderLine, _: int) -> None:
        self.header = line

    def add_group(self, line: GroupLine, _: int) -> None:
        self._once("group", line.name)
        self.groups[line.name] = line

    def add_space(self, line: SpaceLine, _: int) -> None:
        self._once("space", line.id)
        if line.id.partition("/")[0] != PREFIXES[line.space_type] or not line.id.partition("/")[2]:
            raise Invalid("`id` does not fit `space_type`")
        check_size(line.space_type, len(line.members))
        self.spaces[line.id] = line

    def add_session(self, line: SessionLine, _: int) -> None:
        self._once("session", line.space, line.id)

    def add_import(self, line: ImportLine, _: int) -> None:
        self._once("import", line.id)
        self._once("document", line.space, f"{line.hash}/{line.version}")

    def _add_text(self, line: TextLine) -> None:
        self._once("text", line.id)
        if not line.content:
            raise Invalid("`content` must not be empty")
        if (line.memory_type is MemoryType.SESSION) != isinstance(line, MessageLine):
            raise Invalid("`memory_type` is session for messages, and for nothing else")

    def add_message(self, line: MessageLine, _: int) -> None:
        self._add_text(line)
        if not self._has("session", line.space, line.session_id):
            raise Invalid("`session_id` names no session that stands before it in this space")
        if line.document and not self._has("document", line.space, line.document):
            raise Invalid("`document` names no import that stands before it in this space")
        self._once("position", line.space, line.session_id, str(line.position))
        self.messages[line.id] = line.space

    def add_memory(self, line: MemoryLine, _: int) -> None:
        self._add_text(line)
        for mention in line.mentions:
            self._in_space("mentions", self._space_of_entity(mention.entity), line.space)
        for about in line.about:
            self._in_space("about", self.slots.get(about.slot, NOWHERE)[0], line.space)
        for said in line.evidence:
            self._in_space("evidence", self.messages.get(said.message), line.space)
        self.memories[line.id] = line.space

    def add_revision(self, line: RevisionLine, _: int) -> None:
        self._in_space("memory", self.memories.get(line.memory), line.space)
        self._once("revision", line.memory, str(line.version))

    def add_entity(self, line: EntityLine, _: int) -> None:
        self._once("entity", line.id)
        self._once("name", line.space, line.norm_name, line.type)
        self.entities[line.id] = (line.space, line.norm_name, line.type)

    def add_slot(self, line: SlotLine, _: int) -> None:
        self._once("slot", line.id)
        self._once("place", line.space, line.subject, line.attribute, line.context)
        self.slots[line.id] = (line.space, line.subject, line.attribute, line.context)

    def add_same(self, line: SameLine, number: int) -> None:
        for field, named in (("entity", line.entity), ("other", line.other)):
            self._in_space(field, self._space_of_entity(named), line.space)
        if line.score is None:
            self._once("same", line.entity)
            self._way("same", line.entity, line.other, number)

    def add_decision(self, line: DecisionLine, _: int) -> None:
        self._once("decision", line.id)
        if line.merged is not None:
            self._in_space("merged", self._space_of_entity(line.merged), line.space)
        if line.fact_json:
            check_fact(line.fact_json)

    def add_relation(self, line: RelationLine, number: int) -> None:
        self._in_space("source", self.memories.get(line.source), line.space)
        if line.target not in self.memories or line.target == line.source:
            raise Invalid("`target` names no other memory that stands before it")
        self._once("relation", line.type, line.source, line.target)
        if line.type in ONE_WAY:
            self._way(line.type, line.source, line.target, number)

    def add_share(self, line: ShareLine, number: int) -> None:
        self._in_space("copy", self.memories.get(line.copy), line.space)
        self._once("share", line.copy)
        self._way("share", line.copy, line.origin, number)

    def add_noise(self, line: NoiseLine, _: int) -> None:
        self._once("noise", line.id)
        if not line.text:
            raise Invalid("`text` must not be empty")

    def add_rule(self, line: RuleLine, _: int) -> None:
        self._once("rule", line.id)
        if line.source_space not in self.spaces or line.source_space == line.space:
            raise Invalid("`source_space` names no other space of this file")
        self._rules[line.space] = self._rules.get(line.space, 0) + 1
        if self._rules[line.space] > RULES_PER_SPACE:
            raise Invalid(f"a space has at most {RULES_PER_SPACE} rules")


def circle(ways: dict[str, list[tuple[str, int]]]) -> int | None:
    """The line of a way that leads back to where others began; None when none does."""
    open_ways = {start: len(ends) for start, ends in ways.items()}
    into: dict[str, list[str]] = {}
    for start, ends in ways.items():
        for end, _ in ends:
            into.setdefault(end, []).append(start)
    free = [end for end in into if end not in open_ways]
    while free:
        for start in into.get(free.pop(), []):
            open_ways[start] -= 1
            if open_ways[start] == 0:
                free.append(start)
    left = [start for start, count in open_ways.items() if count > 0]
    return min(number for start in left for _, number in ways[start]) if left else None


def check_fact(fact_json: str) -> None:
    """Raises Invalid for what is no fact as a decision keeps it."""
    try:
        msgspec.json.decode(fact_json, type=Fact)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid("`fact_json` is no fact") from error


# Each kind of line with what checks it; the type of the key is that of the argument.
CHECKS: dict[type[Line], Callable[[Survey, Any, int], None]] = {
    HeaderLine: Survey.add_header,
    GroupLine: Survey.add_group,
    SpaceLine: Survey.add_space,
    SessionLine: Survey.add_session,
    ImportLine: Survey.add_import,
    MessageLine: Survey.add_message,
    MemoryLine: Survey.add_memory,
    RevisionLine: Survey.add_revision,
    EntityLine: Survey.add_entity,
    SlotLine: Survey.add_slot,
    SameLine: Survey.add_same,
    DecisionLine: Survey.add_decision,
    RelationLine: Survey.add_relation,
    ShareLine: Survey.add_share,
    NoiseLine: Survey.add_noise,
    RuleLine: Survey.add_rule,
}
