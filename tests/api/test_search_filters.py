"""Each parameter of a search changes its results as stated, for words and for vectors."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.parts import Parts
from tests.clients import Client
from tests.conftest import SignUp
from tests.fakes import NOON, FixedClock

DAY = 24 * 60 * 60

# The same words everywhere, so that only the filter decides.
TEXTS = {
    "plain": {},
    "mcp": {"source": "mcp"},
    "hook": {"source": "hook", "tags": ["infra"]},
    "infra": {"tags": ["infra", "生产"]},
    "profile": {"category": "profile"},
    "pinned": {"memory_type": "pinned"},
    "both": {"category": "profile", "source": "mcp", "tags": ["infra", "生产"]},
}
FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({"tags": "infra"}, {"hook", "infra", "both", "message"}),
    ({"tags": "infra,生产"}, {"infra", "both"}),
    ({"tags": " 生产 , infra ,"}, {"infra", "both"}),
    ({"tags": "nobody"}, set()),
    ({"tags": "Infra"}, set()),
    ({"source": "mcp"}, {"mcp", "both"}),
    ({"source": "mc"}, set()),
    ({"agent_id": "coder"}, {"message"}),
    ({"session_id": "s2"}, {"answer"}),
    ({"category": "profile"}, {"profile", "both"}),
    ({"category": "Events"}, {"message", "answer"}),
    ({"memory_type": "pinned"}, {"pinned"}),
    ({"memory_type": "session"}, {"message", "answer"}),
    ({"memory_type": "INSIGHT"}, {"plain", "mcp", "hook", "infra", "profile", "both"}),
    ({"tags": "infra", "source": "mcp"}, {"both"}),
    ({"tags": "infra", "category": "preferences"}, {"hook", "infra"}),
    ({"tags": "infra", "memory_type": "session", "session_id": "s1"}, {"message"}),
    ({"tags": "infra", "agent_id": "nobody"}, set()),
    ({"source": "mcp", "category": "profile", "tags": "生产"}, {"both"}),
    ({"scope": "global", "tags": "生产"}, {"infra", "both"}),
    ({"scope": "elsewhere"}, set()),
]


@pytest.fixture
async def filled(alice: Client) -> Client:
    """A tenant with one memory for each entry of TEXTS, and two messages."""
    for name, fields in TEXTS.items():
        await alice.store(f"the harbour office {name}", **fields)
    await alice.say("the harbour office message", session_id="s1", agent_id="coder", tags=["infra"], source="chat")
    await alice.say("the harbour office answer", session_id="s2")
    return alice


# Every text has the words of the first; the second finds by pairs of letters alone; the third asks for nothing.
@pytest.mark.parametrize("query", ["harbour office", "harbou rofice", ""])
async def test_a_filter_leaves_exactly_what_it_says(filled: Client, query: str) -> None:
    for parameters, expected in FILTERS:
        found = await filled.found(query, min_score=0, limit=50, **parameters)

        assert {text.removeprefix("the harbour office ") for text in found} == expected, parameters


@pytest.mark.parametrize("query", ["harbour office", "harbou rofice", ""])
async def test_a_source_of_any_script_is_found_with_and_without_a_filter(alice: Client, query: str) -> None:
    for source in ("ＭＣＰ", "\ue000", "\uffff", "🚢", "中文", "\U0010fffe"):
        await alice.store(f"the harbour office {source}", source=source)

    assert len(await alice.found(query, min_score=0)) == 6
    assert await alice.found(query, min_score=0, source="ＭＣＰ") == ["the harbour office ＭＣＰ"]


@pytest.mark.parametrize("field", ["category", "memory_type"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_word_is_refused_by_the_name_of_its_field(alice: Client, method: str, field: str) -> None:
    asked = {"q": "harbour", field: "nonsense"}

    answer = await ask(alice, method, asked)

    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]
    assert "nonsense" in answer.json()["error"]["message"]


@pytest.mark.parametrize("field", ["since", "until", "as_of", "known_at"])
async def test_what_is_no_time_is_refused_by_the_name_of_its_field(alice: Client, field: str) -> None:
    for value in ("yesterday", "2026-03-02T10:00:00", "2026-13-01", "12"):
        answer = await ask(alice, "GET", {"q": "harbour", field: value})

        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith(f"validation error: {field} ")


async def test_since_and_until_look_at_when_it_was_true_or_said(sign_up: SignUp, parts: Parts) -> None:
    client = await sign_up(parts=Parts(parts.settings, parts.graph, parts.embedder, parts.accesses, FixedClock()))
    for month in ("01", "02", "03"):
        await client.store(f"harbour fact {month}", valid_from=f"2026-{month}-10T00:00:00Z")
        said = {"role": "user", "content": f"harbour talk {month}", "said_at": f"2026-{month}-10T08:00:00+08:00"}
        await client.post("/v1/memories", json={"messages": [said]})

    since = await client.found("harbour", min_score=0, since="2026-02-10")
    until = await client.found("harbour", min_score=0, until="2026-02-09T23:00:00-01:00")
    between = await client.found("", since="2026-02-01", until="2026-03-01")

    assert set(since) == {"harbour fact 02", "harbour talk 02", "harbour fact 03", "harbour talk 03"}
    assert set(until) == {"harbour fact 01", "harbour talk 01", "harbour fact 02", "harbour talk 02"}
    assert set(between) == {"harbour fact 02", "harbour talk 02"}


class Move:
    """Paris until the clock moved by ten days, then Rome; the moments are in between."""

    def __init__(self, client: Client, clock: FixedClock) -> None:
        self.client, self.clock = client, clock
        self.in_paris = (NOON).replace(day=19).isoformat()

    async def store(self) -> None:
        paris = await self.client.store("Ana lives in Paris")
        self.clock.move(10 * DAY)
        await self.client.store("Ana lives in Rome", replaces=[paris["id"]])
        self.clock.move(10 * DAY)


@pytest.fixture
async def move(sign_up: SignUp, parts: Parts) -> Move:
    clock = FixedClock()
    client = await sign_up(parts=Parts(parts.settings, parts.graph, parts.embedder, parts.accesses, clock))
    move = Move(client, clock)
    await move.store()
    return move


@pytest.mark.parametrize("query", ["where does Ana live?", ""])
async def test_only_what_is_current_is_found(move: Move, query: str) -> None:
    assert await move.client.found(query, min_score=0) == ["Ana lives in Rome"]


@pytest.mark.parametrize("query", ["where does Ana live?", ""])
async def test_what_was_replaced_is_found_when_it_is_asked_for(move: Move, query: str) -> None:
    results = (await move.client.search(query, min_score=0, include_superseded="true"))["results"]

    states = {result["memory"]["content"]: result["memory"]["state"] for result in results}
    assert states == {"Ana lives in Rome": "active", "Ana lives in Paris": "superseded"}


@pytest.mark.parametrize("query", ["where does Ana live?", ""])
async def test_as_of_answers_what_was_true_then(move: Move, query: str) -> None:
    assert await move.client.found(query, min_score=0, as_of=move.in_paris) == ["Ana lives in Paris"]
    assert await move.client.found(query, min_score=0, as_of="2026-03-01") == []


@pytest.mark.parametrize("query", ["where does Ana live?", ""])
async def test_known_at_answers_what_was_believed_then(move: Move, query: str) -> None:
    assert await move.client.found(query, min_score=0, known_at=move.in_paris) == ["Ana lives in Paris"]
    assert await move.client.found(query, min_score=0, known_at="2026-03-01") == []


async def test_what_was_learned_late_is_true_then_but_was_not_known_then(move: Move) -> None:
    await move.client.store("Ana lives with Bo", valid_from="2026-03-10T00:00:00Z")

    assert "Ana lives with Bo" in await move.client.found("Ana lives", min_score=0, as_of=move.in_paris)
    assert "Ana lives with Bo" not in await move.client.found("Ana lives", min_score=0, known_at=move.in_paris)


async def test_what_is_no_longer_true_is_not_found(sign_up: SignUp, parts: Parts) -> None:
    clock = FixedClock()
    client = await sign_up(parts=Parts(parts.settings, parts.graph, parts.embedder, parts.accesses, clock))
    await client.store("The office is closed", valid_to="2026-03-20T00:00:00Z")
    before = await client.found("office closed")
    clock.move(7 * DAY)

    after = await client.found("office closed")

    assert (before, after) == (["The office is closed"], [])


async def test_a_space_is_named_by_its_id_by_all_or_not_at_all(alice: Client) -> None:
    stored = await alice.store("the harbour office")
    own = stored["space_id"]

    for space in (own, own.replace("/", ":"), "all", "", f"team/unknown,{own}", f"personal/{alice.key}"):
        assert await alice.found("harbour", space=space) == ["the harbour office"], space


@pytest.mark.parametrize("query", ["harbour", ""])
async def test_foreign_and_unknown_spaces_are_dropped_silently(alice: Client, stranger: Client, query: str) -> None:
    foreign = (await alice.store("the harbour office"))["space_id"]
    own = (await stranger.store("the harbour of Oslo"))["space_id"]

    mixed = await stranger.found(query, space=f"{foreign},{own},team/unknown")
    none = await stranger.search(query, space=f"{foreign},nonsense", include_trace="true")

    assert mixed == ["the harbour of Oslo"]
    assert (none["results"], none["degraded"]) == ([], [])
    assert none["trace"]["final_count"] == 0


async def ask(client: Client, method: str, asked: dict[str, Any]) -> Any:
    if method == "GET":
        return await client.get("/v1/memories/search", params=asked)
    return await client.post("/v1/memories/search", json=asked)
