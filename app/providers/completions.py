"""What a language model gives: an answer of the shape asked for, or one sentence on why there is none."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Shape = TypeVar("Shape")


class Completion(msgspec.Struct, Generic[Shape], frozen=True):
    """An answer, and how many tokens were read and written for it, repair included."""

    value: Shape
    tokens: int


class ModelFailed(Exception):
    """There is no answer, and asking the same again will not help.

    The message is one sentence that a tenant may read: nothing that the endpoint said, and no key. `tokens` is what was
    used up nevertheless.
    """

    def __init__(self, message: str, tokens: int = 0) -> None:
        super().__init__(message)
        self.tokens = tokens


class ModelAway(ModelFailed):
    """The endpoint is slow, busy or down, which passes."""


class AnswerCut(ModelFailed):
    """The answer is longer than the model may write: ask about less at a time."""
