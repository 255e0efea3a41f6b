"""Which facts are remembered, held or refused, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import msgspec
import pytest

from app.domain.decisions import Action
from app.domain.facts import Asserter, Fact, Mention, Modality
from app.domain.memories import Category
from app.domain.space_settings import Preset
from ingest.admission import PRESETS, WEIGHTS, Verdict, admit, refusal, score_recency, score_utility

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
EVERYWHERE = list(product(Category, Preset))


def fact(text: str = "Dalia uses the 35 mm lens.", category: str = "preferences", **fields: object) -> Fact:
    return msgspec.convert({"text": text, "category": category, "said_at": NOW, **fields}, Fact)


RELEASE_EN = fact("Version 5.1 of the courier app went live on 9 February.", value="9 February", valid_from=NOW)
RELEASE_ZH = fact("5.1版快递应用在二月九日上线。", value="二月九日", valid_from=NOW)


@pytest.mark.parametrize(("category", "preset"), EVERYWHERE)
@pytest.mark.parametrize("useful", [RELEASE_EN, RELEASE_ZH])
def test_a_useful_fact_is_admitted_in_every_category(category: Category, preset: Preset, useful: Fact) -> None:
    useful = msgspec.structs.replace(useful, category=category)

    assert admit(useful, 0.9, False, preset).verdict is Verdict.ADMIT


@pytest.mark.parametrize(("category", "preset"), EVERYWHERE)
@pytest.mark.parametrize("text", ["That one.", "It is nice.", "嗯。", "可以。"])
def test_a_worthless_fact_is_rejected_in_every_category(category: Category, preset: Preset, text: str) -> None:
    admission = admit(fact(text, category), 1.0, False, preset)

    assert admission.verdict is Verdict.REJECT
    assert "utility" in admission.reason


@pytest.mark.parametrize(("category", "preset"), EVERYWHERE)
def test_a_fact_that_was_hardly_said_is_rejected_in_every_category(category: Category, preset: Preset) -> None:
    admission = admit(msgspec.structs.replace(RELEASE_EN, category=category, confidence=0.1), 1.0, False, preset)

    assert admission.verdict is Verdict.REJECT
    assert "confidence" in admission.reason


def test_the_numbers_are_those_that_the_configuration_shows() -> None:
    assert {preset: (bounds.reject, bounds.admit) for preset, bounds in PRESETS.items()} == {
        "balanced": (0.45, 0.60),
        "conservative": (0.52, 0.68),
        "high_recall": (0.34, 0.52),
    }
    assert list(msgspec.structs.asdict(WEIGHTS).values()) == [0.1, 0.1, 0.1, 0.1, 0.6]


def test_a_score_is_the_weighted_sum_of_its_parts() -> None:
    admission = admit(RELEASE_EN, 0.4, False, Preset.BALANCED)
    parts, weights = msgspec.structs.asdict(admission.parts), msgspec.structs.asdict(WEIGHTS)

    assert admission.score == pytest.approx(sum(parts[name] * weights[name] for name in parts))
    assert all(0 <= part <= 1 for part in parts.values())


@pytest.mark.parametrize(
    ("preset", "verdict"),
    [(Preset.HIGH_RECALL, Verdict.ADMIT), (Preset.BALANCED, Verdict.HOLD), (Preset.CONSERVATIVE, Verdict.HOLD)],
)
def test_presets_differ_in_what_they_make_of_small_talk_about_a_day(preset: Preset, verdict: Verdict) -> None:
    assert admit(fact("The restart went well this time.", "events"), 0.9, False, preset).verdict is verdict


def test_an_event_without_anything_new_is_rejected_by_its_score() -> None:
    stale = fact("The restart went well this time.", "events", valid_to=NOW - timedelta(days=3650), confidence=0.3)

    admission = admit(stale, 0.0, False, Preset.BALANCED)

    assert admission.verdict is Verdict.REJECT
    assert admission.reason.startswith("score")


def test_a_repeat_promotes_what_was_held() -> None:
    chatter = fact("The restart went well this time.", "events")

    assert admit(chatter, 0.9, False, Preset.BALANCED).verdict is Verdict.HOLD
    assert admit(chatter, 0.9, True, Preset.BALANCED).verdict is Verdict.ADMIT


def test_a_repeat_does_not_promote_what_was_rejected() -> None:
    assert admit(fact("That one."), 0.9, True, Preset.HIGH_RECALL).verdict is Verdict.REJECT


@pytest.mark.parametrize("has_repeat", [False, True])
@pytest.mark.parametrize("modality", [Modality.WISH, Modality.HYPOTHETICAL])
def test_a_wish_is_held_however_often_it_is_said(modality: Modality, has_repeat: bool) -> None:
    wish = msgspec.structs.replace(RELEASE_EN, modality=modality)

    assert admit(wish, 0.9, has_repeat, Preset.HIGH_RECALL).verdict is Verdict.HOLD


def test_a_question_is_rejected() -> None:
    question = msgspec.structs.replace(RELEASE_EN, modality=Modality.QUESTION)

    assert admit(question, 0.9, False, Preset.HIGH_RECALL).reason == "a question claims nothing"


def test_an_unknown_category_counts_as_the_least() -> None:
    parts = admit(fact("Walt keeps bees behind the house.", "other"), 0.9, False, Preset.BALANCED).parts

    assert parts.type_prior == 0.45


def test_hearsay_is_less_sure_than_what_the_user_says() -> None:
    hearsay = msgspec.structs.replace(RELEASE_EN, asserted_by=Asserter.THIRD_PARTY)

    said, heard = (admit(one, 0.9, False, Preset.BALANCED).parts for one in (RELEASE_EN, hearsay))

    assert heard.confidence < said.confidence


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (fact("Likes jazz."), fact("Likes jazz.", value="jazz")),
        (fact("我可能喜欢爵士乐。"), fact("我喜欢爵士乐。")),
        (fact("I think the index is missing."), fact("The index is missing.")),
        (fact(), fact(mentions=[Mention("Dalia", "person")])),
        (fact(importance=0.2), fact(importance=0.9)),
        (fact("Dalia paints."), fact("Dalia paints harbour scenes in watercolour at dawn.")),
    ],
)
def test_what_can_be_asked_for_makes_a_fact_useful(less: Fact, more: Fact) -> None:
    assert score_utility(less) < score_utility(more)


@pytest.mark.parametrize(("ended_days_ago", "recency"), [(None, 1.0), (-30, 1.0), (0, 1.0), (365, 0.5), (730, 0.25)])
def test_what_is_long_over_is_less_recent(ended_days_ago: int | None, recency: float) -> None:
    ended = None if ended_days_ago is None else NOW - timedelta(days=ended_days_ago)

    assert score_recency(fact(valid_to=ended)) == pytest.approx(recency)


@pytest.mark.parametrize(
    ("text", "category", "action"),
    [("That one.", "profile", Action.REJECT), ("The restart went well this time.", "events", Action.HOLD)],
)
def test_a_refusal_keeps_the_parts_of_its_score(text: str, category: str, action: Action) -> None:
    decision = refusal(3, admit(fact(text, category), 0.9, False, Preset.BALANCED))

    assert (decision.fact, decision.action, decision.requested_action) == (3, action, Action.CREATE)
    assert set(decision.scores) == {"utility", "confidence", "novelty", "recency", "type_prior", "score"}
    assert decision.reason


@pytest.mark.parametrize("text", ["The choir sings in Ghent on 2 April.", "合唱团4月2日要去根特演出。"])
def test_an_event_with_a_day_to_come_is_admitted_and_one_without_any_is_held(text: str) -> None:
    undated = text.replace(" on 2 April", "").replace("4月2日", "")

    verdicts = [admit(fact(said, "events"), 1.0, False, Preset.BALANCED).verdict for said in (text, undated)]

    assert verdicts == [Verdict.ADMIT, Verdict.HOLD]
