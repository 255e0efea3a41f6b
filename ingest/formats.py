"""What a file is and what it holds: the rule for each format, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.domain.imports import Item, ParsedFile
from app.domain.memories import MAX_CONTENT_CHARS
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from ingest.formats_markdown import is_markdown, is_memory_file, parse_markdown, parse_memory_file
from ingest.formats_rows import is_rows, parse_rows, parse_value, read_json
from ingest.formats_talk import is_talk, parse_plain, parse_talk
from ingest.redaction import is_empty, redact, redact_id
from ingest.sections import cut


def parse(text: str, name: str, file_type: str, secrets: SecretPolicy = SecretPolicy.MARK) -> ParsedFile:
    """The items of a file without private text.

    `file_type` is `markdown` or `jsonl` where the caller knows; with `session` and `memory` the text decides. JSON is
    decoded before it is cleaned, so that an unclosed private span hides the rest of its own text only; any other text
    is cleaned as a whole, so that a span may go on over several sections. Raises Invalid where a space refuses secrets.
    """
    found = _parse_json(text, file_type) if file_type != "markdown" else None
    if found is None:
        return _kept(_parse_text(redact(text, secrets, "file"), name, file_type), lambda item: item)
    return _kept(found, lambda item: _cleaned(item, secrets))


def _parse_json(text: str, file_type: str) -> ParsedFile | None:
    value = read_json(text)
    if value is not None:
        return parse_value(value)
    return parse_rows(text) if file_type == "jsonl" or is_rows(text) else None


def _parse_text(text: str, name: str, file_type: str) -> ParsedFile:
    if file_type != "markdown" and is_talk(text):
        return ParsedFile(format="conversation", items=parse_talk(text))
    if is_memory_file(text, name):
        return ParsedFile(format="memory file", items=parse_memory_file(text, name))
    if file_type == "markdown" or is_markdown(text, name):
        return ParsedFile(format="markdown", items=parse_markdown(text, name))
    return ParsedFile(format="text", items=parse_plain(text))


def keep(found: ParsedFile) -> ParsedFile:
    """A file that was read elsewhere and is clean already, without empty items and those that are too long."""
    return _kept(found, lambda item: item)


def _cleaned(item: Item, secrets: SecretPolicy) -> Item:
    """An item without private text in any of its fields."""
    return msgspec.structs.replace(
        item,
        text=redact(item.text, secrets, "file"),
        speaker=redact(item.speaker, secrets, "file"),
        session=redact_id(item.session, secrets, "file"),
        agent_id=redact_id(item.agent_id, secrets, "file"),
        source=redact(item.source, secrets, "file"),
        tags=[redact(tag, secrets, "file") for tag in item.tags],
    )


def _kept(found: ParsedFile, finished: Callable[[Item], Item]) -> ParsedFile:
    """The file with finished items, without those of which nothing is left, and none longer than a message may be."""
    items = [item for item in map(finished, found.items) if not is_empty(SafeText(item.text))]
    skipped = found.skipped + len(found.items) - len(items)
    return msgspec.structs.replace(found, items=[part for item in items for part in _parts(item)], skipped=skipped)


def _parts(item: Item) -> list[Item]:
    if len(item.text) <= MAX_CONTENT_CHARS:
        return [item]
    return [msgspec.structs.replace(item, text=part.text) for part in cut(item.text)]
