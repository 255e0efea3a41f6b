"""Which memories belong together, without a graph."""

from __future__ import annotations

import msgspec
import pytest

from app.domain.communities import Sketch, SketchMemory, SketchRelation, label_of
from ingest.communities import find


def sketch(**names: list[str]) -> Sketch:
    """Memories by their ids with what they name."""
    memories = [SketchMemory(memory_id, entity_ids) for memory_id, entity_ids in names.items()]
    return Sketch(space_key="s0", memories=memories, relations=[], before=[])


TEA = {f"tea{number}": ["oolong", "ming"] if number % 2 else ["oolong"] for number in range(4)}
DEPLOY = {f"deploy{number}": ["argo", "flux"] if number % 2 else ["flux"] for number in range(4)}


def members(found: Sketch) -> list[set[str]]:
    return [cluster.members for cluster in find(found).clusters]


def test_what_names_the_same_belongs_together() -> None:
    assert members(sketch(**TEA, **DEPLOY)) == [{*DEPLOY, "argo", "flux"}, {*TEA, "oolong", "ming"}]


def test_memories_without_names_belong_together_by_their_relations() -> None:
    plain = sketch(**{name: [] for name in "abcdef"})
    pairs = ["ab", "bc", "ac", "de", "ef", "df"]
    related = msgspec.structs.replace(plain, relations=[SketchRelation(*pair, 0.8) for pair in pairs])

    assert members(related) == [set("abc"), set("def")]
    assert members(plain) == []


def test_what_everything_names_holds_nothing_together() -> None:
    everywhere = {name: [*named, "user"] for name, named in (TEA | DEPLOY).items()}
    more = {f"more{number}": ["user"] for number in range(30)}

    assert {frozenset(own) for own in members(sketch(**everywhere, **more))} == {
        frozenset({*DEPLOY, "argo", "flux"}), frozenset({*TEA, "oolong", "ming"}),
    }  # fmt: skip


def test_a_community_keeps_its_id_while_half_of_it_stays() -> None:
    first = find(sketch(**TEA, **DEPLOY)).clusters
    grown = sketch(**TEA, **DEPLOY, tea9=["oolong"], deploy9=["flux", "helm"])
    other = sketch(**{f"cat{number}": ["tom"] for number in range(4)})

    again = find(msgspec.structs.replace(grown, before=first)).clusters
    gone = find(msgspec.structs.replace(other, before=first)).clusters

    assert [one.id for one in again] == [one.id for one in first]
    assert gone[0].id not in {one.id for one in first}
    assert find(sketch(**TEA, **DEPLOY)).clusters == first


def test_the_middle_of_a_space_is_more_central_than_its_edge() -> None:
    ranks = find(sketch(**TEA, alone=[])).ranks

    assert ranks["oolong"] == 1.0
    assert ranks["alone"] == 0.0
    assert all(0 <= rank <= 1 for rank in ranks.values())
    assert find(sketch()).ranks == {}


@pytest.mark.parametrize(
    ("names", "texts", "label"),
    [
        (["Ming", "Xiamen", "Argo", "Flux"], ["anything"], "Ming, Xiamen, Argo"),
        (["Ming"], ["Green tea from Xiamen", "Green tea again"], "Ming, green, tea"),
        ([], ["周五冻结发布。平时不冻结。", "发布在周五冻结"], "周五冻结发布。"),
        (["小明", "厦门"], ["小明在厦门喝茶"], "小明、厦门"),
    ],
)
def test_a_label_is_names_and_else_words(names: list[str], texts: list[str], label: str) -> None:
    assert label_of(names, texts) == label


def test_little_that_is_new_joins_what_is_there_and_much_makes_all_anew() -> None:
    names = {"tea": ["oolong", "ming"], "deploy": ["argo", "flux"]}
    many = {f"{name}{number}": named for name, named in names.items() for number in range(12)}
    first = find(sketch(**many))
    later = msgspec.structs.replace(sketch(**many), before=first.clusters, weight=first.weight)

    little = find(_with(later, {"kettle": ["ming", "clay"], "alone": ["nobody"]}))
    much = find(_with(later, {f"kettle{number}": ["ming", "clay"] for number in range(5)}))

    assert (first.weight, little.weight, much.weight) == (24, 24, 29)
    assert [one.id for one in little.clusters] == [one.id for one in first.clusters]
    assert sum(one.members >= {"kettle", "clay", "ming"} for one in little.clusters) == 1
    assert not any("alone" in one.members for one in little.clusters)
    assert little.ranks["kettle"] >= 0
    # What was placed stays, also where it would be placed elsewhere by now.
    tea, deploy = first.clusters
    swapped = [
        msgspec.structs.replace(tea, entity_ids=deploy.entity_ids),
        msgspec.structs.replace(deploy, entity_ids=tea.entity_ids),
    ]
    kept = find(msgspec.structs.replace(later, before=swapped)).clusters
    assert {frozenset(one.entity_ids) for one in kept} == {frozenset(tea.entity_ids), frozenset(deploy.entity_ids)}


def _with(found: Sketch, more: dict[str, list[str]]) -> Sketch:
    return msgspec.structs.replace(found, memories=[*found.memories, *sketch(**more).memories])
