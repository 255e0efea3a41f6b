"""Files over HTTP: texts, PDFs, code and images become sections that know where they stand."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from neo4j import AsyncDriver

from tests.clients import Client
from tests.pdfs import bomb, locked, make_pdf

Work = Callable[[], Awaitable[int]]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
CODE = "import os\n\n\ndef water(beds):\n    # 浇水\n    return beds\n\n\nclass Garden:\n    pass\n"


@pytest.fixture
def tools(tmp_path: Path) -> Generator[Callable[[str, str], None]]:
    """Puts a program first into the path of the service, for the length of a test; there is none before."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}:/bin"

    def put(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    yield put
    os.environ["PATH"] = before


async def upload(client: Client, name: str, content: bytes, kind: str = "", **form: str) -> httpx.Response:
    file = (name, content, kind) if kind else (name, content)
    return await client.post("/v1/files", files={"file": file}, data=form)  # type: ignore[dict-item]


async def sections(client: Client, driver: AsyncDriver) -> list[dict[str, Any]]:
    """What is stored of files, in order."""
    found = await driver.execute_query(
        "MATCH (n:Episode {tenant_id: $id})-[:PART_OF]->(:Document) RETURN n {.*, embedding: null} AS n "
        "ORDER BY n.created_at",
        id=client.user_id,
    )
    return [row["n"] for row in found.records]


async def test_pdf_becomes_pages_with_facts_and_is_taken_back(alice: Client, work: Work, driver: AsyncDriver) -> None:
    pdf = make_pdf("The garden port is 8080.", "", "我住在上海。\n<private>zebra</private>")

    answer = await upload(alice, "花园.pdf", pdf, "application/pdf")
    await work()

    made = answer.json()
    assert answer.status_code == 202
    assert (made["filename"], made["content_type"], made["chunks_created"]) == ("花园.pdf", "Pdf", 2)
    first, last = await sections(alice, driver)
    assert (first["page"], first["heading_path"], first["category"]) == (1, "花园.pdf › page 1", "entities")
    assert set(first["tags"]) == {"file:花园.pdf", "chunk_type:pdf_page"}
    assert (last["page"], first["source"]) == (3, "file_upload:花园.pdf")
    assert "zebra" not in last["content"]
    listed = [memory["content"] for memory in (await alice.get("/v1/memories")).json()["memories"]]
    assert any("8080" in content for content in listed)
    assert any("上海" in content for content in listed)
    assert (await alice.get(f"/v1/tasks/{made['task_id']}")).json()["status"] == "completed"
    again = await upload(alice, "花园.pdf", pdf)
    assert (again.status_code, "duplicate" in again.text) == (400, True)
    assert (await alice.post(f"/v1/imports/{made['import_id']}/rollback")).status_code == 200
    assert (await alice.get("/v1/memories")).json()["memories"] == []
    assert await sections(alice, driver) == []


async def test_code_becomes_symbols_with_their_lines_and_no_facts(
    alice: Client, work: Work, driver: AsyncDriver
) -> None:
    secret = "AKIA" + "QYLPMN5HFXT7ZKW2"
    made = (await upload(alice, "beds.py", f"{CODE}KEY = '{secret}'\n".encode())).json()
    await work()

    assert made["content_type"] == 'Code("python")'
    stored = await sections(alice, driver)
    assert [(one.get("symbol"), one["line_start"], one["line_end"]) for one in stored] == [
        (None, 1, 1), ("water", 4, 6), ("Garden", 9, 10), (None, 11, 11),
    ]  # fmt: skip
    assert "chunk_type:code_function" in stored[1]["tags"]
    assert "chunk_type:code_block" in stored[0]["tags"]
    assert secret not in str(stored)
    assert (await alice.get("/v1/memories")).json()["memories"] == []
    assert stored[1]["content"] in await alice.found("def water(beds)")


async def test_texts_in_any_encoding_are_imported(alice: Client, driver: AsyncDriver) -> None:
    texts = {
        "a.txt": "我们决定改用滴灌。".encode("gbk"),
        "b.md": "# Tea\n\nGreen tea grows here.".encode("utf-16"),
        "unknown": b"The hose leaks.",
    }

    kinds = [(await upload(alice, name, content)).json()["content_type"] for name, content in texts.items()]

    assert kinds == ["Text", "Text", "Unknown"]
    stored = await sections(alice, driver)
    assert [one["content"] for one in stored] == [
        "我们决定改用滴灌。", "# Tea\n\nGreen tea grows here.", "The hose leaks.",
    ]  # fmt: skip
    assert stored[1]["tags"] == ["file:b.md", "chunk_type:text"]


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.pdf", locked(make_pdf("x"), "pw"), 422, "encrypted"),
        ("a.pdf", b"%PDF-1.4 nonsense", 422, "cannot be read"),
        ("a.pdf", make_pdf(""), 422, "no text"),
        ("a.pdf", b"hello", 400, "says that it is pdf"),
        ("a.zip", b"PK\x03\x04\x14\0\0\0\0\0", 415, "zip"),
        ("a.mp4", b"\0\0\0\x18ftypmp42\0\0", 415, "transcribed"),
        ("a.bin", b"\0\1\2\3\xff\xfe\4\5\0", 415, "neither text"),
        ("a.txt", "Käse für Jörg".encode("latin-1"), 422, "encoding"),
        ("a.txt", b"  \n", 400, "empty"),
        ("a.txt", b"<private>x</private>", 400, "nothing to remember"),
    ],
)
async def test_what_cannot_be_read_is_refused_and_leaves_nothing(
    alice: Client, driver: AsyncDriver, name: str, content: bytes, code: int, words: str
) -> None:
    refused = await upload(alice, name, content)

    assert refused.status_code == code, refused.text
    assert words in refused.json()["error"]["message"]
    assert (await alice.get("/v1/imports")).json()["total"] == 0
    assert await sections(alice, driver) == []


async def test_bomb_is_refused_while_others_are_served(alice: Client) -> None:
    began = time.monotonic()

    refused = await upload(alice, "a.pdf", bomb())

    assert refused.status_code == 422, refused.text
    assert time.monotonic() - began < 60
    assert (await alice.get("/health/live")).status_code == 200


async def test_image_needs_a_tool_that_is_there(alice: Client, driver: AsyncDriver, tools: Any) -> None:
    without = await upload(alice, "a.png", PNG, "image/png")
    tools("tesseract", "cat > /dev/null; echo 'The tea label is red.'")
    read = await upload(alice, "a.png", PNG, "image/png")
    tools("tesseract", "exit 1")
    failed = await upload(alice, "b.png", PNG, "image/png")

    assert (without.status_code, "tesseract" in without.text) == (415, True)
    assert (read.status_code, read.json()["content_type"]) == (202, "Image")
    [stored] = await sections(alice, driver)
    assert (stored["content"], "chunk_type:image_ocr" in stored["tags"]) == ("The tea label is red.", True)
    assert failed.status_code == 422


async def test_form_without_a_file_and_too_large_ones_are_refused(alice: Client) -> None:
    missing = await alice.post("/v1/files", data={"x": "y"}, files={"y": ("y", b"y")})
    no_form = await alice.post("/v1/files", json={"file": "x"})
    large = await upload(alice, "a.txt", b"x" * (50 * 1024 * 1024 + 1))
    text = await upload(alice, "a.txt", b"x " * (11 * 1024 * 1024))

    assert [answer.status_code for answer in (missing, no_form, large, text)] == [400, 400, 413, 413]
