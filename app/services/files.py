"""Single files: read in a process of their own, without private text, then an import like any other."""

from __future__ import annotations

import asyncio

import msgspec

from app.domain.errors import Invalid, TooLong
from app.domain.files import (
    MAX_FILE_BYTES,
    MAX_TEXT_BYTES,
    AcceptedFile,
    Detected,
    FileKind,
    NewFile,
    Piece,
    decode_any,
    detect,
)
from app.domain.imports import Item, ParsedFile, Upload
from app.domain.memories import MAX_NAME_CHARS, Category
from app.domain.principal import Principal
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from app.services import imports
from app.services.file_reading import read_file
from app.services.import_storing import FILE_SOURCE
from app.services.parts import Parts
from ingest.formats import keep, parse
from ingest.redaction import is_empty, redact
from ingest.sections import cut

# Between pages; it has stood for the end of a page since there were printers.
PAGE_END = "\f"


async def create(parts: Parts, principal: Principal, new: NewFile) -> AcceptedFile:
    """Reads a file and keeps its sections, with the task that works on them.

    Raises UnsupportedMedia for what cannot be read here, Unprocessable for what is broken or encrypted, TooLong,
    Invalid for an empty file and one that is there already, NotFound or Unauthorized for its space.
    """
    space = principal.writable_space(new.space_id)
    _check(new)
    policy = space.settings.secrets
    name = redact(new.filename, policy, "file")[-MAX_NAME_CHARS:] or "unknown"
    detected = detect(new.content, new.filename, new.content_type)
    found = await _read(new, detected, name, policy)
    if not found.items:
        raise Invalid("file holds nothing to remember")
    upload = Upload(
        content=new.content,
        filename=name,
        # Code is found by its words; sentences about somebody are not in it.
        post_process=detected.kind is not FileKind.CODE,
        force=new.force,
        agent_id=principal.agent_id or None,
        space_id=new.space_id,
    )
    made = await imports.create_parsed(parts, principal, upload, found)
    return AcceptedFile(
        task_id=made.task_id,
        filename=name,
        content_type=detected.words,
        chunks_created=made.storage_total - made.storage_skipped,
        import_id=made.id,
    )


def _check(new: NewFile) -> None:
    if len(new.content) > MAX_FILE_BYTES:
        raise TooLong(f"file has {len(new.content)} bytes, at most {MAX_FILE_BYTES} are accepted", "split the file")
    if not new.content.strip():
        raise Invalid("file is empty")


async def _read(new: NewFile, detected: Detected, name: str, policy: SecretPolicy) -> ParsedFile:
    if detected.kind in (FileKind.PDF, FileKind.IMAGE, FileKind.VIDEO):
        pieces = await read_file(detected, new.content)
        pieces = await asyncio.to_thread(_without_private, pieces, policy)
        return _parsed("pdf_page" if detected.kind is FileKind.PDF else "image_ocr", name, pieces)
    text = await asyncio.to_thread(_decode, new.content)
    if detected.kind is FileKind.CODE:
        shown = await asyncio.to_thread(redact, text, policy, "file")
        return _parsed("code", name, await read_file(detected, shown.encode()))
    found = await asyncio.to_thread(parse, text, name, "memory", policy)
    return msgspec.structs.replace(found, items=[_marked(item, "text", name) for item in found.items])


def _decode(content: bytes) -> str:
    if len(content) > MAX_TEXT_BYTES:
        raise TooLong(f"text has {len(content)} bytes, at most {MAX_TEXT_BYTES} are accepted", "split the file")
    return decode_any(content)


def _without_private(pieces: list[Piece], policy: SecretPolicy) -> list[Piece]:
    """Pages without private text; a span may go on over several pages, then what is left is one page less exact."""
    joined = PAGE_END.join(piece.text.replace(PAGE_END, "\n") for piece in pieces)
    texts = redact(joined, policy, "file").split(PAGE_END)
    if len(texts) == len(pieces):
        return [msgspec.structs.replace(piece, text=text) for piece, text in zip(pieces, texts, strict=True)]
    return [Piece(text=text) for text in texts]


def _parsed(kind: str, name: str, pieces: list[Piece]) -> ParsedFile:
    items = [_marked(item, kind, name) for piece in pieces for item in _sections(piece, name)]
    return keep(ParsedFile(format=kind.partition("_")[0], items=items))


def _sections(piece: Piece, name: str) -> list[Item]:
    """The sections of a piece; a long page or function has several, each with its own lines where there are lines."""
    place = piece.symbol or (f"page {piece.page}" if piece.page else "")
    heading = f"{name} › {place}" if place else name
    return [
        Item(
            text=section.text,
            heading=heading,
            page=piece.page,
            symbol=piece.symbol,
            line_start=section.line_start if piece.line_start else 0,
            line_end=section.line_end if piece.line_start else 0,
        )
        for section in cut(piece.text, piece.line_start or 1)
        if not is_empty(SafeText(section.text))
    ]


def _marked(item: Item, kind: str, name: str) -> Item:
    """With the tags, source and category of the contract (11.3)."""
    exact = ("code_function" if item.symbol else "code_block") if kind == "code" else kind
    tags = [tag for tag in (f"file:{name}", f"chunk_type:{exact}", *item.tags) if len(tag) <= MAX_NAME_CHARS]
    source = item.source or f"{FILE_SOURCE}{name}"[:MAX_NAME_CHARS]
    category = item.category or Category.ENTITIES.value
    return msgspec.structs.replace(item, tags=tags, source=source, category=category)
