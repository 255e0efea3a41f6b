"""Questions to a language model: the protocol the service sees, and the one the settings name."""

from __future__ import annotations

from typing import Protocol

from app.config import Settings
from app.domain.prompts import Prompt
from app.providers.completions import AnswerCut, Completion, ModelAway, ModelFailed, Shape
from app.providers.openai_llm import OpenAIModel

__all__ = ["AnswerCut", "Completion", "LanguageModel", "ModelAway", "ModelFailed", "make_llm"]


class LanguageModel(Protocol):
    """Answers of a shape that the caller names; every failure, timeouts included, is a ModelFailed."""

    @property
    def name(self) -> str:
        """The name recorded with what it decided."""
        ...

    async def complete(self, prompt: Prompt, shape: type[Shape]) -> Completion[Shape]:
        """The answer to a prompt; `shape` is a struct whose fields tell the model what to write."""
        ...

    async def close(self) -> None: ...


def make_llm(settings: Settings) -> LanguageModel | None:
    """The language model of the settings, None when they name none; nothing is connected yet."""
    return OpenAIModel(settings) if settings.llm_provider or settings.llm_base_url else None
