"""Questions for all that is known of something, over HTTP: the community of what they name belongs to the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from neo4j import AsyncDriver

from app.services.parts import Parts
from tests.api.test_communities import make
from tests.clients import Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]
# The last one of each names the topic by nothing but what belongs to it.
ENGLISH = [
    "Ada Byron keeps her boat Argo in Lisbon.",
    "The harbour of Lisbon was painted by Ada Byron.",
    "The boat Argo of Ada Byron has red sails.",
    "Argo needs a new mast before the winter.",
]
CHINESE = ["小明在厦门开了《听雨》茶馆。", "小明每天在《听雨》写日记。", "《听雨》的屋顶去年漏过水。"]
OTHERS = [f"Room {number} of the clinic has a green door." for number in range(12)]
PLACE = """
MATCH (memory:Memory) WHERE memory.id IN $ids SET memory.centrality = CASE memory.id WHEN $id THEN 1.0 ELSE 0.0 END
"""
WIDE = {"limit": "40", "include_trace": "true"}


async def test_an_overview_finds_what_belongs_to_its_topic(
    alice: Client, sign_up: SignUp, parts: Parts, work: Work, driver: AsyncDriver
) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    ids = {text: (await alice.store(text, space=team))["id"] for text in [*ENGLISH, *CHINESE, *OTHERS]}
    hidden = await alice.store("Argo was stolen from Ada Byron once.", space=team, visibility="private")
    await work()
    plain = await alice.found("What do you know about Ada Byron?", space=team)
    await make(alice, parts, work, team)

    found = await bob.search("What do you know about Ada Byron?", space=team, include="why", **WIDE)

    texts = [result["memory"]["content"] for result in found["results"]]
    assert ENGLISH[3] in texts
    assert ENGLISH[3] not in plain[:3]
    assert set(texts[:3]) == set(ENGLISH[:3])
    assert hidden["id"] not in [result["memory"]["id"] for result in found["results"]]
    assert not set(OTHERS) & set(texts)
    (path,) = next(one["why"]["path"] for one in found["results"] if one["memory"]["content"] == ENGLISH[3])
    assert path["edge"] in ("community", "mentions")
    chinese = await bob.found("关于小明你知道什么？", space=team)
    assert CHINESE[2] in chinese
    assert set(chinese[:2]) == set(CHINESE[:2])
    # Nothing is made up for what nobody named.
    assert (await bob.search("What do you know about Zorblax Quux?", space=team))["results"] == []
    assert ids[ENGLISH[0]] == found["results"][0]["memory"]["id"] or texts[0] in ENGLISH[:3]


async def test_the_most_central_of_equally_relevant_memories_comes_first_in_an_overview(
    alice: Client, work: Work, driver: AsyncDriver
) -> None:
    ids = [(await alice.store(f"Lisbon has a tram with the number {number}."))["id"] for number in (12, 15, 18, 25, 28)]
    await work()
    for wanted in (ids[4], ids[0]):
        await driver.execute_query(PLACE, ids=ids, id=wanted)
        found = (await alice.search("Tell me everything about Lisbon", include="why"))["results"]
        assert found[0]["memory"]["id"] == wanted
        priors = sorted(one["why"]["prior"] for one in found)
        assert priors[-1] / priors[0] < 1.15


async def test_a_profile_shows_the_topics_of_the_last_days_as_far_as_they_are_seen(
    alice: Client, sign_up: SignUp, parts: Parts, work: Work
) -> None:
    bob = await sign_up("Bob")
    team = (await alice.space("Team", bob=bob))["id"]
    ids = {(await alice.store(text, space=team))["id"] for text in [*ENGLISH, *CHINESE]}
    await work()
    await make(alice, parts, work, team)

    profile = (await bob.get("/v1/profile", params={"space": team, "include": "topics,sections"})).json()

    topics = profile["topics"]
    assert {one["space_id"] for one in topics} == {team}
    assert {memory_id for one in topics for memory_id in one["memory_ids"]} <= ids
    assert all(one["recent_count"] == one["memory_count"] >= 3 and one["summary"] is None for one in topics)
    assert "Argo" in str(topics)
    assert profile["sections"]
    assert "topics" not in (await bob.get("/v1/profile", params={"space": team})).json()
    past = {"space": team, "include": "topics", "as_of": "2020-01-01T00:00:00Z"}
    assert (await bob.get("/v1/profile", params=past)).json()["topics"] == []
    assert (await bob.get("/v1/profile", params={"include": "topic"})).status_code == 400
