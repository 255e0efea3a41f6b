"""Reads what a language model wrote as the shape it was asked for, and says to it what that shape is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar, cast

import msgspec

Shape = TypeVar("Shape")
Schema = dict[str, Any]

# No window of ours needs an answer of more than a tenth of it.
_LONGEST_ANSWER = 400_000
# Where an object may begin in text around it; each try may read to the end.
_MOST_BEGINNINGS = 20
# Strict mode knows none of these (OpenAI, structured outputs).
_UNKNOWN_TO_STRICT = ("title", "default")
# Where a schema holds further schemas by name.
_NAMED = frozenset(("properties", "$defs"))
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
# What a reasoning model thinks aloud may hold half an answer.
_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


class Unreadable(Exception):
    """The text is no answer of this shape; the message names the first place that does not fit."""


def strict_schema(shape: type[object]) -> Schema:
    """The JSON schema of a struct as strict mode wants it: an object, every field required, nothing besides."""
    schema = msgspec.json.schema(shape)
    definitions = schema.pop("$defs", {})
    root = definitions.pop(schema["$ref"].rpartition("/")[2])
    return _strict({**root, **({"$defs": definitions} if definitions else {})})


def read_answer(text: str, shape: type[Shape]) -> Shape:
    """The answer in a text: all of it, a fenced part, or the first object in it that fits. Raises Unreadable."""
    if len(text) > _LONGEST_ANSWER:
        raise Unreadable("the answer is far too long")
    text = _THOUGHT.sub("", text).strip()
    fenced = _FENCED.search(text)
    # The reason is that of the likeliest place: the whole text, unless it has a fence.
    reason = ""
    for candidate in [fenced[1], text] if fenced else [text]:
        try:
            return msgspec.json.decode(candidate, type=shape, strict=False)
        except (msgspec.DecodeError, RecursionError) as error:
            reason = reason or str(error)
    for value in _objects(text):
        try:
            return msgspec.convert(value, shape, strict=False)
        except msgspec.ValidationError as error:
            reason = str(error)
    raise Unreadable(reason)


def _objects(text: str) -> Iterator[object]:
    """Outermost JSON objects with other text around them."""
    decoder, start = json.JSONDecoder(), text.find("{")
    for _ in range(_MOST_BEGINNINGS):
        if start < 0:
            return
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield value
        start = text.find("{", end)


def _strict(node: object) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in cast("list[object]", node)]
    return _strict_object(cast("Schema", node)) if isinstance(node, dict) else node


def _strict_object(given: Schema) -> Schema:
    if "$ref" in given:
        # Strict mode allows no words beside a reference.
        return {"$ref": given["$ref"]}
    made = {key: _strict(value) for key, value in given.items() if key not in _UNKNOWN_TO_STRICT}
    for key in _NAMED.intersection(given):
        # Here the keys are names that we gave, which may be one of those left out above.
        made[key] = {name: _strict(item) for name, item in given[key].items()}
    if "properties" in made:
        made |= {"required": list(made["properties"]), "additionalProperties": False}
    return made if "enum" not in made else {"type": "string", **made}
