"""What a tool is, and the words in which tools answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from app.client import Client
from app.domain.memories import MemoryView

MemoryId = Annotated[str, Meta(description="The id of the memory.")]
SpaceId = Annotated[str, Meta(description="The id of the space, such as team/… (space_list names them).")]
Tags = Annotated[list[str], Meta(description="Tags, such as the name of a project.")]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a tool. An agent reads the docstring of its struct and the description of each field."""

    # Whether it leaves everything as it is, which clients may allow without asking.
    is_reading: ClassVar[bool] = False
    # Whether what it does cannot be seen any more by those who ask later.
    is_destructive: ClassVar[bool] = False

    async def run(self, client: Client) -> str:
        """The answer as text. Raises ServiceError."""
        raise NotImplementedError


def as_json(value: object) -> str:
    """A whole answer, for agents that want every field."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def numbered(lines: Iterable[str], nothing: str) -> str:
    """A list, or the sentence that there is nothing."""
    return "\n\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1)) or nothing


def tagged(memory: MemoryView) -> str:
    """The tags of a memory as they stand behind a number, '' without any."""
    return f" [{', '.join(memory.tags)}]" if memory.tags else ""


def marked(memory: MemoryView) -> str:
    """The id of a memory, its day, and what is unusual about it, on one line."""
    state = "" if memory.state == "active" else f", {memory.state}"
    return f"id: {memory.id}, {memory.created_at[:10]}{state}"
