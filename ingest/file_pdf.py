"""The texts of the pages of a PDF; the one module that knows pypdf, to be run in a process with limits."""

from __future__ import annotations

from io import BytesIO

from app.domain.files import MAX_TEXT_BYTES, Piece, Reading

# A book has hundreds of pages. More than this is read page by page for longer than anybody waits.
MAX_PAGES = 3_000
ENCRYPTED = "file is encrypted; send it without its password"


def read_pdf(content: bytes) -> Reading:
    """A piece for each page that has text; a problem for a PDF that is encrypted, broken, or holds no text."""
    # A tenth of a second, and not needed by who sends no PDF.
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import DependencyError, PyPdfError  # noqa: PLC0415

    try:
        reader = PdfReader(BytesIO(content))
        # Many are locked against changes only: they open with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            return Reading(problem=ENCRYPTED)
        if len(reader.pages) > MAX_PAGES:
            return Reading(problem=f"file has {len(reader.pages)} pages, at most {MAX_PAGES} are read; split it")
        texts = [page.extract_text() for page in reader.pages]
    except DependencyError:
        return Reading(problem=ENCRYPTED)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        # Of a broken file the library says so in many ways.
        return Reading(problem=f"file is a PDF that cannot be read ({type(error).__name__})")
    if sum(map(len, texts)) > MAX_TEXT_BYTES:
        return Reading(problem="file holds more text than is kept; split it")
    pieces = [Piece(text=text, page=number) for number, text in enumerate(texts, 1) if text.strip()]
    return (
        Reading(pieces=pieces) if pieces else Reading(problem="file holds no text; a scan has to be recognised first")
    )
