"""Which entity a name means and which slot a fact fills: names in one form, ids that follow from them, likeness."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from uuid import UUID, uuid5

import msgspec
from rapidfuzz.distance import JaroWinkler

from app.domain.facts import Fact, Mention
from app.domain.texts import has_cjk, lucene_query, normalised
from ingest.perspective import display_name

# The namespace of ids that follow from what they stand for; any fixed UUID would do.
NAMESPACE = UUID("6f1d3c52-6c0e-4c9b-9d0e-7b1f1f0c5a11")
# Who speaks without a name; in a shared space with the first characters of his id.
USER = "user"
_NAMELESS = re.compile(r"user(?: [0-9a-f-]{8})?")
_USERS = frozenset(("user", "the user", "i", "me", "myself", "用户", "我", "本人"))
# A type that says nothing more than that there is something; it agrees with every other.
ANY_TYPE = "concept"
PERSON = "person"
_LEGAL_SUFFIX = re.compile(
    r"[,\s]+(?:inc|incorporated|corp|corporation|co|company|ltd|limited|llc|llp|plc|gmbh|ag|kg|s\.?a|pty)\.?$"
    r"|(?<=[\u4e00-\u9fff]{2})(?:股份有限公司|有限责任公司|有限公司|集团)$"
)
# Words that may be misspelt by a letter; shorter ones would be other words then.
_FUZZY_WORD = re.compile(r'"([^\W_]{4,})"')
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
    """An entity of the space. What is merged into another one keeps its own name, so that merging can be undone."""

    id: str
    name: str
    norm_name: str
    type: str


class NewEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that nothing known has the name of."""

    id: str
    name: str
    norm_name: str
    type: str


class Retyped(msgspec.Struct, frozen=True):
    """A known entity of which it is learnt what it is."""

    id: str
    type: str


class Links(msgspec.Struct, frozen=True):
    """For each fact the ids of its entities, the entities to make, and those that get a type."""

    by_fact: list[list[str]]
    new: list[NewEntity]
    retyped: list[Retyped]


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


def slot_id(space_key: str, fact: Fact, subject: str = "") -> str:
    """The id of the slot that the fact fills, or would fill under another normalised name; '' when it has none."""
    if not fact.subject or not fact.attribute:
        return ""
    parts = (subject or subject_key(fact.subject), fact.attribute, normalised(fact.context))
    return str(uuid5(NAMESPACE, "\n".join(("slot", space_key, *parts))))


def named_entities(fact: Fact) -> list[Mention]:
    """What the fact is about and what it names, each once; who speaks is a person."""
    speakers = {norm_name(fact.speaker), norm_name(display_name(fact.speaker))}
    subject = [Mention(fact.subject, ANY_TYPE)] if fact.subject else []
    by_norm: dict[str, Mention] = {}
    for mention in (*fact.mentions, *subject):
        norm = norm_name(mention.name)
        kind = PERSON if norm in speakers or is_speaker(norm) else mention.type
        if norm and (norm not in by_norm or by_norm[norm].type == ANY_TYPE != kind):
            by_norm[norm] = Mention(mention.name, kind)
    return list(by_norm.values())


def is_speaker(norm: str) -> bool:
    """Whether a name stands for somebody who speaks without one."""
    return _NAMELESS.fullmatch(norm) is not None


def link(space_key: str, facts: Sequence[Fact], known: Iterable[KnownEntity]) -> Links:
    """The entities of facts: known ones by name and fitting type, else new ones, each made once.

    What was only known to be something becomes what it is called here first, under the same id.
    """
    by_fact = [named_entities(fact) for fact in facts]
    linker = _Linker(space_key, known, (mention for mentions in by_fact for mention in mentions))
    ids = [list(dict.fromkeys(map(linker.link, mentions))) for mentions in by_fact]
    return Links(ids, list(linker.new.values()), list(linker.retyped.values()))


class _Linker:
    """Finds and makes the entities of one batch."""

    def __init__(self, space_key: str, known: Iterable[KnownEntity], mentions: Iterable[Mention]) -> None:
        self._space_key = space_key
        self._by_norm: dict[str, list[KnownEntity | NewEntity]] = {}
        for entity in known:
            self._by_norm.setdefault(entity.norm_name, []).append(entity)
        self._types: dict[str, str] = {}
        for mention in mentions:
            if mention.type != ANY_TYPE:
                self._types.setdefault(norm_name(mention.name), mention.type)
        self.new: dict[str, NewEntity] = {}
        self.retyped: dict[str, Retyped] = {}

    def link(self, mention: Mention) -> str:
        """The id of what a mention means."""
        norm = norm_name(mention.name)
        named = self._by_norm.setdefault(norm, [])
        fitting = [entity for entity in named if is_fitting(entity.type, mention.type)]
        if not fitting:
            return self._make(mention, norm)
        best = min(fitting, key=lambda entity: (entity.type != mention.type, entity.id))
        if best.type != mention.type != ANY_TYPE:
            self.retyped[best.id] = Retyped(best.id, mention.type)
            named[named.index(best)] = msgspec.structs.replace(best, type=mention.type)
        return best.id

    def _make(self, mention: Mention, norm: str) -> str:
        kind = mention.type if mention.type != ANY_TYPE else self._types.get(norm, ANY_TYPE)
        made = NewEntity(id=entity_id(self._space_key, norm, kind), name=mention.name, norm_name=norm, type=kind)
        self.new[made.id] = made
        self._by_norm[norm].append(made)
        return made.id


def is_fitting(one: str, other: str) -> bool:
    """Whether two types can be those of one thing."""
    return one == other or ANY_TYPE in (one, other)


def is_comparable(one: KnownEntity, other: KnownEntity) -> bool:
    """Whether two entities can be one thing at all: of fitting types or of one name, and not nameless speakers."""
    is_named = not is_speaker(one.norm_name) and not is_speaker(other.norm_name)
    return is_named and (one.norm_name == other.norm_name or is_fitting(one.type, other.type))


def alike_query(space_key: str, name: str) -> str:
    """What finds the entities of a space that are spelled like a name; '' when it has no word."""
    # A quoted word has no quote in it, and one of letters alone no operator of the query language either.
    words = _FUZZY_WORD.sub(lambda word: word[0] if has_cjk(word[1]) else f"{word[1].lower()}~1", lucene_query(name))
    return f"+space_key:{space_key}^0 +name:({words})" if words else ""


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of two vectors of one length, 0 for a zero vector."""
    length = math.hypot(*one) * math.hypot(*other)
    return sum(left * right for left, right in zip(one, other, strict=True)) / length if length else 0.0


def score_sameness(name: str, other: str, cosine: float) -> float:
    """How likely two names are one thing, in [0,1]: half spelling, half meaning (pipelines 2.6)."""
    spelling = JaroWinkler.normalized_similarity(norm_name(name), norm_name(other))
    return _STRING_WEIGHT * spelling + _COSINE_WEIGHT * max(0.0, cosine)
