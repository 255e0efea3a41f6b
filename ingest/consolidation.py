"""Says in one memory what a group of memories says: a list of values by rule, a topic in the words of a language model.

The list is made of the memories' own words, so nothing in it is invented. What holds a topic together no rule can say,
so without a model topics stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid5

import msgspec

from app.domain.consolidation import SOURCE, Group, GroupKind, Premise, Summary
from app.domain.memories import Category, Memory, MemoryType, abstract_of, facets, text_hash
from app.domain.principal import ALL_AGENTS, SpaceAccess
from app.domain.texts import SafeText, is_mostly_cjk, normalised
from ingest.linking import NAMESPACE, USER

RULE, MODEL = "rule", "llm"
# A list of what others said is as credible as they are; a model's words are worth less (pipelines 3.2 and 3.4).
BASES = {RULE: 0.95, MODEL: 0.7}
_ENDS = ".。!！;； "


def list_values(group: Group) -> Summary | None:
    """The values of a slot as one sentence, in the language of most of them; nothing for another kind of group."""
    if group.kind is not GroupKind.VALUES:
        return None
    told = _distinct(group.premises)
    if len(told) < len(group.premises) // 2 + 1:
        return None
    chinese = sum(is_mostly_cjk(one.text) for one in told) * 2 > len(told)
    text = _in_chinese(told, group) if chinese else _in_english(told, group)
    return Summary(text=text, method=RULE, premise_ids=[one.id for one in group.premises])


def _distinct(premises: Sequence[Premise]) -> list[Premise]:
    """Each value once, the first that gives it."""
    by_value: dict[str, Premise] = {}
    for one in premises:
        by_value.setdefault(normalised(one.value or one.text), one)
    return list(by_value.values())


def _in_english(told: Sequence[Premise], group: Group) -> str:
    subject = "The user" if told[0].subject.casefold() == USER else told[0].subject or "Known"
    attribute = group.attribute.removeprefix("custom:").replace("-", " ").replace(":", " ")
    values = [(one.value or one.text).strip(_ENDS) for one in told]
    more = group.total - len(group.premises)
    last = f"{more} more" if more else values.pop()
    return f"{subject} – {attribute}: {', '.join(values)} and {last}."


def _in_chinese(told: Sequence[Premise], group: Group) -> str:
    # A Chinese value often holds its verb and sometimes does not, so the sentences stay as they were said.
    subject = "用户" if told[0].subject.casefold() == USER else told[0].subject or "已知"
    said = "；".join(one.text.strip(_ENDS) for one in told)
    return f"{subject}：{said}{'等' if group.total > len(group.premises) else ''}。"


def derived_id(group: Group) -> str:
    """The id of what follows from a group as it is: the same memories are never consolidated twice."""
    return str(uuid5(NAMESPACE, f"derived\n{group.key}\n{group.fingerprint}"))


def derived_memory(group: Group, summary: Summary, space: SpaceAccess, tenant_id: str, now: datetime) -> Memory:
    """The memory that stands for a group; it claims no more importance than its memories have on average."""
    used = [one for one in group.premises if one.id in summary.premise_ids]
    content = SafeText(summary.text)
    memory = Memory(
        id=derived_id(group),
        content=content,
        l0_abstract=abstract_of(content),
        category=Category(Counter(one.category for one in used).most_common(1)[0][0]),
        memory_type=MemoryType.INSIGHT,
        importance=round(sum(one.importance for one in used) / len(used), 4),
        confidence=BASES[summary.method],
        base_confidence=BASES[summary.method],
        tags=[tag for tag in used[0].tags if all(tag in one.tags for one in used)],
        tenant_id=tenant_id,
        source=SOURCE,
        space_id=space.id,
        space_key=space.space_key,
        visible_to=ALL_AGENTS,
        valid_from=max(datetime.fromisoformat(one.valid_from) for one in used),
        recorded_at=now,
        created_at=now,
        updated_at=now,
        text_hash=text_hash(content),
        subject=used[0].subject if group.kind is GroupKind.VALUES else "",
        # Search shows a memory and what says the same once; here these are the memories it follows from.
        evidence_ids=[one.id for one in used],
    )
    return msgspec.structs.replace(memory, facets=facets(memory))
