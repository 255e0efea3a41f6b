"""Checks the facts that a language model read, one by one: what no turn says is dropped or doubted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from app.domain.facts import Asserter, Cardinality, Fact, Mention, Modality, Quote
from app.domain.memories import Category
from app.domain.texts import SafeText, normalised, terms
from ingest.attributes import cardinality_of, category_of, named_attribute
from ingest.cues import numbers
from ingest.dates import find_dates
from ingest.extraction import USER
from ingest.mentions import MAX_MENTIONS
from ingest.model_extraction import KINDS, SOMEONE_ELSE, EntityAnswer, ExtractionAnswer, FactAnswer
from ingest.perspective import display_name, named
from ingest.quotes import find_quote, folded
from ingest.redaction import redact
from ingest.sentences import split_sentences
from ingest.statements import is_not_to_keep, modality_of, says_change
from ingest.valid_times import first_moment, moment_after
from ingest.windows import Turn, Window

# A window says no more than this; what is beyond is a model that repeats itself.
MAX_FACTS = 50
# One sentence; a longer one is a copy of the turn.
_LONGEST_FACT, _LONGEST_NAME = 1000, 200
_MOST_QUOTES, _LONGEST_QUOTE = 5, 500
_SCALE = 5
_USUAL_IMPORTANCE, _USUAL_CONFIDENCE = 3, 3
# What an assistant found out is worth less than what a user says, and a number that no turn has is half a guess.
_ASSISTANT_TRUST, _UNSAID_NUMBER = 0.7, 0.5
# A category that there is not becomes this one: events are only ever added to, so a fact in it never ends another one,
# and a profile is not made of them.
SAFEST_CATEGORY = Category.EVENTS
# A document is written by somebody; any other role is a program.
_ASSERTERS = {"user": Asserter.USER, "assistant": Asserter.ASSISTANT, "document": Asserter.THIRD_PARTY}
_FOUND_OUT = (Category.CASES, Category.PATTERNS)
_HEARD = (Asserter.USER, Asserter.THIRD_PARTY)
# Words for the one who speaks.
_SPEAKER = frozenset("i me my myself user the_user speaker the_speaker 我 本人 自己 用户 说话人".split())  # noqa: SIM905

UNSAID, EMPTY, UNHEARD, ASKED, UNWANTED, REPEATED, TOO_MANY = (
    "not said in any turn",
    "without a text",
    "said by an assistant",
    "only asked",
    "not to be kept",
    "told twice",
    "too many",
)


class Extraction(msgspec.Struct, frozen=True):
    """Facts in the order in which the model gave them, and how many it gave that are none, by reason."""

    facts: list[Fact]
    dropped: dict[str, int]


class _Evidence(msgspec.Struct, frozen=True):
    turn: Turn
    start: int
    end: int

    @property
    def words(self) -> str:
        return self.turn.utterance.text[self.start : self.end]

    @property
    def sentences(self) -> str:
        """The sentences that the quote is part of."""
        whole = split_sentences(SafeText(self.turn.utterance.text))
        return " ".join(span.text for span in whole if span.start < self.end and span.end > self.start)

    @property
    def quote(self) -> Quote:
        return Quote(self.turn.utterance.id, self.turn.offset + self.start, self.turn.offset + self.end)


def read_facts(answer: ExtractionAnswer, window: Window, entities: Sequence[str] = ()) -> Extraction:
    """The facts that turns of the window really say; whatever the model wrote, the rest is counted and left out."""
    said = _Said(window, entities)
    facts: dict[tuple[str, str], Fact] = {}
    dropped: Counter[str] = Counter()
    for item in answer.facts[:MAX_FACTS]:
        fact = _read_fact(item, said)
        if isinstance(fact, str):
            dropped[fact] += 1
        elif (normalised(fact.text), fact.speaker) in facts:
            dropped[REPEATED] += 1
        else:
            facts[normalised(fact.text), fact.speaker] = fact
    if len(answer.facts) > MAX_FACTS:
        dropped[TOO_MANY] = len(answer.facts) - MAX_FACTS
    return Extraction(list(facts.values()), dict(dropped))


class _Said:
    """All that the model was told, in the forms in which its answer is compared with it."""

    def __init__(self, window: Window, entities: Sequence[str]) -> None:
        self.turns = window.turns
        everything = [turn.utterance for turn in (*window.context, *window.turns)]
        texts = [text for utterance in everything for text in (utterance.text, utterance.speaker)] + list(entities)
        self._folded = folded("\n".join(texts))
        self._terms = frozenset(term for text in texts for term in terms(text))
        self._numbers = frozenset(number for text in texts for number in numbers(text))

    def has_name(self, name: str) -> bool:
        return folded(name).strip() in self._folded

    def has_word_of(self, text: str) -> bool:
        return not self._terms.isdisjoint(terms(text))

    def has_numbers_of(self, value: str, said_at: datetime) -> bool:
        """Whether it gives no number of its own; a date may be worked out from other words."""
        return bool(find_dates(value, said_at)) or numbers(value) <= self._numbers


def _read_fact(item: FactAnswer, said: _Said) -> Fact | str:
    """The fact, or why it is none."""
    text = redact(item.text.strip()[:_LONGEST_FACT])
    if not normalised(text):
        return EMPTY
    evidence = list(_evidence(item, said))
    if not evidence:
        return UNSAID
    category = _category(item)
    asserter = _asserter(item, evidence[0].turn.utterance.role)
    objection = _objection(item, evidence, asserter, category)
    return objection or _made(item, said, evidence, (text, category, asserter))


def _objection(item: FactAnswer, evidence: list[_Evidence], asserter: Asserter, category: Category) -> str:
    if asserter not in _HEARD and category not in _FOUND_OUT:
        return UNHEARD
    if item.modality == Modality.QUESTION:
        return ASKED
    return UNWANTED if any(is_not_to_keep(one.sentences) for one in evidence) else ""


def _evidence(item: FactAnswer, said: _Said) -> Iterator[_Evidence]:
    """Where the quotes stand, in the turn that is named or else in the first that has them."""
    for evidence in (item.evidence or ())[:_MOST_QUOTES]:
        number = (evidence.turn or 0) - 1
        # Stable: the named turn first, the others in their order.
        for _, turn in sorted(enumerate(said.turns), key=lambda numbered: numbered[0] != number):
            if found := find_quote(evidence.quote[:_LONGEST_QUOTE], turn.utterance.text):
                yield _Evidence(turn, found.start, found.end)
                break


def _category(item: FactAnswer) -> Category:
    if item.category in list(Category):
        return Category(item.category)
    return (category_of(named_attribute(item.attribute)) if item.attribute else None) or SAFEST_CATEGORY


def _asserter(item: FactAnswer, role: str) -> Asserter:
    asserter = _ASSERTERS.get(role, Asserter.TOOL)
    is_hearsay = asserter is Asserter.USER and item.asserted_by == SOMEONE_ELSE
    return Asserter.THIRD_PARTY if is_hearsay else asserter


def _made(
    item: FactAnswer, said: _Said, evidence: list[_Evidence], settled: tuple[SafeText, Category, Asserter]
) -> Fact:
    text, category, asserter = settled
    utterance = evidence[0].turn.utterance
    name = display_name(utterance.speaker)
    subject, attribute, value = _slot(item, said, name)
    words = " ".join(one.words for one in evidence)
    trust = 1.0 if asserter in _HEARD else _ASSISTANT_TRUST
    doubt = 1.0 if said.has_numbers_of(value or text, utterance.said_at) else _UNSAID_NUMBER
    fact = Fact(
        text=named(text, name),
        category=category,
        subject=subject,
        attribute=attribute,
        value=value,
        context=_short(item.condition),
        cardinality=cardinality_of(attribute) if attribute else Cardinality.MANY,
        mentions=_mentions(item.entities or (), said),
        speaker=utterance.speaker,
        said_at=utterance.said_at,
        asserted_by=asserter,
        modality=_modality(item, words, has_slot=bool(attribute)),
        says_change=says_change(words) or says_change(text),
        importance=_share(item.importance, _USUAL_IMPORTANCE),
        confidence=round(_share(item.confidence, _USUAL_CONFIDENCE) * trust * doubt, 2),
        quotes=list(dict.fromkeys(one.quote for one in evidence)),
    )
    return _with_times(fact, item)


def _slot(item: FactAnswer, said: _Said, name: str) -> tuple[str, str, str]:
    """Subject, attribute and value; a slot with a gap, or about what nobody named, would end what it is not about."""
    subject, value = _short(item.subject), _short(item.value)
    if normalised(subject).replace(" ", "_") in _SPEAKER or (name and normalised(subject) == normalised(name)):
        subject = name or USER
    elif not said.has_word_of(subject):
        subject = ""
    attribute = named_attribute(_short(item.attribute)) if subject and value and item.attribute else ""
    return subject, attribute, value if attribute else ""


def _mentions(entities: Sequence[EntityAnswer], said: _Said) -> list[Mention]:
    found: dict[str, Mention] = {}
    for entity in entities:
        name = _short(entity.name)
        if normalised(name) and said.has_name(name):
            kind = entity.type if entity.type in KINDS else "concept"
            found.setdefault(name.casefold(), Mention(name, kind))
    return list(found.values())[:MAX_MENTIONS]


def _modality(item: FactAnswer, words: str, *, has_slot: bool) -> Modality:
    """As the model says, else as the words say; they are a statement, since questions are left out before."""
    if item.modality in list(Modality):
        return Modality(item.modality)
    read = modality_of(words, has_slot=has_slot)
    return Modality.FACT if read is Modality.QUESTION else read


def _with_times(fact: Fact, item: FactAnswer) -> Fact:
    """The valid time, unless it ends before it begins; what is still to happen is known from now on."""
    if fact.said_at is None or fact.modality is Modality.HYPOTHETICAL:
        return fact
    begins = first_moment(item.valid_from or "", fact.said_at.tzinfo)
    ends = moment_after(item.valid_to or "", fact.said_at.tzinfo)
    if begins and ends and ends <= begins:
        begins = ends = None
    if begins and begins > fact.said_at and fact.category == Category.EVENTS:
        begins = None
    return msgspec.structs.replace(fact, valid_from=begins, valid_to=ends)


def _short(text: str | None) -> str:
    return redact((text or "").strip()[:_LONGEST_NAME])


def _share(grade: float | None, usual: int) -> float:
    """A grade from 1 to 5 as a share of 1."""
    return min(max(grade or usual, 1), _SCALE) / _SCALE
