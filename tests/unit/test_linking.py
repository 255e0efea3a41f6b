"""Which names are one entity, and which facts fill one slot."""

from __future__ import annotations

import pytest

from app.domain.facts import Fact, Mention
from ingest.linking import KnownEntity, entity_id, link, named_entities, norm_name, score_sameness, slot_id


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


def known(norm: str, kind: str, *aliases: str) -> KnownEntity:
    return KnownEntity(id=f"{norm}/{kind}", name=norm, norm_name=norm, type=kind, aliases=list(aliases))


@pytest.mark.parametrize(
    ("mention", "entities", "found"),
    [
        (Mention("Atlas", "project"), [known("atlas", "project")], "atlas/project"),
        (Mention("Atlas", "concept"), [known("atlas", "project")], "atlas/project"),
        (Mention("Atlas", "project"), [known("atlas", "concept")], "atlas/concept"),
        (Mention("NYC", "place"), [known("new york", "place", "nyc")], "new york/place"),
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
    assert named_entities(fact(Mention("Mara", "person"), subject="Mara")) == [Mention("Mara", "person")]


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
