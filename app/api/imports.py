"""Imports: upload a file, see what becomes of it."""

from __future__ import annotations

import msgspec
from litestar import Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from app.api.documents import documented
from app.api.reading import AnyRequest, read_query
from app.domain.errors import Invalid, TooLong
from app.domain.imports import ImportPage, ImportView, RolledBack, Upload
from app.domain.principal import Principal
from app.services import imports, rollback
from app.services.parts import Parts

# What the other parts of a form and their borders take beside the file.
FORM_BYTES = 64 * 1024
TOO_LARGE = 413


class ImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which imports are asked for."""

    cursor: str | None = None
    limit: int | None = None


class RollbackQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the rollback is only counted."""

    dry_run: bool = False


class ImportForm(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the form."""

    file: str
    file_type: str = "memory"
    strategy: str = "auto"
    post_process: bool = True
    force: bool = False
    agent_id: str | None = None
    session_id: str | None = None
    space_id: str | None = None


@post(
    "/v1/imports",
    status_code=200,
    operation_class=documented(form=ImportForm),
    request_max_body_size=imports.MAX_FILE_BYTES + FORM_BYTES,
)
async def create_import(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> ImportView:
    """Import a file: a text, a conversation or memories. The answer is its state; what follows is done by a task."""
    return await imports.create(parts, principal, await read_upload(request))


async def read_upload(request: AnyRequest) -> Upload:
    """The parts of the form. Raises Invalid without a file or for a body that is no form, TooLong."""
    try:
        form = await request.form()
    except HTTPException as error:
        if error.status_code == TOO_LARGE:
            raise TooLong(f"at most {imports.MAX_FILE_BYTES} bytes are accepted", "split the file") from error
        raise Invalid("the body is no multipart form") from error
    file = form.get("file")
    if file is None:
        raise Invalid("file is missing; send it as a part of a multipart form")
    given = {
        name: text
        for name in ("file_type", "strategy", "agent_id", "session_id", "space_id")
        if isinstance(text := form.get(name), str) and text
    }
    return Upload(
        content=await file.read() if isinstance(file, UploadFile) else str(file).encode(),
        filename=file.filename if isinstance(file, UploadFile) else "unknown",
        # As the contract reads them: what turns them off or on, and nothing else does (7.1).
        post_process=form.get("post_process") not in ("false", "0"),
        force=form.get("force") in ("true", "1"),
        **given,
    )


@get("/v1/imports", operation_class=documented(query=ImportQuery))
async def list_imports(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> ImportPage:
    """The tenant's imports, newest first."""
    query = read_query(request, ImportQuery)
    return await parts.graph.read(imports.list_page, principal, query.cursor, query.limit)


@get("/v1/imports/{import_id:str}", operation_class=documented())
async def get_import(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], import_id: FromPath[str]
) -> ImportView:
    """How far an import is, and what came of it."""
    return await parts.graph.read(imports.get, principal, import_id)


@post("/v1/imports/{import_id:str}/intelligence", status_code=200, operation_class=documented())
async def work_again(
    parts: NamedDependency[Parts], principal: NamedDependency[Principal], import_id: FromPath[str]
) -> ImportView:
    """Find facts once more in all that an import stored."""
    return await parts.graph.write(rollback.work_again, principal, import_id, parts.clock())


@post("/v1/imports/{import_id:str}/rollback", status_code=200, operation_class=documented(query=RollbackQuery))
async def roll_back(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal], import_id: FromPath[str]
) -> RolledBack:
    """Take an import back: the graph is as it was before, as far as nothing later builds on it."""
    query = read_query(request, RollbackQuery)
    return await rollback.roll_back(parts, principal, import_id, query.dry_run)


router = Router(
    path="/", tags=["imports"], route_handlers=[create_import, list_imports, get_import, work_again, roll_back]
)
