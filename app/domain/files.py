"""What a file is by its bytes and its name, how its text is written, and what becomes of it."""

from __future__ import annotations

import codecs
from enum import StrEnum
from pathlib import PurePosixPath

import msgspec

from app.domain.errors import Invalid, Unprocessable, UnsupportedMedia

# What the contract promises (11.3).
MAX_FILE_BYTES = 50 * 1024 * 1024
# Text of files is kept as imports are; more is a database and no document.
MAX_TEXT_BYTES = 20 * 1024 * 1024


class FileKind(StrEnum):
    """How a file is read."""

    PDF = "pdf"
    IMAGE = "image"
    VIDEO = "video"
    CODE = "code"
    TEXT = "text"
    UNKNOWN = "unknown"


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent, with what the request says of it."""

    content: bytes
    filename: str = "unknown"
    content_type: str = "application/octet-stream"
    space_id: str | None = None
    force: bool = False


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the form."""

    file: str
    force: bool = False
    space_id: str | None = None


class Detected(msgspec.Struct, frozen=True):
    """What a file is; of code also its language."""

    kind: FileKind
    language: str = ""

    @property
    def words(self) -> str:
        """As the contract spells it (11.3)."""
        return f'Code("{self.language}")' if self.language else self.kind.value.capitalize()


class AcceptedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a file; it is an import from here on."""

    task_id: str
    filename: str
    content_type: str
    chunks_created: int
    import_id: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a file as its parser finds it: a page, or a symbol with its lines."""

    text: str
    page: int = 0
    symbol: str = ""
    line_start: int = 0
    line_end: int = 0


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the process that reads a file answers; with `problem` there are no pieces."""

    pieces: list[Piece] = []
    problem: str = ""


LANGUAGES = {
    extension: language
    for language, extensions in {
        "rust": "rs",
        "python": "py pyw",
        "javascript": "js mjs cjs jsx",
        "typescript": "ts mts cts",
        "tsx": "tsx",
        "go": "go",
        "java": "java",
        "c": "c h",
        "cpp": "cpp cc cxx hpp",
        "ruby": "rb",
    }.items()
    for extension in extensions.split()
}
_IMAGES = frozenset(["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "tif", "tiff"])
_FILMS = frozenset(["mp4", "avi", "mov", "mkv", "webm", "mp3", "wav", "m4a", "ogg", "flac", "aac"])
_TEXTS = frozenset(
    [
        "txt",
        "md",
        "markdown",
        "rst",
        "log",
        "csv",
        "tsv",
        "json",
        "jsonl",
        "xml",
        "yaml",
        "yml",
        "toml",
        "ini",
        "html",
        "htm",
    ]
)
# A header that says PDF may follow some bytes of something else (PDF 32000-1, annex H).
_PDF_WITHIN = 1024
_IMAGE_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_FILM_MAGIC = (b"\x1aE\xdf\xa3", b"ID3", b"OggS", b"fLaC", b"\xff\xfb")
# What is no document, by its first bytes.
_OTHERS = {
    b"PK\x03\x04": "a zip archive or an office document",
    b"PK\x05\x06": "a zip archive",
    b"\x1f\x8b": "compressed with gzip",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a rar archive",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"SQLite format 3\0": "a database",
}
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SAMPLE_BYTES = 64 * 1024
# In fewer bytes zeros can be a coincidence.
_FEWEST_WIDE_BYTES = 8


def detect(content: bytes, filename: str, content_type: str) -> Detected:
    """What a file is. Its bytes decide, its name and type tell texts apart.

    Raises Invalid when it says to be something else than it is, UnsupportedMedia for what cannot be read.
    """
    extension = PurePosixPath(filename).suffix.lower().lstrip(".")
    said = _said(extension, content_type)
    found = _by_magic(content)
    if found is not None:
        return Detected(found)
    for magic, words in _OTHERS.items():
        if content.startswith(magic) and not _is_text(content):
            raise UnsupportedMedia(f"file is {words}; unpack it or send its text")
    if said in (FileKind.PDF, FileKind.IMAGE, FileKind.VIDEO) and extension != "svg":
        raise Invalid(f"file says that it is {said}, but its content is not")
    if not _is_text(content):
        raise UnsupportedMedia("file is neither text nor PDF nor an image")
    if extension in LANGUAGES:
        return Detected(FileKind.CODE, LANGUAGES[extension])
    return Detected(FileKind.TEXT if said is FileKind.TEXT else FileKind.UNKNOWN)


def _said(extension: str, content_type: str) -> FileKind:
    main = content_type.partition(";")[0].strip().lower()
    if extension == "pdf" or main == "application/pdf":
        return FileKind.PDF
    if extension in _IMAGES or (main.startswith("image/") and not extension):
        return FileKind.IMAGE
    if extension in _FILMS or (main.startswith(("video/", "audio/")) and extension not in LANGUAGES):
        return FileKind.VIDEO
    is_text = extension in _TEXTS or main.startswith("text/") or main in ("application/json", "application/xml")
    return FileKind.TEXT if is_text else FileKind.UNKNOWN


def _by_magic(content: bytes) -> FileKind | None:
    if b"%PDF-" in content[:_PDF_WITHIN] and not content.startswith(b"PK"):
        return FileKind.PDF
    if content.startswith(b"RIFF"):
        return FileKind.IMAGE if content[8:12] == b"WEBP" else FileKind.VIDEO
    if content[4:8] == b"ftyp" or content.startswith(_FILM_MAGIC):
        return FileKind.VIDEO
    is_image = content.startswith(_IMAGE_MAGIC) and not _is_text(content)
    return FileKind.IMAGE if is_image else None


def _is_text(content: bytes) -> bool:
    """Whether the beginning can be text in any encoding: no byte in it that no text has."""
    sample = content[:_SAMPLE_BYTES]
    return sample.startswith((*_UTF32, *_UTF16)) or b"\0" not in sample or bool(_wide_encoding(sample))


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 without its mark: in text of alphabets every other byte is zero."""
    if len(sample) < _FEWEST_WIDE_BYTES or len(sample) % 2:
        return ""
    zeros = (sample[0::2].count(0), sample[1::2].count(0))
    half, few = len(sample) * 3 // 10, len(sample) // 50
    if zeros[1] >= half and zeros[0] <= few:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] >= half and zeros[1] <= few else ""


