"""What a file is, how its text is written, and where its symbols and pages begin and end."""

from __future__ import annotations

import pytest

from app.domain.errors import Invalid, OurmemError, Unprocessable, UnsupportedMedia
from app.domain.files import decode_any, detect
from ingest.file_code import read_code
from ingest.file_pdf import read_pdf
from tests.pdfs import locked, make_pdf

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("content", "name", "content_type", "words"),
    [
        (b"%PDF-1.7\n", "a.pdf", "application/pdf", "Pdf"),
        (b"%PDF-1.7\n", "a.txt", "text/plain", "Pdf"),
        (PNG, "a.png", "image/png", "Image"),
        (PNG, "unknown", "application/octet-stream", "Image"),
        (b"\0\0\0\x18ftypmp42", "a.mp4", "video/mp4", "Video"),
        (b"fn main() {}", "a.rs", "application/octet-stream", 'Code("rust")'),
        (b"let a", "a.TSX", "video/mp2t", 'Code("tsx")'),
        (b"let a", "a.ts", "video/mp2t", 'Code("typescript")'),
        (b"hello", "a.md", "application/octet-stream", "Text"),
        (b"{}", "a", "application/json", "Text"),
        (b"hello", "unknown", "application/octet-stream", "Unknown"),
        (b"PK in the park", "a.txt", "text/plain", "Text"),
        (b"MZ is short for Mark Zbikowski", "a.txt", "text/plain", "Text"),
        ("喝茶".encode("utf-16"), "a.txt", "text/plain", "Text"),
        (b"<svg/>", "a.svg", "image/svg+xml", "Unknown"),
    ],
)
def test_bytes_say_what_a_file_is(content: bytes, name: str, content_type: str, words: str) -> None:
    assert detect(content, name, content_type).words == words


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (b"hello", "a.pdf", Invalid),
        (b"hello", "a.png", Invalid),
        (b"PK\x03\x04\x14\0\0\0", "a.docx", UnsupportedMedia),
        (b"PK\x03\x04\x14\0\0\0%PDF-", "a.pdf", UnsupportedMedia),
        (b"\x1f\x8b\x08\0\0", "a.gz", UnsupportedMedia),
        (b"\x7fELF\0\0", "a", UnsupportedMedia),
        (b"a\0\xffb\0\0\0\x01", "a.txt", UnsupportedMedia),
    ],
)
def test_what_is_not_what_it_says_or_no_document_is_refused(
    content: bytes, name: str, error: type[OurmemError]
) -> None:
    with pytest.raises(error, match="file"):
        detect(content, name, "application/octet-stream")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gbk", "gb18030"])
def test_chinese_is_read_in_its_encodings(encoding: str) -> None:
    text = "我们决定改用滴灌，因为水管漏水。OK\n"

    assert decode_any(text.replace("\n", "\r\n").encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_its_mark_is_read(encoding: str) -> None:
    assert decode_any("The garden is green.".encode(encoding)) == "The garden is green."


@pytest.mark.parametrize("content", ["Käse für Jörg".encode("latin-1"), "née à Paris".encode("latin-1"), b"\xff\xfa"])
def test_text_of_an_unknown_encoding_is_not_guessed(content: bytes) -> None:
    with pytest.raises(Unprocessable, match="encoding"):
        decode_any(content)


def symbols(text: str, language: str) -> list[tuple[str, int, int]]:
    return [(piece.symbol, piece.line_start, piece.line_end) for piece in read_code(text, language).pieces]


@pytest.mark.parametrize(
    ("language", "text", "named"),
    [
        ("python", "import os\n\n@cache\ndef water():\n    pass\n\nclass Bed:\n    pass", ["", "water", "Bed"]),
        ("rust", "impl Garden {\n fn grow(&self) {}\n}\nfn main() {}\nstruct S;", ["Garden", "main", "S"]),
        ("typescript", "export class A {}\ninterface I {}\ntype T = string;\n", ["A", "I", "T"]),
        ("tsx", "function B() { return <a/> }", ["B"]),
        ("javascript", "function f() {}\nclass B {}", ["f", "B"]),
        ("go", "package main\nfunc (g *Garden) Grow() {}\ntype Garden struct {}", ["", "Grow", "Garden"]),
        ("java", "package x;\npublic class A {}\ninterface I {}", ["", "A", "I"]),
        ("c", "int main(void) { return 0; }\nstruct s { int a; };", ["main", "s"]),
        ("cpp", "void A::m() {}\ntemplate <class T> T f(T a) { return a; }", ["A::m", "f"]),
        ("ruby", "module M\nend\ndef top\nend", ["M", "top"]),
    ],
)
def test_each_language_has_its_symbols(language: str, text: str, named: list[str]) -> None:
    assert [symbol for symbol, _, _ in symbols(text, language)] == named


def test_long_class_is_cut_at_its_methods_and_nothing_is_lost() -> None:
    methods = "\n".join(f"    def m{number}(self):\n        return '{number} 号'\n" for number in range(40))
    text = f"# 花园\nclass Garden:\n    size = 1\n\n{methods}\nprint(Garden)"

    pieces = read_code(text, "python").pieces

    assert [piece.symbol for piece in pieces[:4]] == ["", "Garden.m0", "", "Garden.m1"] or pieces[
        1
    ].symbol == "Garden.m0"
    assert "".join(text.split()) == "".join("".join(piece.text for piece in pieces).split())
    assert pieces[1].text.split("\n") == text.split("\n")[pieces[1].line_start - 1 : pieces[1].line_end]


@pytest.mark.parametrize("text", ["(" * 50_000, "def f(:\n" * 300, "", "\0\0", "{" * 2000 + "}" * 2000])
def test_code_that_is_none_is_read_as_blocks(text: str) -> None:
    assert all(piece.line_end >= piece.line_start >= 1 for piece in read_code(text, "python").pieces)


def test_pages_of_a_pdf_keep_their_numbers_and_script() -> None:
    reading = read_pdf(make_pdf("The tea is green.\nIt grows.", "", "我们决定改用滴灌。"))

    assert [(piece.page, piece.text.split()) for piece in reading.pieces] == [
        (1, ["The", "tea", "is", "green.", "It", "grows."]),
        (3, ["我们决定改用滴灌。"]),
    ]


@pytest.mark.parametrize(
    ("pdf", "problem"),
    [
        (locked(make_pdf("secret"), "pw"), "encrypted"),
        (make_pdf(""), "no text"),
        (b"%PDF-1.7\nnothing", "cannot be read"),
        (make_pdf("x")[:300], "cannot be read"),
    ],
)
def test_pdf_without_text_for_us_says_why(pdf: bytes, problem: str) -> None:
    assert problem in read_pdf(pdf).problem


def test_pdf_that_is_locked_against_changes_only_is_read() -> None:
    assert [piece.text for piece in read_pdf(locked(make_pdf("green tea"), "")).pieces] == ["green tea"]
