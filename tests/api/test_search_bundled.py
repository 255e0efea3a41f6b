"""Search as users get it by default: with the bundled model and nothing else configured."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.parts import Parts
from app.worker import Worker
from tests.clients import Client
from tests.conftest import SignUp

MESSAGES = [
    "I finally moved into the new flat on Harcourt Street yesterday.",
    "My brother Daniel drove the van and we scratched the landlord's door, so that's 150 euros gone.",
    "By the way I'm allergic to penicillin, please keep that in mind if I ask about medicine.",
    "We're migrating the billing service from Postgres 12 to Postgres 16, cutover is planned for Saturday night.",
    "Priya owns the runbook, it's at docs/runbooks/billing-pg16.md.",
    "We hit ERR-4711 in staging: the sequence values weren't copied. The fix was to run setval after the copy.",
    "My daughter Emma starts school in September, she is obsessed with dinosaurs right now.",
    "We adopted a cat from the shelter. Her name is Miso and she hates the vacuum cleaner.",
    "I run on Tuesdays and Fridays; training for the Dublin half marathon, my goal is under two hours.",
    "Lunch with Sofia was great, she's leaving Stripe to start a company that makes software for bakeries.",
    "我们团队下周一开始用飞书，以后不再用钉钉了。",
    "我妈妈的生日是五月二十号，她喜欢兰花，去年我送了她一盆君子兰。",
    "我对花生过敏，点外卖的时候要注意。",
    "公司的报销流程改了：超过五千元要部门总监审批，发票要在三十天之内提交。",
    "支付网关的超时时间从3秒改成了8秒，因为银行那边响应太慢。",
    "我的车是一辆白色的比亚迪汉，车牌尾号是6，所以周三限行。",
]
ANSWERS = [
    ("Which street do I live on?", "Harcourt"),
    ("what medication must I avoid?", "penicillin"),
    ("who is responsible for the billing migration runbook?", "Priya"),
    ("what's my cat called?", "Miso"),
    ("my half marathon goal", "under two hours"),
    ("我对什么过敏？", "花生"),
    ("妈妈生日是什么时候？", "五月二十号"),
    ("报销超过多少钱需要总监审批？", "五千元"),
    ("我的车是什么牌子？", "比亚迪"),
    ("支付 gateway 超时", "8秒"),
]
IRRELEVANT = [
    "What is the capital of Mongolia?",
    "best recipe for sourdough bread",
    "who won the football world cup in 1998?",
    "推荐一部电影",
    "asdfghjkl qwertyuiop",
    "😀",
    # Of somebody or something known what nobody said.
    "What breed is Miso?",
    "Which brand of running shoes do I wear?",
    "我妈妈住在哪家医院？",
]

# Two pairs that say the same, then what has nothing to do with anything.
FACTS = [
    "I am allergic to penicillin",
    "I'm allergic to penicillin, please keep that in mind",
    "我对花生过敏，点外卖的时候要注意。",
    "我对花生严重过敏",
    "The cat hates the vacuum cleaner",
    "我妈妈的生日是五月二十号，她喜欢兰花，去年我送了她一盆君子兰。",
    "支付网关的超时时间从3秒改成了8秒，因为银行那边响应太慢。",
    "我的车是一辆白色的比亚迪汉，车牌尾号是6，所以周三限行。",
]


@pytest.fixture
async def talk(sign_up: SignUp, bundled_parts: Parts) -> Client:
    """A conversation in English and Chinese."""
    client = await sign_up(parts=bundled_parts)
    await client.say(*MESSAGES, session_id="talk")
    return client


async def test_the_answer_of_a_conversation_comes_first(talk: Client) -> None:
    for query, part in ANSWERS:
        answer = await talk.search(query)

        assert part in answer["results"][0]["memory"]["content"], query
        assert not answer["abstained"]


async def test_an_irrelevant_question_is_not_answered(talk: Client) -> None:
    for query in IRRELEVANT:
        answer = await talk.search(query)

        assert (answer["results"], answer["abstained"]) == ([], True), query


async def test_a_rare_name_that_one_memory_has_brings_it_first(talk: Client) -> None:
    for query, index in (("ERR-4711", 5), ("what was ERR-4711?", 5), ("billing-pg16.md", 4), ("飞书", 10)):
        assert (await talk.found(query))[0] == MESSAGES[index], query


async def test_a_pinned_memory_that_is_irrelevant_is_not_above_a_relevant_one(talk: Client) -> None:
    await talk.store("Always answer politely and in full sentences.", memory_type="pinned", importance=1)

    found = await talk.found("what's my cat called?", min_score=0, limit=50)

    assert "Miso" in found[0]
    assert found.index("Always answer politely and in full sentences.") > 0
    assert "Always answer politely and in full sentences." not in await talk.found("what's my cat called?")


async def test_without_providers_storing_and_searching_work_by_words_and_meaning(
    sign_up: SignUp, bundled_parts: Parts
) -> None:
    client = await sign_up(parts=bundled_parts)
    await client.store("We adopted a kitten from the shelter")
    await client.store("The deployment failed on Monday")

    answer = await client.search("do they have a pet?", include="why", min_score=0)

    assert text(answer["results"][0]) == "We adopted a kitten from the shelter"
    assert answer["degraded"] == []
    scores = [result["why"]["p_vector"] for result in answer["results"]]
    assert scores[0] > scores[1]


async def test_close_memories_are_related_in_either_script_and_others_are_not(
    sign_up: SignUp, bundled_parts: Parts
) -> None:
    client = await sign_up(parts=bundled_parts)
    for text in FACTS:
        await client.store(text)
    await Worker(bundled_parts).run_pending()

    listed = (await client.get("/v1/memories")).json()["memories"]
    pairs = {
        frozenset((memory["content"], relation["memory"]["content"]))
        for memory in listed
        for relation in await client.related(memory["id"])
    }
    assert pairs == {frozenset(FACTS[:2]), frozenset(FACTS[2:4])}


async def test_the_same_search_gives_the_same_scores(talk: Client) -> None:
    first = [(text(result), result["score"]) for result in (await talk.search("my goal", min_score=0))["results"]]
    second = [(text(result), result["score"]) for result in (await talk.search("my goal", min_score=0))["results"]]

    assert [name for name, _ in first] == [name for name, _ in second]
    assert [score for _, score in first] == pytest.approx([score for _, score in second], abs=1e-4)


def text(result: dict[str, Any]) -> str:
    return result["memory"]["content"]


@pytest.mark.parametrize(
    ("said", "noise", "question"),
    [
        ("生产环境部署在法兰克福的机房里。", "明白了。", "生产环境在哪里？"),
        ("Our production runs in a data centre in Frankfurt.", "Got it, thanks!", "Where does our production run?"),
    ],
)
async def test_what_is_said_around_noise_makes_it_no_answer(
    sign_up: SignUp, bundled_parts: Parts, said: str, noise: str, question: str
) -> None:
    client = await sign_up(parts=bundled_parts)
    messages = [{"role": "user", "content": said}, {"role": "assistant", "content": noise}]
    await client.post("/v1/memories", json={"messages": messages, "session_id": "s"})

    results = (await client.get("/v1/memories/search", params={"q": question})).json()["results"]

    scores = {result["memory"]["content"]: result["score"] for result in results}
    assert scores[said] > 0.7
    assert scores.get(noise, 0) < scores[said] / 2


async def test_who_is_asked_for_is_found_before_somebody_without_a_name(sign_up: SignUp, bundled_parts: Parts) -> None:
    client = await sign_up(parts=bundled_parts)
    named = "The importer was written by Kai of the data team in spring."
    for text in ("The importer was written by somebody on the data team.", named):
        await client.store(text)

    who = await client.search("Who wrote the importer?")
    how = await client.search("How was the importer written?")

    assert who["results"][0]["memory"]["content"] == named
    assert how["results"][0]["memory"]["content"] != named
