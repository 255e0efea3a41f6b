"""What neighbours, slots and successors add to the evidence of a candidate."""

from __future__ import annotations

import pytest

from app.domain.links import LINK_LIMIT, SLOT_EVIDENCE, UPDATE_LIMIT, Edge, Link, draw, weight

MIDDLE = 3.0


def link(source: str, target: str, edge: Edge, degree: int = 1) -> Link:
    return Link(from_id=source, to_id=target, edge=edge, degree=degree)


def test_an_entity_that_is_everywhere_carries_little() -> None:
    rare, common = (weight(link("a", "b", Edge.MENTIONS, degree)) for degree in (2, 50))

    assert 0 < common < rare < 1


@pytest.mark.parametrize("edge", [Edge.MENTIONS, Edge.SUPPORTS, Edge.NEXT, Edge.CONTRADICTS])
def test_a_neighbour_comes_nearer_but_never_passes(edge: Edge) -> None:
    drawn = draw(
        {"seed": 5.0, "near": 4.5, "far": -9.0}, [link("seed", "near", edge), link("seed", "far", edge)], MIDDLE
    )

    assert 4.5 < drawn["near"].evidence < 5.0
    assert drawn["far"].evidence <= -9.0 + LINK_LIMIT


def test_a_weaker_neighbour_pulls_nobody_down() -> None:
    drawn = draw({"strong": 5.0, "weak": 1.0}, [link("weak", "strong", Edge.SUPPORTS)], MIDDLE)

    assert drawn["strong"].evidence == 5.0
    assert drawn["strong"].link is None


def test_a_successor_takes_the_place_and_leads_on() -> None:
    steps = [link("head", "friend", Edge.MENTIONS), link("old", "head", Edge.SUPERSEDES)]

    drawn = draw({"old": 5.0, "head": 0.0, "friend": 0.0}, steps, MIDDLE)

    assert 4.5 < drawn["head"].evidence < 5.0
    assert drawn["friend"].evidence > 0


def test_the_head_of_an_asked_slot_is_relevant_by_itself() -> None:
    drawn = draw({"head": -5.0}, [link("", "head", Edge.SLOT)], MIDDLE)

    assert drawn["head"].evidence == MIDDLE + SLOT_EVIDENCE


def test_what_updates_another_passes_it() -> None:
    drawn = draw({"old": 5.0, "new": 4.5, "other": -1.0}, [link("old", "new", Edge.UPDATES)], MIDDLE)

    assert drawn["new"].evidence > 5.0


def test_news_about_something_else_stays_behind() -> None:
    drawn = draw({"old": 5.0, "news": 1.0}, [link("old", "news", Edge.UPDATES)], MIDDLE)

    assert drawn["news"].evidence == 1.0 + UPDATE_LIMIT


def test_the_order_of_links_and_unknown_ends_do_not_count() -> None:
    steps = [
        link("a", "c", Edge.SUPPORTS),
        link("b", "c", Edge.SUPPORTS),
        link("x", "c", Edge.NEXT),
        link("a", "x", Edge.NEXT),
    ]
    evidence = {"a": 4.0, "b": 4.0, "c": 1.0}

    assert draw(evidence, steps, MIDDLE) == draw(evidence, steps[::-1], MIDDLE)
