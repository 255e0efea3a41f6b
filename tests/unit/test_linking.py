"""Which names are one entity, and which facts fill one slot."""

from __future__ import annotations

import pytest

from app.domain.facts import Fact, Mention
from ingest.linking import (
    KnownEntity,
    Retyped,
    alike_query,
    cosine,
    entity_id,
    is_comparable,
    link,
    named_entities,
    norm_name,
    score_sameness,
    slot_id,
)


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        ("Acme Inc.", "acme"),
        ("ACME  Corp", "acme"),
        ("Ａｃｍｅ", "acme"),
        ("“Atlas”", "atlas"),
        ("阿里巴巴集团", "阿里巴巴"),
        ("深圳市腾讯计算机系统有限公司", "深圳市腾讯计算机系统"),
        ("C++", "c++"),
        ("C#", "c#"),
        ("The user", "user"),
        ("用户", "user"),
        ("I", "user"),
        ("Co", "co"),
        ("?", "?"),
    ],
)
def test_spellings_of_one_name_have_one_form(name: str, norm: str) -> None:
    assert norm_name(name) == norm


def fact(*mentions: Mention, **fields: str) -> Fact:
    return Fact(text="text", category="entities", mentions=list(mentions), **fields)


def known(norm: str, kind: str) -> KnownEntity:
    return KnownEntity(id=f"{norm}/{kind}", name=norm, norm_name=norm, type=kind)


@pytest.mark.parametrize(
    ("mention", "entities", "found"),
    [
        (Mention("Atlas", "project"), [known("atlas", "project")], "atlas/project"),
        (Mention("Atlas", "concept"), [known("atlas", "project")], "atlas/project"),
        (Mention("Atlas", "project"), [known("atlas", "concept")], "atlas/concept"),
        (Mention("Atlas", "person"), [known("atlas", "project")], entity_id("s0", "atlas", "person")),
        (Mention("Atlas", "project"), [known("atlas", "concept"), known("atlas", "project")], "atlas/project"),
        (Mention("Nova", "project"), [known("atlas", "project")], entity_id("s0", "nova", "project")),
    ],
)
def test_a_mention_means_the_entity_of_its_name_and_a_fitting_type(
    mention: Mention, entities: list[KnownEntity], found: str
) -> None:
    links = link("s0", [fact(mention)], entities)

    assert links.by_fact == [[found]]
    assert [entity.id for entity in links.new] == ([found] if "/" not in found else [])


def test_an_entity_of_several_facts_is_made_once() -> None:
    links = link("s0", [fact(Mention("Atlas", "project")), fact(Mention("ATLAS", "concept"))], [])

    assert len(links.new) == 1
    assert links.by_fact[0] == links.by_fact[1]


def test_the_subject_is_an_entity_and_who_speaks_a_person() -> None:
    assert named_entities(fact(subject="user")) == [Mention("user", "person")]
    assert named_entities(fact(subject="user 1a2b3c4d")) == [Mention("user 1a2b3c4d", "person")]
    assert named_entities(fact(subject="user interface")) == [Mention("user interface", "concept")]
    assert named_entities(fact(Mention("Mara", "person"), subject="Mara")) == [Mention("Mara", "person")]
    assert named_entities(fact(Mention("Mara", "concept"), speaker="mara")) == [Mention("Mara", "person")]
    assert named_entities(fact(subject="Mara", speaker="user:mara")) == [Mention("Mara", "person")]


def test_what_an_entity_is_may_be_learnt_later() -> None:
    later = link(
        "s0", [fact(Mention("Mara", "concept")), fact(subject="Mara", speaker="Mara")], [known("mara", "concept")]
    )
    at_once = link("s0", [fact(Mention("小美", "concept")), fact(subject="小美", speaker="小美")], [])
    known_person = link("s0", [fact(Mention("Mara", "tool"))], [known("mara", "person")])

    assert (later.new, later.retyped) == ([], [Retyped("mara/concept", "person")])
    assert later.by_fact == [["mara/concept"], ["mara/concept"]]
    assert [(one.name, one.type) for one in at_once.new] == [("小美", "person")]
    assert ([one.type for one in known_person.new], known_person.retyped) == (["tool"], [])


def test_a_slot_is_who_what_and_under_which_condition() -> None:
    one = fact(subject="The user", attribute="residence")
    same = fact(subject="用户", attribute="residence", value="Rome")
    others = [
        fact(subject="Mara", attribute="residence"),
        fact(subject="user", attribute="employer"),
        fact(subject="user", attribute="residence", context="in winter"),
    ]

    assert slot_id("s0", one) == slot_id("s0", same)
    assert len({slot_id("s0", other) for other in (one, *others)} | {slot_id("s1", one)}) == 5
    assert slot_id("s0", fact(subject="user")) == ""


def test_likeness_needs_spelling_and_meaning() -> None:
    assert score_sameness("Jon Smith", "John Smith", 0.9) > 0.9
    assert score_sameness("Jon Smith", "John Smith", 0.0) < 0.7
    assert score_sameness("Atlas", "Kubernetes", 0.3) < 0.5


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Kubernetes", "+space_key:s0^0 +name:(kubernetes~1)"),
        ("Jon O'Neil", '+space_key:s0^0 +name:("Jon" OR "O\'Neil")'),
        ("C++ AND (x OR y)", '+space_key:s0^0 +name:("C" OR "x" OR "y")'),
        ("上海市", '+space_key:s0^0 +name:("上海" OR "海市")'),
        ("…", ""),
    ],
)
def test_names_are_looked_up_by_their_words_or_nearly_those(name: str, query: str) -> None:
    assert alike_query("s0", name) == query


def test_only_what_can_be_one_thing_is_compared() -> None:
    assert is_comparable(known("atlas", "project"), known("atlas", "person"))
    assert is_comparable(known("jon", "person"), known("john", "concept"))
    assert not is_comparable(known("jon", "person"), known("john", "tool"))
    assert not is_comparable(known("user 1a2b3c4d", "person"), known("user 1a2b3c4e", "person"))


def test_the_cosine_is_that_of_directions() -> None:
    assert cosine([3.0, 0.0], [1.0, 0.0]) == 1.0
    assert cosine([1.0, 0.0], [0.0, 2.0]) == 0.0
    assert cosine([0.0, 0.0], [1.0, 0.0]) == 0.0
