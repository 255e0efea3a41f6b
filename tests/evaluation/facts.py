"""What the service would remember of scenarios: each is previewed, and its facts compared with those of the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.client import Client
from app.domain.previews import Preview
from tests.evaluation.scenarios import Turn, share, window
from tests.serving import Tenant


class Gold(msgspec.Struct, frozen=True):
    """A fact that should be remembered; `value` stands word for word in one of its turns."""

    text: str
    category: str
    value: str
    turns: list[int]


class Told(msgspec.Struct, frozen=True):
    """A conversation with its facts, and the turns from which nothing should be remembered."""

    id: str
    lang: str
    turns: list[Turn]
    facts: list[Gold]
    noise_turns: list[int]


class Found(msgspec.Struct, frozen=True):
    """A fact that the service took out, and from which turns."""

    text: str
    category: str
    turns: list[int]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one scenario: for each fact of the file the one that has its value, or None; and all found."""

    scenario: str
    lang: str
    gold: list[Gold]
    matches: list[Found | None]
    found: list[Found]
    # Which of the found ones have the value of a fact, and how many come from turns of noise alone.
    is_gold: list[bool]
    from_noise: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one language and category, or of all; precision is of what was found in that category."""

    lang: str
    category: str
    facts: int
    recall: float
    precision: float
    category_right: float
    from_noise: int


def read(path: Path) -> list[Told]:
    """The scenarios of a file of JSON lines."""
    return msgspec.json.Decoder(Told).decode_lines(path.read_bytes())


def ask_all(tenant: Tenant, scenarios: Sequence[Told]) -> list[Outcome]:
    """Previews each scenario as one conversation; nothing is stored, so one tenant serves all."""
    return [judge(told, _found(tenant.call(Client.preview, window(told.turns)))) for told in scenarios]


def _found(preview: Preview) -> list[Found]:
    return [Found(one.text, one.category, sorted({quote.message for quote in one.quotes})) for one in preview.facts]


def judge(told: Told, found: Sequence[Found]) -> Outcome:
    """A fact is found when one from one of its turns contains its value; case does not count."""
    noise = set(told.noise_turns)
    return Outcome(
        scenario=told.id,
        lang=told.lang,
        gold=told.facts,
        matches=[_match(gold, found) for gold in told.facts],
        found=list(found),
        is_gold=[any(_has(one, gold) for gold in told.facts) for one in found],
        from_noise=sum(bool(one.turns) and set(one.turns) <= noise for one in found),
    )


def _match(gold: Gold, found: Sequence[Found]) -> Found | None:
    """The found fact with the value, rather one with the right category."""
    having = [one for one in found if _has(one, gold)]
    return min(having, key=lambda one: one.category != gold.category, default=None)


def _has(one: Found, gold: Gold) -> bool:
    return gold.value.casefold() in one.text.casefold() and bool(set(one.turns) & set(gold.turns))


def tables(outcomes: Sequence[Outcome]) -> list[Figures]:
    """Figures by language and category, and for each language over all categories."""
    languages = sorted({one.lang for one in outcomes})
    categories = sorted({gold.category for one in outcomes for gold in one.gold})
    rows = [(lang, category) for lang in languages for category in ["all", *categories]]
    return [figures(lang, category, [one for one in outcomes if one.lang == lang]) for lang, category in rows]


def figures(lang: str, category: str, outcomes: Sequence[Outcome]) -> Figures:
    """The figures of one category, or of `all`, over some scenarios."""
    pairs = [
        (gold, match)
        for one in outcomes
        for gold, match in zip(one.gold, one.matches, strict=True)
        if category in ("all", gold.category)
    ]
    judged = [
        is_gold
        for one in outcomes
        for found, is_gold in zip(one.found, one.is_gold, strict=True)
        if category in ("all", found.category)
    ]
    return Figures(
        lang=lang,
        category=category,
        facts=len(pairs),
        recall=share([match is not None for _, match in pairs]),
        precision=share(judged),
        category_right=share([match.category == gold.category for gold, match in pairs if match]),
        from_noise=sum(one.from_noise for one in outcomes) if category == "all" else 0,
    )
