"""Files: upload one, whatever it is."""

from __future__ import annotations

from litestar import Router, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException

from app.api.documents import documented
from app.api.reading import AnyRequest
from app.domain.errors import Invalid, TooLong
from app.domain.files import MAX_FILE_BYTES, AcceptedFile, FileForm, NewFile
from app.domain.principal import Principal
from app.services import files
from app.services.parts import Parts

# What the other parts of a form and their borders take beside the file.
FORM_BYTES = 64 * 1024
TOO_LARGE = 413


@post(
    "/v1/files",
    status_code=202,
    operation_class=documented(form=FileForm),
    request_max_body_size=MAX_FILE_BYTES + FORM_BYTES,
)
async def create_file(
    request: AnyRequest, parts: NamedDependency[Parts], principal: NamedDependency[Principal]
) -> AcceptedFile:
    """Upload a text, a PDF, source code or an image: its sections are stored, and facts are made of them."""
    return await files.create(parts, principal, await read_file(request))


async def read_file(request: AnyRequest) -> NewFile:
    """The parts of the form, of several files the first. Raises Invalid without a file or a form, TooLong."""
    try:
        form = await request.form()
    except HTTPException as error:
        if error.status_code == TOO_LARGE:
            raise TooLong(f"at most {MAX_FILE_BYTES} bytes are accepted", "split the file") from error
        raise Invalid("the body is no multipart form") from error
    file = next(iter(form.getall("file", [])), None)
    if file is None:
        raise Invalid("file is missing; send it as a part of a multipart form")
    space_id = form.get("space_id")
    is_upload = isinstance(file, UploadFile)
    return NewFile(
        content=await file.read() if is_upload else str(file).encode(),
        filename=(file.filename if is_upload else "") or "unknown",
        content_type=(file.content_type if is_upload else "") or "application/octet-stream",
        space_id=space_id if isinstance(space_id, str) and space_id else None,
        force=form.get("force") in ("true", "1"),
    )


router = Router(path="/", tags=["files"], route_handlers=[create_file])
