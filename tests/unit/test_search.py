"""What a search request means, and what its words and filters are to the indexes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import Invalid
from app.domain.memories import BEGINNING, OPEN_END, Category, MemoryType
from app.domain.principal import AgentGroup, Principal, Role, SpaceAccess, filter_token, key_hash
from app.domain.search import (
    MAX_QUERY_CHARS,
    Part,
    SearchRequest,
    asks_for_past,
    is_everything,
    parse_include,
    recency_score,
    split_tags,
)
from app.providers.thesaurus import Thesaurus
from app.services.understanding import MOST_ALIKE, Plan, understand
from app.storage.search import HIGHEST
from tests.fakes import NOON

PERSONAL = SpaceAccess("personal/ana", "p10", "personal", Role.ADMIN)
TEAM = SpaceAccess("team/t", "t10", "team", Role.READER)
ANA = Principal("ana", "key", [key_hash("secret")], [], [PERSONAL, TEAM], [AgentGroup("g", ["coder"])])
# What an index neither splits nor stems: lower case, letters and digits, a digit at the end.
TOKEN = re.compile(r"[a-z0-9]*[0-9]\Z")


def plan(q: str = "harbour office", **asked: object) -> Plan:
    return understand(ANA, SearchRequest(q=q, **asked), NOON, Thesaurus())  # type: ignore[arg-type]


@pytest.mark.parametrize("query", ["", " ", "\n\t", "*", " * ", "\u3000"])
def test_nothing_in_particular_is_everything(query: str) -> None:
    assert is_everything(query)


@pytest.mark.parametrize("query", ["**", "* *", "a", "?", "。"])
def test_any_sign_but_a_star_asks_for_something(query: str) -> None:
    assert not is_everything(query)


def test_a_memory_fades_by_half_in_thirty_days() -> None:
    ages = (timedelta(days=-1), timedelta(), timedelta(days=30), timedelta(days=60))

    assert [recency_score(NOON - age, NOON, is_message=False) for age in ages] == [1, 1, 0.5, 0.25]
    assert [recency_score(NOON - age, NOON, is_message=True) for age in ages] == [0.5, 0.5, 0.25, 0.125]


def test_parts_of_an_answer_come_as_a_comma_list_or_a_list() -> None:
    assert parse_include(" why, evidence,") == parse_include(["why", "evidence"]) == {Part.WHY, Part.EVIDENCE}
    assert parse_include(None) == parse_include("") == set()


@pytest.mark.parametrize("given", ["everything", "why;evidence", "WHY"])
def test_an_unknown_part_is_refused(given: str) -> None:
    with pytest.raises(Invalid, match="include must be a list of evidence, facts, relations, why"):
        parse_include(given)


def test_tags_of_containers_do_not_filter() -> None:
    tags = ["infra", "omem_user_0123", "omem_project_4567", "omem_", "Omem_user_x"]

    assert split_tags(tags) == (["infra", "omem_", "Omem_user_x"], {"omem_user_0123", "omem_project_4567"})


def test_without_filters_everything_that_is_current_is_looked_at() -> None:
    scope = plan().scope

    assert scope.space_keys == ["p10", "t10"]
    assert scope.states == ["active"]
    assert (scope.categories, scope.memory_types) == (list(Category), list(MemoryType))
    assert (scope.source_from, scope.source_to) == (scope.agent_from, scope.agent_to) == ("", HIGHEST)
    assert (scope.valid_from_min, scope.valid_from_max, scope.valid_to_min) == (BEGINNING, OPEN_END, NOON)
    assert (scope.recorded_at_max, scope.retired_at_min) == (OPEN_END, NOON)


def test_a_filter_is_a_range_of_one_value() -> None:
    scope = plan(source="mcp", agent_id="coder", session_id="s1", category="EVENTS", memory_type="pinned").scope

    assert (scope.source_from, scope.source_to) == ("mcp", "mcp")
    assert (scope.agent_from, scope.agent_to) == ("coder", "coder")
    assert (scope.session_from, scope.session_to) == ("s1", "s1")
    assert (scope.categories, scope.memory_types) == (["events"], ["pinned"])


def test_as_of_looks_at_what_was_true_then() -> None:
    then = datetime(2025, 5, 1, tzinfo=UTC)

    scope = plan(as_of="2025-05-01").scope

    assert (scope.valid_from_max, scope.valid_to_min) == (then, then)
    assert "superseded" in scope.states
    assert "retracted" not in scope.states
    assert scope.recorded_at_max == OPEN_END


def test_known_at_looks_at_what_was_believed_then() -> None:
    then = datetime(2025, 5, 1, tzinfo=UTC)

    scope = plan(known_at="2025-05-01T02:00:00+02:00").scope

    assert (scope.recorded_at_max, scope.retired_at_min, scope.valid_to_min) == (then, then, then)
    assert "retracted" in scope.states


def test_both_times_are_independent() -> None:
    scope = plan(as_of="2025-05-01", known_at="2025-07-01").scope

    assert scope.valid_to_min == datetime(2025, 5, 1, tzinfo=UTC)
    assert scope.recorded_at_max == datetime(2025, 7, 1, tzinfo=UTC)


def test_the_past_is_part_of_it_when_asked_for() -> None:
    scope = plan(include_superseded=True).scope

    assert {"active", "superseded", "merged", "expired", "archived"} == set(scope.states)
    assert scope.valid_to_min == BEGINNING


@pytest.mark.parametrize(
    ("space", "keys"),
    [
        (None, ["p10", "t10"]),
        ("all", ["p10", "t10"]),
        ("team/t", ["t10"]),
        ("team:t , personal/ana", ["p10", "t10"]),
        ("personal/secret", ["p10"]),
        ("team/other", []),
        ("team/other,team/t", ["t10"]),
    ],
)
def test_a_space_is_one_of_the_callers_own(space: str | None, keys: list[str]) -> None:
    assert plan(space=space).scope.space_keys == keys


@pytest.mark.parametrize(
    ("query", "english", "cjk"),
    [("harbour", 1, 0), ("港口", 1, 1), ("harbour 港口", 1, 1), ("?!", 0, 0), ("🚢", 0, 0), ("", 0, 0)],
)
def test_the_script_decides_which_index_is_asked(query: str, english: int, cjk: int) -> None:
    texts = plan(query).texts

    assert (len(texts.english), len(texts.cjk)) == (english, cjk)


def test_every_filter_of_a_text_query_is_one_token_that_no_analyzer_changes() -> None:
    asked = {"source": "a-b c", "agent_id": "编码", "session_id": "S:1", "category": "events", "memory_type": "pinned"}

    [query] = plan(tags="infra,生产", **asked).texts.english

    filters = re.findall(r"\+(?:space_key|visible_to|facets):\(([^)]*)\)\^0", query)
    assert len(filters) == 9
    assert all(TOKEN.match(token) for group in filters for token in group.split(" OR "))
    assert filter_token("source", "a-b c") in filters


def test_container_tags_are_no_filter_of_a_text_query() -> None:
    [query] = plan(tags="omem_user_0123").texts.english

    assert "facets" not in query


def test_only_what_the_agent_may_see_is_asked_for() -> None:
    coder = understand(ANA.acting_as("coder"), SearchRequest(q="harbour"), NOON, Thesaurus())

    assert len(ANA.visible) == 2
    assert len(ANA.acting_as("coder").visible) == 3
    assert all(token in coder.texts.english[0] for token in ANA.acting_as("coder").visible)


def test_of_a_long_query_the_first_characters_are_read() -> None:
    assert plan("港" * MAX_QUERY_CHARS + "口").query == "港" * MAX_QUERY_CHARS


def test_words_of_like_meaning_are_looked_up_for_a_question_and_not_for_a_book() -> None:
    nouns = "harbour office kid dog cat house music beach film phone coffee price mail brother train ship river bread"

    assert "children" in plan("Where do the kids sleep?").alike["kid"]
    assert len(plan(nouns).alike) == MOST_ALIKE
    assert plan("孩子们睡在哪里？").alike.get("孩子") == {}


@pytest.mark.parametrize(("asked", "used"), [(None, 20), (0, 0), (200, 200), (201, 200), (10**12, 200)])
def test_a_limit_is_cut(asked: int | None, used: int) -> None:
    assert plan(limit=asked).limit == used


@pytest.mark.parametrize(
    ("query", "is_past"),
    [
        ("Where did Mara use to live?", True),
        ("What do we use to deploy?", False),
        ("Where Mara used to live", True),
        ("What was the previous deploy day?", True),
        ("Who owned it before?", True),
        ("Which editor did Kai use before switching?", True),
        ("What must I do before a release?", False),
        ("Where does Mara live now?", False),
        ("米娅以前住在哪里？", True),
        ("原来的端口是多少？", True),
        ("合并之前要做什么？", False),
        ("现在的端口是多少？", False),
    ],
)
def test_only_a_question_about_the_past_asks_for_it(query: str, is_past: bool) -> None:
    assert asks_for_past(query) is is_past
