"""Tools for files: hand over their text, and see what came of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from app.client import Client
from app.domain.imports import ImportView
from app.mcp.tool import SpaceId, Tool, as_json, numbered

DEFAULT_LIMIT = 20


class ImportCreate(Tool, frozen=True, kw_only=True):
    """Import a text file: notes, Markdown, a conversation, JSON lines. It is searchable at once, and facts are taken
    out of it. The same file twice is refused unless forced."""

    filename: Annotated[str, Meta(description="Its name with the extension, which says what it is.")]
    content: Annotated[str, Meta(description="The whole text of the file.")]
    space: SpaceId | None = None
    force: Annotated[bool, Meta(description="Also when it was imported already.")] = False

    async def run(self, client: Client) -> str:
        form = {"space_id": self.space or "", "force": str(self.force).lower()}
        made = await client.create_import(self.filename, self.content.encode(), form)
        return f"Import accepted: {import_line(made)}"


class ImportList(Tool, frozen=True, kw_only=True):
    """List the imports, newest first, with how far each is."""

    is_reading: ClassVar[bool] = True

    limit: Annotated[int, Meta(ge=1, le=100, description="At most so many (default 20).")] | None = None

    async def run(self, client: Client) -> str:
        page = await client.list_imports(limit=self.limit or DEFAULT_LIMIT)
        return numbered(map(import_line, page.imports), "No imports.")


class ImportGet(Tool, frozen=True, kw_only=True):
    """Get the state of one import with all its fields."""

    is_reading: ClassVar[bool] = True

    id: Annotated[str, Meta(description="The id of the import.")]

    async def run(self, client: Client) -> str:
        return as_json(await client.get_import(self.id))


def import_line(one: ImportView) -> str:
    """An import in one line."""
    counts = f"{one.storage_stored} of {one.storage_total} parts stored, {one.extraction_facts} facts"
    return f"{one.filename}: {one.status}, {counts} (id: {one.id})"
