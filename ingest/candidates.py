"""A fact beside something known, and what can be said about the two without judging them."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from app.domain.facts import Fact, Modality
from app.domain.texts import normalised, terms
from ingest import cues
from ingest.changes import tells_change
from ingest.linking import subject_key
from ingest.relation_features import Pair, is_each_about_oneself

TENTATIVE = (Modality.PLAN, Modality.WISH, Modality.HYPOTHETICAL, Modality.QUESTION)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A current memory that a fact may be about; `''` stands for none, `cosine` is None when there is no vector."""

    id: str
    text: str
    text_hash: str
    category: str
    memory_type: str = "insight"
    subject: str = ""
    attribute: str = ""
    value: str = ""
    context: str = ""
    speaker: str = ""
    said_at: datetime | None = None
    valid_from: datetime | None = None
    session_id: str = ""
    modality: Modality = Modality.FACT
    cosine: float | None = None
    is_pinned: bool = False
    is_held: bool = False
    confidence: float = 0.5


class Comparison(msgspec.Struct, frozen=True):
    """A new fact and one candidate; a missing time counts as later than what is known."""

    fact: Fact
    text_hash: str
    known: Known

    @property
    def pair(self) -> Pair:
        """The two as the judge reads them."""
        return Pair(
            older=self.known.text,
            newer=self.fact.text,
            is_same_speaker=self.is_same_speaker,
            gap_days=self._gap / timedelta(days=1),
            cosine=self.known.cosine,
        )

    @property
    def is_same_text(self) -> bool:
        """Whether the words are the same, apart from case, width and outer punctuation."""
        return self.text_hash == self.known.text_hash

    @property
    def is_same_speaker(self) -> bool:
        """Whether one asserter said both; two without a name are taken for one."""
        return self.fact.speaker == self.known.speaker

    @property
    def is_later(self) -> bool:
        """Whether the fact was not said before what is known."""
        return self._gap >= timedelta(0)

    @property
    def is_same_slot(self) -> bool:
        """Whether both give a value for the same attribute of the same subject, in whatever context."""
        return (
            bool(self.fact.subject and self.fact.attribute) and self._is_same("subject") and self._is_same("attribute")
        )

    @property
    def is_same_context(self) -> bool:
        """Whether both hold under the same condition."""
        return self._is_same("context")

    @property
    def is_same_value(self) -> bool:
        """Whether the values agree, one of them perhaps in more words."""
        new, old = self.fact.value, self.known.value
        if not new or not old or self._is_same("value"):
            return self._is_same("value")
        new_terms, old_terms = set(terms(new)), set(terms(old))
        return cues.numbers(new) == cues.numbers(old) and (new_terms <= old_terms or old_terms <= new_terms)

    @property
    def is_same_but_number(self) -> bool:
        """Whether the values have the same words and other numbers, as `Android 9` and `Android 10`."""
        new, old = set(terms(self.fact.value)), set(terms(self.known.value))
        words = {term for term in new if not cues.numbers(term)}
        return bool(words) and new != old and words == {term for term in old if not cues.numbers(term)}

    @property
    def is_same_polarity(self) -> bool:
        """Whether both affirm or both deny."""
        return (self.fact.modality is Modality.NEGATED) == (self.known.modality is Modality.NEGATED)

    @property
    def is_another_thing(self) -> bool:
        """Whether they are known to be about different subjects; two who say I speak of two people."""
        if self.fact.subject and self.known.subject:
            return not self._is_same("subject") and not self._is_part
        return not self.is_same_speaker and is_each_about_oneself(self.known.text, self.fact.text)

    @property
    def is_another_attribute(self) -> bool:
        """Whether they are known to give values of different attributes."""
        return bool(self.fact.attribute and self.known.attribute) and not self._is_same("attribute")

    @property
    def is_another_time(self) -> bool:
        """Whether both are dated, on different days."""
        new, old = self.fact.valid_from, self.known.valid_from
        return new is not None and old is not None and new.date() != old.date()

    @property
    def was_over(self) -> bool:
        """Whether the fact tells of something that had ended before what is known began."""
        begin = self.known.valid_from or self.known.said_at
        return self.fact.valid_to is not None and begin is not None and self.fact.valid_to <= begin

    @property
    def is_fact_tentative(self) -> bool:
        """Whether the new one is planned, wished or supposed."""
        return self.fact.modality in TENTATIVE

    @property
    def is_known_tentative(self) -> bool:
        """Whether what is known is planned, wished or supposed."""
        return self.known.modality in TENTATIVE

    @property
    def says_change(self) -> bool:
        """Whether the new one says outright that something changed."""
        return self.fact.says_change or tells_change(self.fact.text)

    @property
    def _is_part(self) -> bool:
        """Whether one is about a part of the other, as `后台的前端`: the texts tell whether it is the same matter."""
        whole, part = sorted((self.fact.subject, self.known.subject), key=len)
        return part.startswith(f"{whole}的")

    @property
    def _gap(self) -> timedelta:
        if self.fact.said_at is None or self.known.said_at is None:
            return timedelta(0)
        return self.fact.said_at - self.known.said_at

    def _is_same(self, field: str) -> bool:
        if field == "subject":
            return subject_key(self.fact.subject) == subject_key(self.known.subject)
        return normalised(getattr(self.fact, field)) == normalised(getattr(self.known, field))