def decode_any(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16, UTF-32 or GBK, with plain line ends. Raises Unprocessable for another."""
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _is_chinese(content):
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise Unprocessable("file is text in an encoding that is not known; save it as UTF-8")


def _encodings(content: bytes) -> list[str]:
    if content.startswith(_UTF32):
        return ["utf-32"]
    if content.startswith(_UTF16):
        return ["utf-16"]
    wide = _wide_encoding(content[:_SAMPLE_BYTES])
    return [wide] if wide and b"\0" in content else ["utf-8-sig", "gb18030"]


def _is_chinese(content: bytes) -> bool:
    """Whether what is no ASCII is mostly the common characters and the punctuation of GB 2312.

    Any two bytes make a rare character of GBK, also those of other encodings.
    """
    common = pairs = at = 0
    sample = content[:_SAMPLE_BYTES]
    while at < len(sample) - 1:
        if sample[at] < 0x80:  # noqa: PLR2004
            at += 1
            continue
        pairs += 1
        # GB 2312: rows of punctuation and full-width forms, then those of the 3,755 characters of level one.
        is_row = 0xA1 <= sample[at] <= 0xA3 or 0xB0 <= sample[at] <= 0xD7  # noqa: PLR2004
        common += is_row and sample[at + 1] >= 0xA1  # noqa: PLR2004
        at += 2
    return common >= 0.7 * pairs
