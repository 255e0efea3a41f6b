"""What may go wrong on the command line, and how it is said: one sentence, never a traceback."""

from __future__ import annotations

from app.config import SettingsError
from app.domain.errors import OurmemError
from app.providers.embeddings import EmbeddingFailed
from app.storage.embedded_error import EmbeddedError


class Failure(Exception):
    """Why a command cannot do its work, in one sentence that ends with what to do about it."""


EXPECTED = (Failure, SettingsError, EmbeddedError, EmbeddingFailed, OurmemError)


def sentence(error: Exception) -> str:
    """The error in one line; what our own errors prefix for HTTP is left out, and their hint is not."""
    text = " ".join(str(error).split())
    hint = error.hint if isinstance(error, OurmemError) else ""
    return f"{text}; {hint}" if hint else text
