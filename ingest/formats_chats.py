"""Conversations as chat programs export them; each becomes the messages of people and models, in order.

Left out is what nobody said: instructions to the model, results of tools, thoughts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from app.domain.imports import Item, ItemKind
from ingest.formats_times import parse_time

_ROLES = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "model": "assistant"}
# What Claude Code puts into the mouth of the user: outputs of commands, notes to the model.
_NOT_SAID = ("<command-", "<local-command-", "<system-reminder>", "Caveat: The messages below were generated")


class Block(msgspec.Struct):
    """A part of a message that may be text."""

    type: str = "text"
    text: str | None = None


Content = str | list[Block | str] | None


class Said(msgspec.Struct):
    """A message in the form of OpenAI's API, and of rows that keep to it."""

    role: str
    content: Content = None
    name: str | None = None


class OpenAIChat(msgspec.Struct):
    """One conversation of OpenAI's chat form, as in files for fine-tuning."""

    messages: list[Said]
    id: str | None = None


class TranscriptRow(msgspec.Struct):
    """A line of a transcript of Claude Code or OpenClaw; those of other types are about the talk and not of it."""

    type: str
    sessionId: str = ""  # noqa: N815 - as the file spells it
    message: Said | None = None
    timestamp: str | None = None
    isMeta: bool = False  # noqa: N815


class ClaudeMessage(msgspec.Struct):
    """A message of an export of claude.ai."""

    sender: str
    text: str = ""
    content: list[Block] = []
    created_at: str | None = None


class ClaudeChat(msgspec.Struct):
    """A conversation of an export of claude.ai."""

    chat_messages: list[ClaudeMessage]
    uuid: str = ""
    name: str = ""


class Author(msgspec.Struct):
    """Who speaks in an export of ChatGPT."""

    role: str = ""


class Parts(msgspec.Struct):
    """What a message of ChatGPT consists of; pictures are objects among the texts."""

    content_type: str = "text"
    parts: list[str | dict[str, object]] = []


class ChatGPTMessage(msgspec.Struct):
    """A message of an export of ChatGPT."""

    author: Author
    content: Parts
    create_time: float | None = None


class Node(msgspec.Struct):
    """A place in the tree of a conversation: each edited question begins a branch."""

    message: ChatGPTMessage | None = None
    parent: str | None = None
    children: list[str] = []


class ChatGPTChat(msgspec.Struct):
    """A conversation of ChatGPT's conversations.json."""

    mapping: dict[str, Node]
    current_node: str | None = None
    id: str | None = None
    conversation_id: str | None = None
    title: str | None = None


def from_openai(chat: OpenAIChat, number: int) -> Iterator[Item]:
    """The messages of a conversation; without an id it is told apart by its number in the file."""
    for said in chat.messages:
        yield from message(said, session=chat.id or f"#{number}", time=None)


def from_transcript(row: TranscriptRow) -> Iterator[Item]:
    """The message of a line, if somebody says something in it."""
    if row.type in ("user", "assistant", "message") and row.message and not row.isMeta:
        yield from message(row.message, session=row.sessionId, time=row.timestamp)


def from_claude(chat: ClaudeChat, number: int) -> Iterator[Item]:
    """The messages of a conversation of claude.ai."""
    for one in chat.chat_messages:
        said = Said(role=one.sender, content=one.text or list[Block | str](one.content))
        yield from message(said, session=chat.uuid or f"#{number}", time=one.created_at)


def from_chatgpt(chat: ChatGPTChat, number: int) -> Iterator[Item]:
    """The messages on the way to the current end of a conversation; branches that were left are left out."""
    for node in _current_path(chat):
        if node.message is None or node.message.content.content_type not in ("text", "multimodal_text"):
            continue
        text = "\n".join(part for part in node.message.content.parts if isinstance(part, str))
        said = Said(role=node.message.author.role, content=text)
        session = chat.conversation_id or chat.id or f"#{number}"
        yield from message(said, session=session, time=node.message.create_time)


def _current_path(chat: ChatGPTChat) -> Sequence[Node]:
    place = chat.current_node if chat.current_node in chat.mapping else _last_leaf(chat.mapping)
    path: list[Node] = []
    # No longer than the tree, so that a circle in a broken file ends, too.
    while place in chat.mapping and len(path) < len(chat.mapping):
        path.append(chat.mapping[place])
        place = chat.mapping[place].parent
    return path[::-1]


def _last_leaf(mapping: dict[str, Node]) -> str | None:
    leaves = [name for name, node in mapping.items() if not node.children]
    return leaves[-1] if leaves else None


def message(said: Said, session: str, time: str | float | None) -> Iterator[Item]:
    """What a person or a model says as an item; nothing for other roles and for messages without text."""
    role = _ROLES.get(said.role.lower(), "")
    text = text_of(said.content)
    if role and text and not text.startswith(_NOT_SAID):
        yield Item(
            text=text,
            kind=ItemKind.MESSAGE,
            role=role,
            speaker=said.name or "",
            said_at=parse_time(time),
            session=session,
        )


def text_of(content: Content) -> str:
    """The text of a message, of its text parts where it has several."""
    if not isinstance(content, list):
        return (content or "").strip()
    texts = [part if isinstance(part, str) else part.text or "" for part in content if _is_text(part)]
    return "\n".join(text for text in texts if text.strip()).strip()


def _is_text(part: Block | str) -> bool:
    return isinstance(part, str) or part.type in ("text", "input_text", "output_text")
