"""Which entity a name means and which slot a fact fills: names in one form, ids that follow from them, likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

import msgspec
from rapidfuzz.distance import JaroWinkler

from app.domain.facts import Fact, Mention
from app.domain.texts import normalised

# The namespace of ids that follow from what they stand for; any fixed UUID would do.
NAMESPACE = UUID("6f1d3c52-6c0e-4c9b-9d0e-7b1f1f0c5a11")
# Who speaks without a name.
USER = "user"
_USERS = frozenset(("user", "the user", "i", "me", "myself", "用户", "我", "本人"))
# A type that says nothing more than that there is something; it agrees with every other.
ANY_TYPE = "concept"
PERSON = "person"
_LEGAL_SUFFIX = re.compile(
    r"[,\s]+(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|plc|gmbh|ag|kg|s\.?a|pty)\.?$"
    r"|(?<=[\u4e00-\u9fff]{2})(?:股份有限公司|有限责任公司|有限公司|集团)$"
)
_EDGES = re.compile(r"^[\W_]+|[^\w+#]+$")
_DETERMINER = re.compile(r"^(?:the|our|my|this|that)\s+", re.IGNORECASE)
# What kind of thing it is, said after its name or left out.
_CLASS_NOUN = re.compile(
    r"\s+(?:dag|job|service|app|repo|repository|project|table|server|script|pipeline|module|cluster|instance|library"
    r"|database|db)$|(?<=[^\s])(?:项目|服务|系统|仓库|模块|接口)$"
)
# From here on two names are perhaps one thing; nothing is ever merged by likeness alone (pipelines 2.6).
POSSIBLY_SAME = 0.7
_STRING_WEIGHT, _COSINE_WEIGHT = 0.5, 0.5


class KnownEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity of the space; aliases are normalised names."""

    id: str
    name: str
    norm_name: str
    type: str
    aliases: list[str] = []


class NewEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that nothing known has the name of."""

    id: str
    name: str
    norm_name: str
    type: str


class Links(msgspec.Struct, frozen=True):
    """For each fact the ids of its entities, and the entities to make."""

    by_fact: list[list[str]]
    new: list[NewEntity]


def norm_name(name: str) -> str:
    """The form in which two spellings are one name: width, case, outer punctuation and legal form do not count."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    bare = _EDGES.sub("", _LEGAL_SUFFIX.sub("", _EDGES.sub("", folded)))
    return USER if bare in _USERS else bare or folded


def subject_key(subject: str) -> str:
    """What facts are about, in one form: `the invoices DAG` and `invoices` are one thing to give a value of."""
    norm = norm_name(_DETERMINER.sub("", subject.strip()))
    return _CLASS_NOUN.sub("", norm) or norm


def entity_id(space_key: str, norm: str, kind: str) -> str:
    """The id of an entity of a space; the same on every worker."""
    return str(uuid5(NAMESPACE, f"entity\n{space_key}\n{norm}\n{kind}"))


def slot_id(space_key: str, fact: Fact) -> str:
    """The id of the slot that the fact fills; '' when it has none."""
    if not fact.subject or not fact.attribute:
        return ""
    parts = (subject_key(fact.subject), fact.attribute, normalised(fact.context))
    return str(uuid5(NAMESPACE, "\n".join(("slot", space_key, *parts))))


def named_entities(fact: Fact) -> list[Mention]:
    """What the fact is about and what it names, each once; who speaks is a person."""
    subject = [Mention(fact.subject, PERSON if norm_name(fact.subject) == USER else ANY_TYPE)] if fact.subject else []
    by_norm: dict[str, Mention] = {}
    for mention in (*fact.mentions, *subject):
        norm = norm_name(mention.name)
        known = by_norm.get(norm)
        if norm and (known is None or known.type == ANY_TYPE):
            by_norm[norm] = known if known and mention.type == ANY_TYPE else mention
    return list(by_norm.values())


def link(space_key: str, facts: Sequence[Fact], known: Iterable[KnownEntity]) -> Links:
    """The entities of facts: known ones by name or alias and fitting type, else new ones, each made once."""
    by_name: dict[str, list[KnownEntity | NewEntity]] = {}
    for entity in known:
        for name in dict.fromkeys((entity.norm_name, *entity.aliases)):
            by_name.setdefault(name, []).append(entity)
    new: dict[str, NewEntity] = {}
    by_fact = [[_find_or_make(space_key, mention, by_name, new) for mention in named_entities(fact)] for fact in facts]
    return Links([list(dict.fromkeys(ids)) for ids in by_fact], list(new.values()))


def _find_or_make(
    space_key: str, mention: Mention, by_name: dict[str, list[KnownEntity | NewEntity]], new: dict[str, NewEntity]
) -> str:
    norm = norm_name(mention.name)
    fitting = [entity for entity in by_name.get(norm, []) if _is_fitting(entity.type, mention.type)]
    if fitting:
        # The exact name before an alias, then the same type.
        best = min(fitting, key=lambda entity: (entity.norm_name != norm, entity.type != mention.type, entity.id))
        return best.id
    made = NewEntity(id=entity_id(space_key, norm, mention.type), name=mention.name, norm_name=norm, type=mention.type)
    new[made.id] = made
    by_name.setdefault(norm, []).append(made)
    return made.id


def _is_fitting(one: str, other: str) -> bool:
    return one == other or ANY_TYPE in (one, other)


def score_sameness(name: str, other: str, cosine: float) -> float:
    """How likely two names are one thing, in [0,1]: half spelling, half meaning (pipelines 2.6)."""
    spelling = JaroWinkler.normalized_similarity(norm_name(name), norm_name(other))
    return _STRING_WEIGHT * spelling + _COSINE_WEIGHT * max(0.0, cosine)
