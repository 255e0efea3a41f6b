"""Turns `I` into the speaker's name, so that a fact can be read without knowing who said it."""

from __future__ import annotations

import re

from app.domain.texts import has_cjk

_NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){0,3}")
# Ids and roles that are no name.
_NAMELESS = frozenset("user me human anonymous default unknown admin guest test you i".split())  # noqa: SIM905
_LONGEST_NAME = 40
_ADVERBS = "(?P<adverb>(?:now|still|also|always|never|usually|mostly|often|really|just|only|currently|sometimes|all) )?"
_VERBS = frozenset(
    """
    live work like love hate enjoy prefer use want need know think believe speak play write read drink eat own
    drive ride run train teach study take make keep get come go sleep cook code plan intend hope feel see start
    stop shoot deliver report sit stay walk collect travel listen watch wear manage lead maintain answer avoid
    expect dislike understand
    """.split()  # noqa: SIM905 - as a list it would be one word a line
)
_AUXILIARIES = {
    "am": "is",
    "'m": " is",
    "have": "has",
    "'ve": " has",
    "'ll": " will",
    "'d": " would",
    "do": "does",
    "don't": "doesn't",
}
_FIRST_PERSON = re.compile(
    rf"\bI(?P<clitic>['’](?:m|ve|ll|d))\b|\bI {_ADVERBS}(?P<verb>[a-z]+(?:['’]t)?)\b"
    r"|\b(?P<own>[Mm]y)\b|\b(?P<bare>I|[Mm]e|[Mm]ine)\b"
)

# As an object it stays: `I taught myself`, `by myself`. Elsewhere it only stresses: `I live there myself`.
_MYSELF = re.compile(
    r"(?P<object>\b(?:I(?:['’](?:ve|ll|d))? (?:\w+ )?\w+|by|for|to|of|with|about|at|like|than|between|from)) myself\b"
    r"|^myself,? |,? ?\bmyself\b",
    re.IGNORECASE,
)


def display_name(speaker: str) -> str:
    """The name in `user:mara`, with a capital; '' for ids and roles."""
    name = speaker.rpartition(":")[2].strip()
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or name.casefold() in _NAMELESS:
        return ""
    return name.title() if name.islower() else name


def named(text: str, name: str) -> str:
    """The text with the name for `I` and `my`; Chinese only takes a Chinese name, and a nameless speaker stays `I`."""
    if not name:
        return text
    if has_cjk(text):
        return re.sub(f"我(?!们|[是叫]{re.escape(name)})", name, text) if has_cjk(name) else text
    reflexive = _MYSELF.sub(lambda match: f"{match['object']} themself" if match["object"] else "", text)
    return _FIRST_PERSON.sub(lambda match: _third_person(match, name), reflexive)


def _third_person(match: re.Match[str], name: str) -> str:
    # Who says his name is not called by it in the same breath.
    rest = match.string[match.end() :].lstrip().casefold().removeprefix("name is ")
    if rest.startswith(name.casefold()):
        return match.group()
    if match["clitic"]:
        return name + _AUXILIARIES[match["clitic"].replace("’", "'")]
    if match["verb"]:
        return f"{name} {match['adverb'] or ''}{_conjugated(match['verb'])}"
    return f"{name}'s" if match["own"] or match.group().casefold() == "mine" else name


def _conjugated(verb: str) -> str:
    if verb in _AUXILIARIES:
        return _AUXILIARIES[verb]
    if verb not in _VERBS:
        return verb
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s")
