"""The local engine: facts out of messages by patterns, without a language model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from app.domain.facts import Cardinality, Fact, Mention, Modality, Quote, Utterance
from app.domain.memories import Category
from app.domain.texts import CJK, SafeText, has_cjk
from ingest.attributes import SYNONYMS, cardinality_of, category_of
from ingest.changes import is_denied_value
from ingest.chinese import chinese_readings
from ingest.cues import numbers
from ingest.dates import DateSpan, find_dates, with_resolved_dates
from ingest.english import english_readings
from ingest.homes import of_us
from ingest.mentions import find_mentions
from ingest.noise import noise_family
from ingest.perspective import display_name, named
from ingest.pointing import is_announcement, points_at_somebody, points_at_thing
from ingest.rephrasing import is_former_day, plain_forms
from ingest.sentences import Span, split_clauses, split_sentences, trimmed
from ingest.slots import SELF, Slot
from ingest.statements import (
    category_by_words,
    is_hedged,
    is_not_to_keep,
    is_question,
    is_reply,
    modality_of,
    says_change,
)

# The subject of a speaker without a name.
USER = "user"
_USER_ROLE = "user"
# A shorter sentence without slot, name or number ("Story bible time.") leads to another and says nothing itself.
_FEWEST_WORDS, _FEWEST_CHARACTERS = 4, 6
# What a reading is worth: a registered attribute, a custom one, none. A hedge ("I think") takes a third off.
_CONFIDENCE_REGISTERED, _CONFIDENCE_CUSTOM, _CONFIDENCE_FREE = 0.85, 0.75, 0.6
_HEDGED = 0.67
# What is longer is pasted code or data; its message stays searchable.
_LONGEST_SENTENCE = 1000
# What is longer before a colon is a clause of its own.
_LONGEST_LABEL = 60
_IMPORTANCE = {
    Category.PROFILE: 0.7,
    Category.PREFERENCES: 0.7,
    Category.PATTERNS: 0.7,
    Category.CASES: 0.7,
    Category.EVENTS: 0.6,
    Category.ENTITIES: 0.5,
}
_FREE_IMPORTANCE = 0.1
# What the words of `My camera is the X-H2 since yesterday` suggest is less than that it is the speaker's.
_WEAK = (Category.ENTITIES, Category.EVENTS)
_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:['’]\w+)?")
# `I drink espresso.` says something in fewer words than `Story bible time.` would need.
_FIRST_PERSON = re.compile(r"(?:I|We)\b|我")
# Pointing words at the start, and what they can point at.
_HE_OR_SHE = re.compile(r"^(?:he|she|his|her|hers)(?:['’]s)?\b(?! (?:the|a)\b)|^[他她]", re.IGNORECASE)
# Clauses after these are about the speaker as well, unless somebody else has come in.
_CHINESE_SPEAKER = re.compile(
    "我(?:叫|是(?!的)|在|住|搬|从|以前|曾|现在|目前|已|刚|最近|今年|去年|上个?[月周]|换|改|跳槽|离|辞|毕业|喜欢|不|没)"
)
_CHINESE_OTHER = re.compile(
    "有[个一二两几位]|认识|"
    + "|".join(word for word in SYNONYMS if has_cjk(word) and category_of(SYNONYMS[word]) is Category.PROFILE)
)
_HER_OR_HIM = re.compile(r"\b(?:her|him)\b", re.IGNORECASE)
_IT = re.compile(
    (
        r"^(?:it(?!['’]?s? (?:been|is|was|a|so|just|really|too|great|good|nice|hard|not|like|looks?|sounds?|"
        r"seems?|feels?)\b)(?:['’]s)?|its|that (?:release|version|one)) |^[它其]"
    ),
    re.IGNORECASE,
)
# What was changed, before `it` says how.
_ACTED_ON = re.compile(
    r"^(?:(?:I|we|they)(?:['’]ve| have)? |[\w ]{0,12})?(?:just |now |finally )?"
    r"(?:upgraded|updated|bumped|moved|shifted|switched|migrated|changed|raised|lowered|renamed|rescheduled|postponed)"
    r" (?!(?:to|from)\b)(?:the |our |my )?(?P<thing>[\w#+.'’/-]+(?: [\w#+.'’/-]+){0,3}?)"
    r"(?=,| (?:over|to|from|on|yesterday|today|last|this)\b)",
    re.IGNORECASE,
)
_SAYING = re.compile(r"\b(?:I|me|you|we|that|who|which|it)\b", re.IGNORECASE)
# What a sentence without slot is about.
_LEADING = re.compile(
    (
        r"^(?:(?:the|our|my|this)\s+|(?=\w+ \d|\w+_))(?P<thing>[\w#+.'’/-]+(?: [\w#+.'’/-]+){0,5}?) (?:is|"
        r"are|was|were|went|has|have|had|will|runs?|fails?|failed|kept)\b"
    ),
    re.IGNORECASE,
)
_SINCE = re.compile(
    (
        r"(?:\b(?:since|from|as of|starting|beginning|effective)\s(?:on\s|the\s)?|(?:自|从)\s*)$|"
        r"^\s*(?:on\b|onwards?\b|起|开始|之后)"
    ),
    re.IGNORECASE,
)
# `the quota service belongs to Callista, the mailer to Dov`: the verb is that of the clause before.
_GAPPED = re.compile(
    r"^\s*(?:and\s+)?(?P<s>(?:the|my|our)\s+[\w#+.'’/&@-]+(?:\s+[\w#+.'’/&@-]+){0,3}?)"
    r"\s+(?P<to>(?:to|by|in|at|from|on|under|with|for)\s+)(?P<v>[\w .'’-]{1,40}?)[\s.!,;]*$",
    re.IGNORECASE,
)
_ELLIPTIC = re.compile("^(?P<s>[^，。的]{1,8})的(?:是|为)(?P<v>[^，。；]{1,20})")
# What is over when its day is over; of anything else a coming day is no end.
_APPOINTMENT = re.compile(
    r"\b(?:meeting|appointment|call|stand-?up|interview|dentist|check-?up|sync|reservation|lunch|dinner)\b"
    r"|会议|开会|约了|约好|预约|面试|体检|聚餐|看牙",
    re.IGNORECASE,
)
# Of these the day itself is the value, or says since when it is known.
_DATED = frozenset(("date", "deadline", "schedule", "release-date", "birthday", "limit", "rule"))
_UNTIL = re.compile(
    r"\b(?:until|till|through)\s(?:the\s(?=\d|$)|end of\s(?=$)|the end of\s(?=$)|(?=$))|(?:直到|截至|一直到)$",
    re.IGNORECASE,
)
_UNTIL_AFTER = re.compile("^(?:为止|之前|前)")


class _Statement(NamedTuple):
    """A part of an utterance that says one thing, with its slot if it has one; `whole` has what it leaves out."""

    span: Span
    slot: Slot | None
    whole: str = ""


class _Topics(NamedTuple):
    """What `it` and what `she` would mean now; '' when nothing was named."""

    thing: str
    person: str


def extract(utterances: Sequence[Utterance]) -> list[Fact]:
    """The facts that users state, in order; assistants are not heard, questions and noise say nothing.

    The utterances are those of one session, since a pronoun is taken to mean what was last spoken of.
    """
    facts: list[Fact] = []
    topics = _Topics("", "")
    for utterance in utterances:
        if utterance.role != _USER_ROLE or noise_family(SafeText(utterance.text)):
            continue
        is_first = True
        for statement in _statements(utterance):
            if not _is_explained(statement, topics, is_first=is_first, has_facts=bool(facts)):
                continue
            is_first = False
            fact = _fact(utterance, statement, topics)
            topics = _next_topics(fact, topics)
            facts.append(fact)
    return facts


def _statements(utterance: Utterance) -> Iterator[_Statement]:
    for sentence in split_sentences(SafeText(utterance.text)):
        if (
            len(sentence.text) <= _LONGEST_SENTENCE
            and not is_question(sentence.text)
            and not is_not_to_keep(sentence.text)
        ):
            yield from (part for part in _parts(sentence) if _says_something(part))


def _parts(sentence: Span) -> list[_Statement]:
    """One statement for each clause that has a slot with a subject of its own; what follows belongs to it."""
    parts: list[_Statement] = []
    for clause in split_clauses(sentence):
        read = _elliptic(clause.text, parts) or _read_slot(clause.text)
        spoken = _of_speaker(read, clause.text, sentence.text)
        slot = of_us(spoken, clause.text)
        if gapped := _gapped(clause, parts):
            parts.append(gapped)
        elif parts and not _begins_anew(parts[-1], slot):
            parts[-1] = _joined(parts[-1], clause, slot)
        else:
            parts.append(_Statement(clause, slot, f"我{clause.text.strip()}" if spoken != read else ""))
    return parts


def _gapped(clause: Span, parts: list[_Statement]) -> _Statement | None:
    """Another thing and its value after the same preposition; the verb comes from the clause before."""
    match = _GAPPED.match(clause.text)
    before = parts[-1].slot if parts else None
    if not match or not before or not before.subject:
        return None
    said = re.escape(before.subject) + r"\s+(?P<verb>[\w ]{2,30}?)\s+" + re.escape(match["to"] + before.value)
    verb = re.search(said, parts[-1].span.text)
    if not verb:
        return None
    whole = f"{match['s']} {verb['verb']} {match['to']}{match['v']}"
    slot = _read_slot(whole)
    return _Statement(clause, slot, whole) if slot and slot.attribute == before.attribute else None


def _read_slot(clause: str) -> Slot | None:
    read = chinese_readings if has_cjk(clause) else english_readings
    slots = (slot for form in plain_forms(_without_label(clause).strip()) for slot in read(form))
    return next((slot for slot in slots if not is_denied_value(clause, slot.value)), None)


def _of_speaker(slot: Slot | None, clause: str, sentence: str) -> Slot | None:
    """`我搬家了，现在住在柏林`: a sentence that begins with its speaker speaks of him where a clause names nobody."""
    before, _, _ = sentence.partition(clause)
    if (slot and slot.subject) or not _CHINESE_SPEAKER.match(before) or _CHINESE_OTHER.search(before):
        return slot
    spoken = _read_slot(f"我{clause.strip()}")
    is_personal = spoken and category_of(spoken.attribute) in (Category.PROFILE, Category.PREFERENCES)
    return spoken if is_personal else slot


def _elliptic(clause: str, parts: list[_Statement]) -> Slot | None:
    """`…，米娅的是6044`: the attribute is that of the clause before."""
    match = _ELLIPTIC.match(clause)
    before = parts[-1].slot if parts else None
    return Slot(match["s"], before.attribute, match["v"]) if match and before else None


def _begins_anew(part: _Statement, slot: Slot | None) -> bool:
    if slot is None or part.slot is None or not slot.subject:
        return False
    return slot[:2] != part.slot[:2]


def _joined(part: _Statement, clause: Span, slot: Slot | None) -> _Statement:
    """One statement of both clauses; a limit that is only said to change in the one has its value in the other."""
    span = Span(part.span.start, clause.end, part.span.text + clause.text)
    if part.slot and slot and not part.slot.value and slot.attribute == part.slot.attribute:
        return _Statement(span, part.slot._replace(value=slot.value))
    return _Statement(span, part.slot or slot)


def _without_label(clause: str) -> str:
    """`Root cause: …` and `本周值班表：…` name what follows."""
    label, colon, rest = clause.partition("：") if "：" in clause else clause.partition(": ")
    return rest if colon and len(label) <= _LONGEST_LABEL and rest.strip() else clause


def _says_something(part: _Statement) -> bool:
    text = part.span.text.strip()
    if is_announcement(text) or (part.slot is None and is_reply(text)):
        return False
    if part.slot or any(character.isdecimal() for character in text):
        return noise_family(SafeText(text)) is None
    words = len(_WORD.findall(text)) + (1 if _FIRST_PERSON.match(text) else 0)
    is_long = words >= (_FEWEST_CHARACTERS if has_cjk(text) else _FEWEST_WORDS)
    return is_long and noise_family(SafeText(text)) is None


def _is_explained(statement: _Statement, topics: _Topics, *, is_first: bool, has_facts: bool) -> bool:
    """Whether it is known what a bare `that` or `she` at its start means, or it says something besides.

    A number or a value is worth keeping where the sentence that explains it may just have been kept as well.
    """
    text = statement.span.text.strip()
    points, is_thing = points_at_somebody(text), points_at_thing(text)
    if not points and not is_thing:
        return True
    others = split_clauses(statement.span)[1:]
    if _pointed_at(text, topics) or any(_has_data(clause.text) for clause in others):
        return True
    return _has_data(text) and (has_facts if points else not is_first)


def _has_data(text: str) -> bool:
    return _read_slot(text) is not None or bool(numbers(text) or find_mentions(text))


def _fact(utterance: Utterance, statement: _Statement, topics: _Topics) -> Fact:
    span = trimmed(utterance.text, statement.span.start, statement.span.end)
    text = statement.whole or span.text
    said_at = utterance.said_at
    dates = find_dates(text, said_at)
    slot = statement.slot
    slot = None if slot and _is_to_come(slot, text, dates, said_at) else slot
    name = display_name(utterance.speaker)
    topic = _pointed_at(text, topics) or _acted_on_person(slot, text, topics)
    modality = modality_of(text, has_slot=slot is not None)
    is_dated = any(not date.is_relative or (date.first > said_at and not _is_end(text, date)) for date in dates)
    category = _category(text, slot, is_dated=is_dated)
    subject = _subject(slot, name, topic) or _acted_on(slot, text)
    fact = Fact(
        text=_self_contained(with_resolved_dates(text, dates), name, topic),
        category=category,
        subject=subject,
        attribute=slot.attribute if slot else "",
        value=slot.value if slot else "",
        cardinality=cardinality_of(slot.attribute) if slot else Cardinality.MANY,
        mentions=_mentions(text, topic),
        speaker=utterance.speaker,
        said_at=said_at,
        modality=modality,
        says_change=says_change(text),
        importance=_IMPORTANCE[category] - (0 if slot or dates else _FREE_IMPORTANCE),
        confidence=_confidence(slot, text),
        quotes=[Quote(utterance.id, span.start, span.end)],
    )
    return _with_times(fact, text, dates, said_at)


def _category(text: str, slot: Slot | None, *, is_dated: bool) -> Category:
    by_words = category_by_words(text, is_dated=is_dated)
    registered = category_of(slot.attribute) if slot else None
    is_event = by_words is Category.EVENTS and is_dated
    if registered is None:
        is_personal = by_words in _WEAK and not is_event and _is_about_person(text, slot)
        return Category.PROFILE if is_personal else by_words
    speaks_otherwise = is_event or by_words in (Category.CASES, Category.PATTERNS)
    return by_words if registered is Category.ENTITIES and speaks_otherwise else registered


def _is_about_person(text: str, slot: Slot | None) -> bool:
    """Whether its subject is the speaker, or a person who stands first in the sentence."""
    if slot and slot.subject == SELF:
        return True
    people = [mention.name for mention in find_mentions(text) if mention.type == "person"]
    return slot.subject in people if slot else any(text.startswith(name) for name in people)


def _subject(slot: Slot | None, name: str, topic: str) -> str:
    if slot and slot.subject:
        return (name or USER) if slot.subject == SELF else slot.subject
    return topic


def _acted_on(slot: Slot | None, text: str) -> str:
    """`We shifted the job, it starts at six`: what `it` is stands in the same sentence."""
    match = _ACTED_ON.match(text) if slot else None
    return match["thing"].strip() if match else ""


def _acted_on_person(slot: Slot | None, text: str, topics: _Topics) -> str:
    """`The vet weighed her, 3.1 kg`: whom it is about stands before."""
    is_open = slot is not None and not slot.subject
    return topics.person if is_open and _HER_OR_HIM.search(text) else ""


def _self_contained(text: str, name: str, topic: str) -> str:
    """The speaker by name, and the topic before a sentence that only points at it."""
    colon = "：" if has_cjk(text) else ": "
    about = f"{topic}{colon}" if topic else ""
    return about + named(text, name)


def _mentions(text: str, topic: str) -> list[Mention]:
    found = find_mentions(text)
    return (
        found if not topic or any(mention.name == topic for mention in found) else [*found, Mention(topic, "concept")]
    )


def _confidence(slot: Slot | None, text: str) -> float:
    free = _CONFIDENCE_FREE if slot is None else _CONFIDENCE_CUSTOM
    confidence = _CONFIDENCE_REGISTERED if slot and category_of(slot.attribute) else free
    return round(confidence * (_HEDGED if is_hedged(text) else 1), 2)


def _with_times(fact: Fact, text: str, dates: list[DateSpan], said_at: datetime) -> Fact:
    """When it began, if that is past or said to be a beginning, and when it ends, if that is still to come.

    The day of a coming event is none of these: it is known from the day on which it is announced. An appointment is
    over when its day is.
    """
    begins, ends = None, None
    for date in dates:
        before, after = text[: date.start], text[date.end :]
        if is_former_day(before, after):
            continue
        if _is_end(text, date):
            ends = date.after if date.after > said_at else ends
        elif _SINCE.search(before) or _SINCE.match(after) or date.first <= said_at:
            begins = begins or min(date.first, said_at) if date.first <= said_at else date.first
        elif _APPOINTMENT.search(text):
            ends = max(ends or date.after, date.after)
    if fact.modality is Modality.HYPOTHETICAL:
        return fact
    return msgspec.structs.replace(fact, valid_from=begins, valid_to=ends)


def _is_to_come(slot: Slot, text: str, dates: list[DateSpan], said_at: datetime) -> bool:
    """Whether the value holds from a coming day on: who moves next year lives where he did until then."""
    if cardinality_of(slot.attribute) is not Cardinality.ONE or slot.attribute in _DATED or not says_change(text):
        return False
    return any(
        date.first > said_at and not _is_end(text, date) and text[date.start : date.end] not in slot.value
        for date in dates
        if not (_SINCE.search(text[: date.start]) or _SINCE.match(text[date.end :]))
    )


def _is_end(text: str, date: DateSpan) -> bool:
    """Whether the date is said to be the last one; `the` day of a month is found with the word before it."""
    is_after = _UNTIL_AFTER.match(text[date.end :]) is not None
    return is_after or _UNTIL.search(text[: date.start]) is not None or _UNTIL.match(text[date.start :]) is not None


def _next_topics(fact: Fact, topics: _Topics) -> _Topics:
    """What a following pronoun means: a person or a thing that this fact is about, or the person it names."""
    people = [mention.name for mention in fact.mentions if mention.type == "person"]
    is_other = bool(fact.subject) and fact.subject not in (display_name(fact.speaker), USER)
    # `Her name is Sesame.` of a cat: what she is from now on.
    is_open = not fact.subject or not is_other
    leading = _LEADING.match(fact.text)
    thing = (
        fact.subject
        if is_other and fact.subject not in people
        else leading["thing"]
        if leading and not _SAYING.search(leading["thing"])
        else topics.thing
    )
    named_now = fact.value if fact.attribute == "name" and is_open else ""
    person = fact.subject if is_other and fact.subject in people else next(iter(people), named_now or topics.person)
    return _Topics(thing, person)


def _pointed_at(text: str, topics: _Topics) -> str:
    if _HE_OR_SHE.match(text):
        return topics.person
    return topics.thing if _IT.match(text) else ""
