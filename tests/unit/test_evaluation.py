"""The figures of the evaluations, from answers that are known; no service is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from app.domain import calibration, ranking
from tests.evaluation import ablation, facts, locomo, noise, scenarios
from tests.evaluation.baseline import Bm25
from tests.evaluation.conversations import parse_time, read, turn_ids
from tests.evaluation.locomo import turns_by_text
from tests.evaluation.scenarios import Question, Scenario, judge
from tests.evaluation.scores import estimate, f1, recall

CONVERSATION = {
    "sample_id": "c1",
    "conversation": {
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "I have a dog."},
            {"speaker": "Bob", "dia_id": "D1:2", "text": "Look!", "blip_caption": "a cat"},
            {"speaker": "Ann", "dia_id": "D1:3", "text": "I have a dog."},
        ],
    },
    "qa": [
        {"question": "What has Ann?", "answer": "a dog", "evidence": ["D:1:01", "D9:9"], "category": 4},
        {"question": "Nothing known?", "answer": "", "evidence": ["D7:1"], "category": 1},
        {"question": "Adversarial?", "evidence": ["D1:1"], "category": 5},
    ],
}


@pytest.fixture
def locomo_file(tmp_path: Path) -> Path:
    path = tmp_path / "locomo.json"
    path.write_bytes(msgspec.json.encode([CONVERSATION]))
    return path


def question(kind: str, expect_any: list[str], expect_absent: list[str] | None = None) -> Question:
    return Question(q="?", type=kind, as_of=None, expect_any=expect_any, expect_absent=expect_absent or [])


def outcome_of(asked: Question, *top: str) -> scenarios.Outcome:
    return judge(Scenario(id="s", lang="en", turns=[], secrets=[], questions=[]), asked, list(top))


@pytest.mark.parametrize(("text", "turns"), [("D8:6; D9:17", ["8:6", "9:17"]), ("D:11:26", ["11:26"]), ("D", [])])
def test_malformed_evidence_still_names_its_turns(text: str, turns: list[str]) -> None:
    assert turn_ids(text) == turns


def test_session_times_are_read_as_utc() -> None:
    assert parse_time("1:56 pm on 8 May, 2023") == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def test_questions_without_known_evidence_and_adversarial_ones_are_left_out(locomo_file: Path) -> None:
    (conversation,) = read(locomo_file)

    assert [(asked.text, asked.gold) for asked in conversation.questions] == [("What has Ann?", {"1:1"})]


def test_captions_are_part_of_a_turn_and_turns_keep_their_order(locomo_file: Path) -> None:
    (conversation,) = read(locomo_file)

    assert conversation.turns[1].content == "Look! [image: a cat]"
    assert [turn.said_at.second for turn in conversation.turns] == [0, 1, 2]


def test_equal_turns_of_a_session_stand_for_each_other(locomo_file: Path) -> None:
    (conversation,) = read(locomo_file)

    assert turns_by_text(conversation)["c1/1", "I have a dog."] == ["1:1", "1:3"]


def test_recall_counts_each_gold_turn_once() -> None:
    found = [["1:1"], ["1:1"], ["2:2", "2:3"], ["4:4"]]

    assert recall(["1:1", "2:3"], found, 2) == 0.5
    assert recall(["1:1", "2:3"], found, 3) == 1.0


def test_interval_contains_the_mean_and_is_the_same_in_every_run() -> None:
    values = [0.0, 1.0, 1.0, 0.5] * 10

    assert estimate(values) == estimate(values)
    assert estimate(values).low < estimate(values).mean < estimate(values).high


def test_f1_of_nothing_found_is_zero() -> None:
    assert f1([False, False], [True, False]) == 0.0
    assert f1([True, True, False], [True, False, True]) == 0.5


def test_bm25_prefers_the_text_with_the_rare_word() -> None:
    index = Bm25(["the cat sleeps", "the cat eats tofu", "the dog sleeps"])

    assert index.best("Who eats tofu?", 1) == [1]


def test_answer_may_be_any_of_the_expected_strings_in_any_case() -> None:
    assert outcome_of(question("event_time", ["16 March", "2026-03-16"]), "no", "on 16 MARCH").is_answered
    assert not outcome_of(question("event_time", ["16 March"]), "on 17 March").is_answered


def test_conflict_is_shown_only_with_both_sides() -> None:
    asked = question("conflict", ["20:25", "20:50"])

    assert not outcome_of(asked, "at 20:25").has_both_sides
    assert outcome_of(asked, "at 20:25", "at 20:50").has_both_sides


def test_outdated_value_counts_only_where_it_comes_first() -> None:
    asked = question("current", ["B2"], ["A1"])

    assert outcome_of(asked, "room A1", "room B2").is_stale
    assert not outcome_of(asked, "room B2", "room A1").is_stale


def test_abstention_is_an_empty_answer() -> None:
    outcomes = [outcome_of(question("abstain", [])), outcome_of(question("current", ["x"]), "x")]

    assert scenarios.figures("en", outcomes).abstain_f1 == 1.0


def test_recall_is_reported_by_category_and_by_conversation() -> None:
    outcomes = [
        locomo.Outcome(
            conversation=name, question="?", category=category, gold=["1:1"], found=[["1:1"]], bm25=[], seconds=0.01
        )
        for name, category in (("a", 1), ("b", 4))
    ]

    tables = locomo.tables(outcomes)

    assert [row.name for row in tables["category"]] == ["multi-hop", "single-hop", "all"]
    assert [(row.name, row.recall["1"].mean, row.bm25["1"].mean) for row in tables["conversation"]] == [
        ("a", 1.0, 0.0),
        ("b", 1.0, 0.0),
    ]


def test_noise_is_counted_by_what_is_lost_and_what_is_missed() -> None:
    said = [
        ("hi", True, "greeting"),
        ("ping", True, None),
        ("I live in Oslo", False, "ack"),
        ("我住在上海", False, None),
    ]
    outcomes = [
        noise.Outcome(line=noise.Line(text, "en", is_noise, "kind"), family=family) for text, is_noise, family in said
    ]

    row = noise.figures("en", outcomes)

    assert (row.precision, row.recall, row.f1) == (0.5, 0.5, 0.5)
    assert (row.dropped, row.missed) == ({"kind": 1}, {"kind": 1})


def test_a_fact_is_found_by_its_value_in_one_of_its_turns() -> None:
    gold = [facts.Gold("Ann lives in Oslo.", "profile", "Oslo", [0]), facts.Gold("Tea.", "preferences", "tea", [1])]
    told = facts.Told("s", "en", [], gold, [2])
    found = [
        facts.Found("Ann lives in oslo", "entities", [0]),
        facts.Found("Ann drinks tea", "preferences", [0]),
        facts.Found("Hello", "events", [2]),
    ]

    outcome = facts.judge(told, found)
    row = facts.figures("en", "all", [outcome])

    assert [match is not None for match in outcome.matches] == [True, False]
    assert (row.recall, row.precision, row.category_right, row.from_noise) == (0.5, pytest.approx(1 / 3), 0.0, 1)


@pytest.mark.parametrize("lever", ablation.LEVERS.values(), ids=ablation.LEVERS.keys())
def test_a_lever_is_taken_away_wherever_it_is_held_and_comes_back(lever: dict[str, object]) -> None:
    before = {name: [getattr(module, name) for module in ablation.MODULES if hasattr(module, name)] for name in lever}

    with ablation.taken_away(lever):
        for name, value in lever.items():
            held = [getattr(module, name) for module in ablation.MODULES if hasattr(module, name)]
            assert held == [value] * len(before[name])
            assert held != before[name]

    after = {name: [getattr(module, name) for module in ablation.MODULES if hasattr(module, name)] for name in lever}
    assert after == before


def test_a_lever_that_nothing_holds_is_an_error() -> None:
    with pytest.raises(KeyError, match="NO_SUCH"), ablation.taken_away({"NO_SUCH": 1}):
        pass
    assert ranking.SESSION_SHARE == calibration.SESSION_SHARE > 0
