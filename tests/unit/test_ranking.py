"""The properties of relevance that a search relies on; the figures are measured by the evaluation."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from app.domain.periods import Period
from app.domain.ranking import ABSTAIN_BELOW, DROP_BELOW, Candidate, Scored, assess, order, prior
from app.domain.turns import Place

# Cosines that the bundled model gives for a fitting text, a loosely related one and an unrelated one.
NEAR, RELATED, FAR = 0.6, 0.35, 0.1


def candidate(
    text: str, cosine: float | None = FAR, *, name: str = "", session_id: str = "", speaker: str = ""
) -> Candidate:
    return Candidate(id=name or text, text=text, cosine=cosine, session_id=session_id, speaker=speaker)


def score(
    query: str, candidates: Sequence[Candidate], *, has_vector: bool, periods: Sequence[Period] = ()
) -> list[Scored]:
    return order(assess(query, candidates, has_vector=has_vector, alike={}, periods=periods))


def relevances(scored: list[Scored]) -> dict[str, float]:
    return {one.id: one.relevance for one in scored}


NOTES = [
    candidate("Maria: We adopted a grey kitten from the shelter last Sunday."),
    candidate("Tom: My sister moved to Lisbon for a job in a bakery."),
    candidate("Maria: The deployment of the billing service failed again on Monday night."),
    candidate("Tom: I train for the marathon on Tuesdays and Fridays before work."),
]


def test_a_rare_id_is_first_though_dissimilar_in_vector_space() -> None:
    target = candidate("We saw ERR-4711 in the logs of the payment gateway.", None)
    others = [candidate(f"{note.text} It was an error of some kind.", NEAR) for note in NOTES]

    best = score("ERR-4711", [*others, target], has_vector=True)[0]

    assert best.id == target.id
    assert best.relevance >= ABSTAIN_BELOW


def test_a_word_of_like_meaning_counts_less_than_the_word_itself_and_more_than_none() -> None:
    texts = ["The kids sleep at eight.", "The children sleep at eight.", "The lamps sleep at eight."]
    alike = {"kid": {"children": 0.5}, "sleep": {"at": 0.9}}

    found = order(assess("When do the kids sleep?", [candidate(text) for text in texts], has_vector=True, alike=alike))

    assert [one.id for one in found] == texts
    assert found[0].relevance > found[1].relevance > found[2].relevance
    # What a text says in the words of the question is not counted again.
    assert (
        found[2].relevance
        == relevances(score("When do the kids sleep?", [candidate(text) for text in texts], has_vector=True))[texts[2]]
    )


def test_a_question_without_words_is_found_where_it_stands() -> None:
    target = candidate("We meet for 🍵 at four.", RELATED)

    best, second = score("🍵", [*NOTES, target], has_vector=True)[:2]

    assert best.id == target.id
    assert best.relevance >= ABSTAIN_BELOW > DROP_BELOW > second.relevance


def test_a_paraphrase_without_a_shared_word_is_found_by_its_vector() -> None:
    best, second = score("Which pet lives with them?", [candidate(NOTES[0].text, NEAR), *NOTES[1:]], has_vector=True)[
        :2
    ]

    assert best.id == NOTES[0].id
    assert best.relevance >= ABSTAIN_BELOW
    assert second.relevance < DROP_BELOW


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "蒙古的首都是哪里？", "asdf qwer", "😀"])
def test_an_irrelevant_question_stays_below_the_threshold(question: str) -> None:
    assert score(question, NOTES, has_vector=True)[0].relevance < ABSTAIN_BELOW


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Where did Tom's sister move?", NOTES[1].text),
        ("How was the failed billing deployment fixed?", NOTES[2].text),
        ("云片现在吃什么类型的粮？", "云片体检，体重5.2公斤，医生建议减肥，粮换成低脂的了。"),
    ],
)
@pytest.mark.parametrize("has_vector", [True, False])
def test_shared_words_are_enough(question: str, text: str, has_vector: bool) -> None:
    cosine = 0.55 if has_vector else None
    others = [candidate(text, None) for text in ("今天天气不错，我们去爬山了。", *(note.text for note in NOTES))]
    known = [other for other in others if other.text != text]

    best = score(question, [*known, candidate(text, cosine)], has_vector=has_vector)[0]

    assert best.id == text
    assert best.relevance >= ABSTAIN_BELOW


@pytest.mark.parametrize("cosines", [(0.2, 0.3), (0.3, 0.5), (0.5, 0.75)])
def test_relevance_rises_with_the_cosine(cosines: tuple[float, float]) -> None:
    lower, higher = (candidate(NOTES[0].text, cosine, name=str(cosine)) for cosine in cosines)

    scored = score("the kitten of Maria", [lower, higher], has_vector=True)

    assert [one.id for one in scored] == [higher.id, lower.id]
    assert scored[0].p_vector > scored[1].p_vector


def test_relevance_rises_with_the_words_that_are_there() -> None:
    texts = ["a b c d e f g h red bicycle lamp", "a b c d e f g h red bicycle x", "a b c d e f g h red y x"]

    scored = score("red bicycle lamp", [candidate(text) for text in texts], has_vector=True)

    assert [one.id for one in scored] == texts
    assert scored[0].p_text > scored[1].p_text > scored[2].p_text


def test_in_a_tiny_memory_most_of_the_words_are_enough() -> None:
    only = candidate("Ana: I went to the pottery class with Ben", RELATED)

    for memory in ([only], [only, candidate(f"{only.text} again", RELATED)]):
        assert score("Where did Ana go for the pottery class?", memory, has_vector=True)[0].relevance >= ABSTAIN_BELOW


def test_a_common_word_says_less_than_a_rare_one() -> None:
    common = [candidate(f"the project meeting number {number} was long and had no result") for number in range(20)]
    rare = candidate("the zephyr was long and had no result at all for us")

    assert score("project zephyr", [*common, rare], has_vector=True)[0].id == rare.id


@pytest.mark.parametrize(
    ("having", "lacking", "asking", "another"),
    [
        (
            "I went to the pottery class with Ben last Friday, lovely people",
            "I went to the pottery class with Ben and lovely people",
            "When did Ana go to the pottery class?",
            "Where did Ana go to the pottery class?",
        ),
        (
            "I went to the pottery class with Ben, lovely people",
            "I went to the pottery class with her, lovely people",
            "Who did Ana go to the pottery class with?",
            "How did Ana like the pottery class?",
        ),
    ],
    ids=["time", "name"],
)
def test_what_is_asked_for_is_expected(having: str, lacking: str, asking: str, another: str) -> None:
    has, lacks = (candidate(f"Ana: {text}", RELATED) for text in (having, lacking))

    asked = relevances(score(asking, [has, lacks], has_vector=True))
    unasked = relevances(score(another, [has, lacks], has_vector=True))

    assert asked[has.id] - asked[lacks.id] > 3 * abs(unasked[has.id] - unasked[lacks.id])


def test_a_name_that_the_question_has_or_that_speaks_is_no_answer() -> None:
    known = candidate("I went to the pottery class with Ben and dear Ana", RELATED, name="1", speaker="Ana")
    news = candidate("I went to the pottery class with Zoë and dear Ana", RELATED, name="2", speaker="Ana")

    asked = relevances(score("Who was with Ben at the pottery class?", [known, news], has_vector=True))
    unasked = relevances(score("Was Ben at the pottery class?", [known, news], has_vector=True))

    assert asked[news.id] - asked[known.id] > unasked[news.id] - unasked[known.id]


def test_whether_a_chinese_text_names_somebody_is_not_judged() -> None:
    spoken = [candidate(text, RELATED, name=text) for text in ("我和小王一起去上陶艺课", "我和朋友一起去上陶艺课")]

    who = relevances(score("Who went to 陶艺课 with me?", spoken, has_vector=True))

    assert who[spoken[0].id] == pytest.approx(who[spoken[1].id], abs=0.02)


def test_what_the_named_speaker_said_comes_first() -> None:
    by_ana = candidate("I love the pottery class so much, really", RELATED, name="2", speaker="Ana")
    by_ben = candidate("I love the pottery class so much, really", RELATED, name="1", speaker="Ben")

    assert score("What does Ana love?", [by_ben, by_ana], has_vector=True)[0].id == by_ana.id
    assert score("Who loves pottery?", [by_ben, by_ana], has_vector=True)[0].id == by_ben.id


def test_the_session_of_a_strong_hit_lifts_what_is_near_it() -> None:
    hit = candidate("Ana: the pottery class in the old town starts at nine", NEAR, session_id="a")
    beside = candidate("Ben: the teacher there is called Ravi and he is strict", RELATED, session_id="a")
    elsewhere = candidate("Ben: the teacher here is called Hugo and he is strict", RELATED, session_id="b")

    found = relevances(score("When does the pottery class start?", [hit, beside, elsewhere], has_vector=True))

    assert found[hit.id] > found[beside.id] > found[elsewhere.id]


def test_an_unrelated_turn_is_not_lifted_over_the_cut_by_its_session() -> None:
    hit = candidate("The pottery class in the old town starts at nine", 0.9, session_id="a")
    unrelated = candidate("cheers", FAR, session_id="a")

    assert (
        relevances(score("When does the pottery class start?", [hit, unrelated], has_vector=True))["cheers"]
        < DROP_BELOW
    )


def test_order_and_scores_do_not_depend_on_the_order_of_the_candidates() -> None:
    shuffled = random.Random(7).sample(NOTES, len(NOTES))

    assert score("Maria on Monday", shuffled, has_vector=True) == score("Maria on Monday", NOTES, has_vector=True)


def test_equal_candidates_are_ordered_by_id() -> None:
    same = [candidate("the same text", RELATED, name=name) for name in "cab"]

    assert [one.id for one in score("same text", same, has_vector=True)] == ["a", "b", "c"]


@pytest.mark.parametrize("query", ["", "   ", "*", "\ud800", "a" * 10_000, "猫" * 10_000])
@pytest.mark.parametrize("has_vector", [True, False])
def test_any_query_gets_scores_between_0_and_1(query: str, has_vector: bool) -> None:
    scored = score(query, [*NOTES, candidate("", None), candidate("猫", 1.0, speaker="😀")], has_vector=has_vector)

    assert len(scored) == len(NOTES) + 2
    assert all(0 <= value <= 1 for one in scored for value in (one.relevance, one.p_vector, one.p_text, one.bm25))


def test_no_candidates_give_no_scores() -> None:
    assert score("anything", [], has_vector=True) == []


def test_300_candidates_are_scored_in_little_time() -> None:
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"]
    draw = random.Random(3)
    many = [candidate(" ".join(draw.choices(words, k=25)), draw.random(), name=str(number)) for number in range(300)]
    score("warm", many, has_vector=True)
    started = time.process_time()

    score("What did alpha say about kappa?", many, has_vector=True)

    # Some 2 ms on a quiet machine.
    assert time.process_time() - started < 0.05


def test_the_prior_is_bounded_and_neutral_in_the_middle() -> None:
    assert prior(0.5, 0.5, 0.5, pinned=False) == 1.0
    assert prior(1, 1, 1, pinned=True) == 1.35
    assert prior(0, 0, 0, pinned=False, boost=-1) == 0.75
    assert prior(0.5, 0.5, 0.5, pinned=True) > prior(0.5, 0.5, 0.5, pinned=False)


@pytest.mark.parametrize(
    ("question", "asks", "answer"),
    [
        ("Where did the violin come from?", "Nora: Tell me where you got that old violin.", "Ben: A flea market."),
        ("小提琴是从哪里来的？", "小诺：你那把旧小提琴是哪里买的？", "阿本：在跳蚤市场。"),
    ],
)
def test_an_answer_need_not_repeat_its_question(question: str, asks: str, answer: str) -> None:
    said = [
        msgspec.structs.replace(candidate(text), place=Place("visit", position))
        for position, text in enumerate((asks, answer))
    ]
    alone = candidate("Ben: A meat market.") if question.isascii() else candidate("阿本：在菜市场。")

    scored = relevances(score(question, [*said, alone, *NOTES], has_vector=True))

    assert scored[answer] > scored[alone.id]


def test_what_was_said_at_the_time_that_is_asked_comes_first() -> None:
    may, october = datetime(2023, 5, 9, tzinfo=UTC), datetime(2023, 10, 9, tzinfo=UTC)
    bought = candidate("Maria: I bought a cello.", RELATED)
    said = [msgspec.structs.replace(bought, id=at.isoformat(), since=at) for at in (october, may)]
    asked = Period(datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC))

    best = score("What did Maria buy in May 2023?", said, has_vector=True, periods=[asked])[0]

    assert best.id == may.isoformat()
