"""How a search explains itself: trace, reasons, evidence and relations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Client

LEGS = ["leg:vector", "leg:english", "leg:cjk", "leg:graph"]
STAGES = ["understand", "embed", *LEGS, "rank", "resolve", "cut", "collapse", "expand"]
PARTS = {"evidence", "relations", "why"}


@pytest.fixture
async def office(alice: Client) -> Client:
    """Facts about an office, one of them twice, one about something else."""
    await alice.store("The harbour office is on the pier")
    await alice.store("The harbour office opens at nine", memory_type="pinned", importance=1)
    await alice.say("the harbour office opens at nine.", speaker="Bo")
    await alice.store("Zebras sleep while standing")
    return alice


async def test_a_trace_has_every_stage_in_order(office: Client) -> None:
    trace = (await office.search("harbour office", include_trace="true"))["trace"]

    assert [stage["name"] for stage in trace["stages"]] == STAGES
    assert set(trace) == {"stages", "total_duration_ms", "final_count"}
    fields = {"name", "input_count", "output_count", "duration_ms", "score_range", "dropped"}
    assert all(set(stage) == fields for stage in trace["stages"])


@pytest.mark.parametrize("limit", [1, 20])
async def test_the_counts_of_a_trace_add_up(office: Client, limit: int) -> None:
    answer = await office.search("harbour office", include_trace="true", limit=limit)

    stages = {stage["name"]: stage for stage in answer["trace"]["stages"]}
    legs = sum(stages[leg]["output_count"] for leg in LEGS)
    assert stages["rank"]["input_count"] == legs
    for before, after in (("rank", "resolve"), ("resolve", "cut"), ("cut", "collapse"), ("collapse", "expand")):
        assert stages[after]["input_count"] == stages[before]["output_count"]
    for name in ("cut", "collapse"):
        stage = stages[name]
        assert stage["input_count"] - stage["output_count"] == len(stage["dropped"])
    assert answer["trace"]["final_count"] == stages["expand"]["output_count"] == len(answer["results"])


async def test_every_drop_has_its_reason(office: Client) -> None:
    answer = await office.search("harbour office", include_trace="true", limit=1)

    reasons = {drop["id"]: drop["reason"] for stage in answer["trace"]["stages"] for drop in stage["dropped"]}
    assert len(reasons) == 3
    assert set(reasons.values()) == {"relevance below 0.175", "beyond limit 1", f"same text as {first_id(answer)}"}


async def test_abstention_says_how_relevant_the_best_was(office: Client) -> None:
    answer = await office.search("quantum chromodynamics", include_trace="true")

    cut = next(stage for stage in answer["trace"]["stages"] if stage["name"] == "cut")
    assert (answer["results"], answer["abstained"]) == ([], True)
    assert cut["output_count"] == 0
    assert all(drop["reason"].startswith("abstained: the best relevance is 0.") for drop in cut["dropped"])


async def test_a_line_of_the_callers_own_is_named_as_the_reason(office: Client) -> None:
    answer = await office.search("harbour office", include_trace="true", min_score=0.9999)

    cut = next(stage for stage in answer["trace"]["stages"] if stage["name"] == "cut")
    assert {drop["reason"] for drop in cut["dropped"]} == {"score below min_score 0.9999"}


async def test_times_and_scores_of_a_trace_are_plausible(office: Client) -> None:
    trace = (await office.search("harbour office", include_trace="true"))["trace"]

    stages = trace["stages"]
    assert all(stage["duration_ms"] >= 0 for stage in stages)
    assert sum(stage["duration_ms"] for stage in stages) <= trace["total_duration_ms"] + 1
    ranges = [stage["score_range"] for stage in stages if stage["score_range"]]
    assert ranges
    assert all(lowest <= highest for lowest, highest in ranges)


@pytest.mark.parametrize(
    ("tags", "leg"), [("infra", "leg:vector, exact"), ("omem_user_0123456789abcdef", "leg:vector")]
)
async def test_a_trace_says_how_tagged_memories_were_compared(alice: Client, tags: str, leg: str) -> None:
    await alice.store("Deploys go through Argo", tags=[tags])

    trace = (await alice.search("deploys Argo", tags=tags, include_trace="true"))["trace"]

    assert trace["stages"][2]["name"] == leg
    assert trace["stages"][2]["output_count"] == 1


async def test_the_newest_have_a_trace_as_well(office: Client) -> None:
    trace = (await office.search("*", include_trace="true"))["trace"]

    assert [stage["name"] for stage in trace["stages"]] == ["understand", "recent", "collapse", "expand"]
    assert trace["final_count"] == 3


async def test_parts_that_were_not_asked_for_are_absent(office: Client) -> None:
    for asked in ("", "why", "evidence", "relations", "why,evidence", " relations , why "):
        wanted = {part.strip() for part in asked.split(",") if part.strip()}

        [first, *_] = (await office.search("harbour office", include=asked))["results"]

        assert PARTS & set(first) == wanted


async def test_why_names_the_legs_and_the_parts_of_the_score(office: Client) -> None:
    results = (await office.search("harbour office opens at nine", include="why", min_score=0))["results"]

    pinned = next(result for result in results if result["memory"]["memory_type"] == "pinned")
    zebra = next(result for result in results if "Zebras" in result["memory"]["content"])
    assert pinned["why"]["legs"] == {"vector": 1, "english": 1}
    assert zebra["why"]["legs"].keys() == {"vector"}
    assert pinned["why"]["prior"] > zebra["why"]["prior"]
    assert zebra["why"]["p_text"] == 0
    for result in results:
        assert set(result["why"]) == {"legs", "p_vector", "p_text", "relevance", "prior", "path"}
        assert all(0 <= result["why"][part] <= 1 for part in ("p_vector", "p_text", "relevance"))
        assert 0.75 <= result["why"]["prior"] <= 1.35


async def test_the_evidence_of_a_message_is_what_was_said(alice: Client) -> None:
    said = {
        "role": "user",
        "content": "我妹妹五月搬到了里斯本",
        "speaker": "小王",
        "said_at": "2026-05-01T08:00:00+08:00",
    }
    await alice.post("/v1/memories", json={"messages": [said], "session_id": "s1"})

    [result] = (await alice.search("妹妹搬到哪里了？", include="evidence"))["results"]

    assert result["evidence"] == [
        {
            "message_id": result["memory"]["id"],
            "session_id": "s1",
            "role": "user",
            "speaker": "小王",
            "said_at": "2026-05-01T00:00:00.000000+00:00",
            "content": "我妹妹五月搬到了里斯本",
        }
    ]


async def test_a_memory_that_was_stored_by_hand_has_no_evidence(office: Client) -> None:
    results = (await office.search("harbour office pier", include="evidence"))["results"]

    assert results[0]["evidence"] == []


async def test_relations_of_a_result_are_those_of_its_memory(alice: Client) -> None:
    ids = [(await alice.store(f"the harbour office {name}"))["id"] for name in ("pier", "roof")]
    stated = await state(alice, ids[0], "supports", ids[1])

    results = (await alice.search("harbour office", include="relations"))["results"]

    shown = {result["memory"]["id"]: result["relations"] for result in results}
    assert [relation["id"] for relation in shown[ids[0]]] == [stated["id"]]
    assert [(relation["type"], relation["direction"]) for relation in shown[ids[1]]] == [("supports", "in")]
    assert shown[ids[1]][0]["memory"]["id"] == ids[0]


def first_id(answer: dict[str, Any]) -> str:
    return answer["results"][0]["memory"]["id"]


async def state(client: Client, source: str, kind: str, target: str) -> dict[str, Any]:
    answer = await client.post(f"/v1/memories/{source}/relations", json={"type": kind, "target_id": target})
    assert answer.status_code == 201, answer.text
    return answer.json()
