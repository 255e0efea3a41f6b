"""PDFs made here, so that tests know every byte of them: pages of text in any script, locked, broken, bombs."""

from __future__ import annotations

import zlib
from io import BytesIO

from pypdf import PdfReader, PdfWriter

TO_UNICODE = (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
    "1 begincodespacerange <0000> <FFFF> endcodespacerange {count} beginbfchar {chars} endbfchar "
    "endcmap end end"
)


def make_pdf(*pages: str, stream: bytes | None = None) -> bytes:
    """A PDF with a page for each text, one line below the other; with `stream` each page has that instead."""
    objects: list[bytes] = [b"", b""]

    def add(body: bytes) -> int:
        objects.append(body)
        return len(objects)

    chars = sorted({char for page in pages for char in page if char != "\n"})[:100]
    codes = " ".join(f"<{ord(char):04X}> <{ord(char):04X}>" for char in chars)
    cmap = add(_stream(TO_UNICODE.format(count=len(chars), chars=codes).encode()))
    child = add(b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) "
                b"/Ordering (Identity) /Supplement 0 >> /DW 1000 >>")  # fmt: skip
    font = add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [{child} 0 R] "
        f"/ToUnicode {cmap} 0 R >>".encode()
    )
    kids: list[int] = []
    for page in pages:
        content = add(_stream(_lines(page).encode()) if stream is None else stream)
        kids.append(
            add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {content} 0 R "
                f"/Resources << /Font << /F1 {font} 0 R >> >> >>".encode()
            )
        )
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    return _file(objects)


def bomb(size: int = 400_000_000) -> bytes:
    """A small PDF whose page is `size` blanks once it is unpacked."""
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)) + packed.flush()
    return make_pdf("x", stream=_stream(data, b"/Filter /FlateDecode "))


def locked(pdf: bytes, password: str) -> bytes:
    """The PDF with a password; an empty one locks it against changes only."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def _lines(text: str) -> str:
    shown = " T* ".join(f"<{line.encode('utf-16-be').hex()}> Tj" for line in text.split("\n"))
    return f"BT /F1 12 Tf 14 TL 50 750 Td {shown} ET"


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< " + more + b"/Length %d >>\nstream\n" % len(data) + data + b"\nendstream"


def _file(objects: list[bytes]) -> bytes:
    made = b"%PDF-1.7\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(made))
    return made + head + table + tail
