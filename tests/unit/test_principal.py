"""Who may read and write what."""

from __future__ import annotations

import re

import pytest

from app.domain.errors import InsufficientScope, Invalid, NotFound, Unauthorized
from app.domain.principal import (
    ALL_AGENTS,
    AgentGroup,
    Principal,
    Role,
    Scope,
    SpaceAccess,
    agent_token,
    filter_token,
    group_token,
    key_hash,
    parse_visibility,
)

KEY = "omk_alice"


def alice(**changes: object) -> Principal:
    """A tenant with a personal space, a team she writes to and one she only reads."""
    fields: dict[str, object] = {
        "tenant_id": "alice",
        "key_id": "k1",
        "key_hashes": [key_hash(KEY)],
        "scopes": [Scope.READ, Scope.WRITE],
        "spaces": [
            SpaceAccess("team/red", "sred0", "team", Role.MEMBER),
            SpaceAccess("personal/alice", "sme0", "personal", Role.ADMIN),
            SpaceAccess("team/blue", "sblue0", "team", Role.READER),
        ],
        "groups": [AgentGroup("coders", ["ann", "bob"]), AgentGroup("设计师", ["bob"])],
    }
    return Principal(**{**fields, **changes})  # type: ignore[arg-type]


def test_member_reads_all_spaces_and_writes_where_the_role_allows() -> None:
    assert alice().space_keys == ["sred0", "sme0", "sblue0"]
    assert alice().writable_keys == ["sred0", "sme0"]


def test_personal_space_is_the_one_of_the_tenant() -> None:
    assert alice().personal_space().space_key == "sme0"


def test_tenant_without_a_personal_space_is_told_so() -> None:
    with pytest.raises(NotFound, match="no personal space"):
        alice(spaces=[]).personal_space()


@pytest.mark.parametrize("given", ["personal/alice", "personal:alice", f"personal/{KEY}", f"personal:{KEY}"])
def test_own_space_is_found_under_each_form_of_its_id(given: str) -> None:
    assert alice().space(given).id == "personal/alice"


@pytest.mark.parametrize(("given", "canonical"), [("team:a:b", "team/a:b"), ("org/x", "org/x"), ("x", "x")])
def test_only_the_first_colon_separates(given: str, canonical: str) -> None:
    assert alice().canonical_space_id(given) == canonical


@pytest.mark.parametrize(
    "given", ["personal/bob", "team/green", f"team/{KEY}", "alice", "", "personal", "personal/", "/"]
)
def test_foreign_space_is_not_found_in_the_words_of_an_unknown_one(given: str) -> None:
    with pytest.raises(NotFound) as error:
        alice().space(given)

    assert error.value.message == "not found: no such space"


def test_writing_without_a_space_means_the_personal_one() -> None:
    assert alice().writable_space(None).id == alice().writable_space("").id == "personal/alice"


def test_reader_may_not_write() -> None:
    with pytest.raises(Unauthorized, match="does not allow writing"):
        alice().writable_space("team/blue")


@pytest.mark.parametrize("given", [None, "", "all", " all "])
def test_search_without_a_space_looks_in_all_of_them(given: str | None) -> None:
    assert alice().readable_spaces(given) == alice().space_keys


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ("team/red", ["sred0"]),
        ("team:red, team/blue", ["sred0", "sblue0"]),
        (f"personal/{KEY},team/green", ["sme0"]),
        ("team/green", []),
        (",", []),
        ("team/red,team/red", ["sred0"]),
    ],
)
def test_search_drops_foreign_spaces_silently(given: str, keys: list[str]) -> None:
    assert alice().readable_spaces(given) == keys


def test_agent_sees_what_is_for_all_what_is_its_own_and_what_is_for_its_groups() -> None:
    own = [ALL_AGENTS, agent_token("alice", "ann"), group_token("alice", "coders")]

    assert alice().acting_as("ann").visible == own


def test_client_without_an_agent_is_the_agent_without_a_name() -> None:
    assert alice().visible == [ALL_AGENTS, agent_token("alice", "")]
    assert parse_visibility(alice(), "private").token == agent_token("alice", "")


def test_key_of_one_agent_acts_as_no_other() -> None:
    assert alice(bound_agent="mcp").acting_as("ann").agent_id == "mcp"
    assert alice(bound_agent="mcp").acting_as("").agent_id == "mcp"


def test_empty_name_keeps_the_agent() -> None:
    assert alice().acting_as("ann").acting_as("").agent_id == "ann"


def test_scope_that_the_key_has_is_enough() -> None:
    alice().require(Scope.WRITE)


def test_scope_that_the_key_lacks_is_named() -> None:
    with pytest.raises(InsufficientScope, match="lacks the scope admin"):
        alice().require(Scope.ADMIN)


@pytest.mark.parametrize(
    ("words", "said", "token"),
    [
        (None, "global", ALL_AGENTS),
        ("", "global", ALL_AGENTS),
        ("global", "global", ALL_AGENTS),
        ("private", "private", agent_token("alice", "ann")),
        ("shared:coders", "shared:coders", group_token("alice", "coders")),
        ("shared:设计师", "shared:设计师", group_token("alice", "设计师")),
    ],
)
def test_visibility_is_one_token(words: str | None, said: str, token: str) -> None:
    visibility = parse_visibility(alice().acting_as("ann"), words)

    assert (visibility.words, visibility.token) == (said, token)


@pytest.mark.parametrize("words", ["public", "Global", "private:ann", "global:x", "shared", "shared:", "shared:nobody"])
def test_other_words_are_no_visibility(words: str) -> None:
    with pytest.raises(Invalid, match="visibility"):
        parse_visibility(alice(), words)


@pytest.mark.parametrize(
    "token",
    [
        ALL_AGENTS,
        agent_token("alice", "Zoë the 3rd"),
        group_token("alice", "设计师"),
        filter_token("tag", "c++"),
        filter_token("source", ""),
    ],
)
def test_token_is_one_that_no_analyzer_splits_or_stems(token: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+0", token)


def test_tokens_of_different_owners_differ() -> None:
    tokens = [
        agent_token("alice", "bob"),
        agent_token("bob", "alice"),
        agent_token("alic", "ebob"),
        agent_token("alice", ""),
        group_token("alice", "bob"),
    ]

    assert len({token[1:] for token in tokens[:4]}) == 4
    assert len(set(tokens)) == 5


def test_hash_of_a_key_is_sha256_in_hexadecimal() -> None:
    assert key_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
