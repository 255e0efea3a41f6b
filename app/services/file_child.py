"""The process that reads a file: bytes in, pieces out, within limits of memory and time that it sets for itself.

Started as `python -m app.services.file_child KIND LANGUAGE`. What a file does to its parser ends here.
"""

from __future__ import annotations

import resource
import sys

import msgspec

from app.domain.files import FileKind, Reading
from ingest.file_code import read_code
from ingest.file_pdf import read_pdf

# A PDF of 50 MB is read in a third of this; a bomb ends at it.
MAX_MEMORY_BYTES = 1024 * 1024 * 1024
# The pages of a long book take half of it.
MAX_CPU_SECONDS = 50
MAX_OPEN_FILES = 64
TOO_MUCH = "file needs more memory than reading may take"


def limit() -> None:
    """From here on no memory, time, files or processes beyond what reading needs."""
    for kind, most in (
        (resource.RLIMIT_AS, MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def read(kind: str, language: str, content: bytes) -> Reading:
    """What a file holds; a problem when it takes too much."""
    try:
        return read_pdf(content) if kind == FileKind.PDF else read_code(content.decode(), language)
    except MemoryError:
        return Reading(problem=TOO_MUCH)


def main() -> None:
    """Reads standard input, writes to standard output."""
    limit()
    kind, language = sys.argv[1:3]
    sys.stdout.buffer.write(msgspec.json.encode(read(kind, language, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
