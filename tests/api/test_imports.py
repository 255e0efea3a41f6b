"""Imports of files: what is stored, what is refused, and that nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from neo4j import AsyncDriver

from app.domain.tasks import LEASE
from app.services.parts import Parts
from app.worker import Worker
from tests.clients import SECRET, Client
from tests.conftest import SignUp

Work = Callable[[], Awaitable[int]]
FIELDS = [
    *("id", "status", "file_type", "filename", "agent_id", "space_id", "post_process", "strategy"),
    *("storage_total", "storage_stored", "storage_skipped", "extraction_status", "extraction_chunks"),
    *("extraction_facts", "extraction_progress", "reconcile_status", "reconcile_relations", "reconcile_merged"),
    *("reconcile_progress", "errors", "created_at", "completed_at", "task_id", "format", "version"),
]
NOTES = "# Harbour\n\nAnn deploys on Fridays.\n\n## 团队\n\n小明住在上海。\n"
# A machine that does seven other things took 12 s.
SECONDS_FOR_20_MB = 60


async def upload(client: Client, text: str | bytes, name: str = "notes.md", **parts: str) -> Any:
    """The answer to an upload, whatever it is."""
    return await client.post("/v1/imports", files={"file": (name, text)}, data=parts)


async def bring(client: Client, text: str | bytes, name: str = "notes.md", **parts: str) -> dict[str, Any]:
    """The import that an upload answers with, which must be a success."""
    answer = await upload(client, text, name, **parts)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def state(client: Client, made: dict[str, Any]) -> dict[str, Any]:
    return (await client.get(f"/v1/imports/{made['id']}")).json()


async def messages(client: Client, **query: str) -> list[dict[str, Any]]:
    """The messages of the tenant, oldest first."""
    parameters = {"memory_type": "session", "sort": "created_at", "order": "asc", "limit": "200", **query}
    return (await client.get("/v1/memories", params=parameters)).json()["memories"]


def lines(*rows: dict[str, Any]) -> bytes:
    return b"\n".join(msgspec.json.encode(row) for row in rows)


async def test_a_file_is_an_import_at_once_with_all_fields(alice: Client) -> None:
    made = await bring(alice, NOTES)

    assert list(made) == FIELDS
    assert (made["status"], made["filename"], made["format"], made["version"]) == (
        "processing",
        "notes.md",
        "markdown",
        1,
    )
    assert (made["storage_total"], made["storage_stored"], made["extraction_status"]) == (2, 2, "pending")
    assert made["completed_at"] is None
    task = (await alice.get(f"/v1/tasks/{made['task_id']}")).json()
    assert (task["kind"], task["counts"]["stored"]) == ("import", 2)


async def test_sections_are_searchable_before_any_work_is_done(alice: Client) -> None:
    await bring(alice, NOTES)

    assert (await alice.found("who deploys on Fridays?"))[0] == "# Harbour\n\nAnn deploys on Fridays."
    assert (await alice.found("小明住在哪里"))[0] == "## 团队\n\n小明住在上海。"


async def test_sections_know_where_they_stand(alice: Client, driver: AsyncDriver) -> None:
    made = await bring(alice, NOTES)

    found = await driver.execute_query(
        "MATCH (:Import {id: $id})-[:BROUGHT]->(:Document)<-[:PART_OF]-(section:Episode)-[:PART_OF]->(session:Session)"
        " RETURN section.heading_path, section.line_start, section.line_end, section.role, session.id"
        " ORDER BY section.position",
        id=made["id"],
    )
    session = f"import-{made['id']}"
    assert [row.values() for row in found.records] == [
        ["Harbour", 1, 3, "document", session],
        ["Harbour > 团队", 5, 7, "document", session],
    ]


async def test_without_post_processing_a_short_file_is_complete_at_once(alice: Client) -> None:
    made = await bring(alice, NOTES, post_process="false")

    assert (made["status"], made["extraction_status"], made["reconcile_status"]) == ("completed", "skipped", "skipped")
    assert made["completed_at"] is not None


@pytest.mark.parametrize("off", ["0", "false"])
async def test_what_is_only_stored_makes_no_facts(alice: Client, work: Work, off: str) -> None:
    await bring(alice, "I live in Rome.", post_process=off)
    await work()

    assert (await alice.get("/v1/memories")).json()["memories"] == []


async def test_messages_keep_speaker_time_and_conversation(alice: Client) -> None:
    row = {
        "role": "user",
        "content": "我住在上海",
        "speaker": "小明",
        "said_at": "2026-03-02T10:00:00Z",
        "session_id": "s1",
    }
    await bring(alice, lines(row), "chat.jsonl")

    (found,) = await messages(alice)
    assert (found["content"], found["session_id"], found["source"]) == ("我住在上海", "s1", "import")
    assert found["created_at"] == "2026-03-02T10:00:00.000000+00:00"


async def test_agent_and_session_of_the_form_are_kept(alice: Client) -> None:
    made = await bring(alice, "User: hi\nAI: hello\nUser: I like tea", "talk.txt", agent_id="coder", session_id="talk")

    assert made["agent_id"] == "coder"
    assert {(one["agent_id"], one["session_id"]) for one in await messages(alice)} == {("coder", "talk")}


async def test_a_file_that_grew_adds_what_is_new(alice: Client) -> None:
    rows = [{"role": "user", "content": text, "session_id": "s"} for text in ("one", "ok", "two", "ok")]
    first = await bring(alice, lines(*rows[:2]), "chat.jsonl")

    second = await bring(alice, lines(*rows), "chat.jsonl")

    assert (first["storage_stored"], second["storage_stored"], second["storage_skipped"]) == (2, 2, 2)
    assert [one["content"] for one in await messages(alice)] == ["one", "ok", "two", "ok"]


async def test_a_message_known_from_elsewhere_is_not_stored_again(alice: Client) -> None:
    await alice.say("I live in Rome.", session_id="s")

    made = await bring(alice, lines({"role": "user", "content": "I live in Rome.", "session_id": "s"}), "chat.jsonl")

    assert (made["storage_stored"], made["storage_skipped"]) == (0, 1)
    assert len(await messages(alice)) == 1


async def test_rows_that_cannot_be_read_make_it_partial(alice: Client, work: Work) -> None:
    made = await bring(alice, b'{"role": "user", "content": "hi"}\n{"role": 7, "content": "x"}\n{"role"', "chat.jsonl")
    await work()

    ended = await state(alice, made)
    assert ended["status"] == "partial"
    assert [error.partition(":")[0] for error in ended["errors"]] == ["line 2", "line 3"]
    assert ended["storage_stored"] == 1


@pytest.mark.parametrize(
    ("content", "form", "word"),
    [
        ("", {}, "empty"),
        (" \n ", {}, "empty"),
        ("[]", {}, "nothing to remember"),
        (f"<private>{SECRET}</private>", {}, "nothing to remember"),
        ("你好".encode("gb18030"), {}, "UTF-8"),
        ("hi", {"file_type": "pdf"}, "file_type"),
        ("hi", {"strategy": "fast"}, "strategy"),
        ("hi", {"agent_id": "x" * 300}, "agent_id"),
        ("hi", {"session_id": "x" * 300}, "session_id"),
    ],
)
async def test_what_cannot_be_imported_is_refused_by_its_name(
    alice: Client, content: str | bytes, form: dict[str, str], word: str
) -> None:
    answer = await upload(alice, content, **form)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"
    assert word in answer.json()["error"]["message"]
    assert (await alice.get("/v1/imports")).json() == {"imports": [], "total": 0, "next_cursor": None}


async def test_a_form_without_file_and_a_body_that_is_no_form_are_refused(alice: Client) -> None:
    answers = [
        await alice.post("/v1/imports", files={"other": ("a", "b")}),
        await alice.post("/v1/imports", json={"file": "hi"}),
        await alice.post("/v1/imports", content=b"x", headers={"Content-Type": "multipart/form-data"}),
        await alice.post("/v1/imports"),
    ]

    assert [answer.status_code for answer in answers] == [400] * 4
    assert "file is missing" in answers[0].json()["error"]["message"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
async def test_marks_of_an_encoding_are_understood(alice: Client, encoding: str) -> None:
    await bring(alice, "小明住在上海。".encode(encoding), "a.txt")

    assert [one["content"] for one in await messages(alice)] == ["小明住在上海。"]


async def test_a_file_as_a_plain_field_has_no_name(alice: Client) -> None:
    answer = await alice.post("/v1/imports", files={"file": (None, "Ann lives in Rome.")})

    assert (answer.status_code, answer.json()["filename"]) == (200, "unknown")


async def test_a_duplicate_is_refused_and_forced_it_is_the_next_version(alice: Client) -> None:
    await bring(alice, NOTES)

    again = await upload(alice, NOTES, "other.md")
    forced = await bring(alice, NOTES, force="true")

    assert again.status_code == 400
    assert "duplicate" in again.json()["error"]["message"]
    assert (forced["version"], forced["storage_stored"], forced["status"]) == (2, 2, "processing")


async def test_a_forced_conversation_is_worked_on_again(alice: Client) -> None:
    row = {"role": "user", "content": "I live in Rome.", "session_id": "s"}
    await bring(alice, lines(row), "chat.jsonl")

    forced = await bring(alice, lines(row), "chat.jsonl", force="1")

    assert forced["storage_stored"] == 1
    assert {one["session_id"] for one in await messages(alice)} == {"s", "s#v2"}


async def test_what_was_erased_may_be_imported_again(alice: Client) -> None:
    await bring(alice, NOTES)
    await alice.delete("/v1/memories/all", headers={"X-Confirm": "delete-all"})

    assert (await bring(alice, NOTES))["version"] == 1


async def test_two_tenants_may_import_the_same_file(alice: Client, stranger: Client) -> None:
    await bring(alice, NOTES)

    assert (await bring(stranger, NOTES))["version"] == 1


async def test_the_same_file_at_the_same_time_is_imported_once(alice: Client) -> None:
    answers = await asyncio.gather(*(upload(alice, NOTES) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


async def test_several_files_at_the_same_time_are_all_there(alice: Client, work: Work) -> None:
    made = await asyncio.gather(*(bring(alice, f"# File {number}\n\nText {number}.") for number in range(8)))
    await work()

    assert len({one["id"] for one in made}) == 8
    assert {(await state(alice, one))["status"] for one in made} == {"completed"}
    assert len(await messages(alice)) == 8


async def test_no_private_text_is_stored_anywhere(alice: Client, driver: AsyncDriver) -> None:
    await bring(alice, f"before <private>{SECRET}</private> after", f"<private>{SECRET}</private>.md")
    await bring(
        alice,
        lines({"role": "user", "content": f"a <private>{SECRET}"}, {"kind": f"<private>{SECRET}", "content": "x"}),
    )

    found = await driver.execute_query(
        "MATCH (node) WHERE node.tenant_id = $id OR node.space_key IS NOT NULL"
        " RETURN [key IN keys(node) WHERE node[key] IS :: STRING AND node[key] CONTAINS $secret] AS keys",
        secret=SECRET,
        id=alice.user_id,
    )
    assert [row["keys"] for row in found.records if row["keys"]] == []


async def test_another_private_part_is_the_same_file(alice: Client) -> None:
    await bring(alice, "a <private>1</private> b")

    assert (await upload(alice, "a <private>2</private> b")).status_code == 400


async def test_imports_are_listed_newest_first_page_by_page(alice: Client) -> None:
    made = [(await bring(alice, f"Text {number}."))["id"] for number in range(3)]

    first = (await alice.get("/v1/imports", params={"limit": 2})).json()
    second = (await alice.get("/v1/imports", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [one["id"] for one in [*first["imports"], *second["imports"]]] == made[::-1]
    assert (first["total"], second["next_cursor"]) == (3, None)


async def test_a_stranger_sees_no_import_and_may_not_import_here(alice: Client, stranger: Client) -> None:
    made = await bring(alice, NOTES)

    assert (await stranger.get(f"/v1/imports/{made['id']}")).status_code == 404
    assert (await stranger.get("/v1/imports")).json()["imports"] == []
    for space in (made["space_id"], "team/unknown", "../x", "personal/"):
        assert (await upload(stranger, NOTES, space_id=space)).status_code == 404
    assert len(await messages(alice)) == 2


async def test_a_reader_of_a_space_may_not_import_into_it(alice: Client, driver: AsyncDriver) -> None:
    await driver.execute_query(
        "MATCH (:Tenant {id: $id})-[member:MEMBER_OF]->() SET member.role = 'reader'", id=alice.user_id
    )

    assert (await upload(alice, NOTES)).status_code == 401


async def test_private_lines_of_an_export_stay_private(sign_up: SignUp) -> None:
    coder = await sign_up(agent="coder")
    line = {
        "kind": "message",
        "role": "user",
        "content": "我的密码本在柜子里",
        "agent_id": "coder",
        "visibility": "private",
    }
    await bring(coder, lines(line), "backup.jsonl")

    assert len(await messages(coder)) == 1
    coder.headers["X-Agent-Id"] = "another"
    assert await messages(coder) == []


async def test_an_unknown_group_in_a_file_is_named_with_its_line(alice: Client) -> None:
    line = {"kind": "message", "role": "user", "content": "x", "visibility": "shared:nobody"}

    answer = await upload(alice, lines({**line, "visibility": "global"}, line), "backup.jsonl")

    assert answer.status_code == 400
    assert "line 2" in answer.json()["error"]["message"]


def harbour(count: int) -> str:
    """Sentences of which no two are equal, in paragraphs, half of them Chinese."""
    english = [f"Berth {number} of the harbour is used by ship {number * 7}." for number in range(count)]
    chinese = [f"{number}号泊位今天停靠第{number * 7}号货船。" for number in range(count)]
    return "\n\n".join(" ".join(pair) for pair in zip(english, chinese, strict=True))


async def test_300_kilobytes_are_stored_by_the_task(alice: Client, work: Work, driver: AsyncDriver) -> None:
    text = harbour(3_500)
    made = await bring(alice, text, "harbour.txt", post_process="false")
    assert (made["status"], made["storage_stored"], made["extraction_status"]) == ("processing", 0, "skipped")

    await work()

    ended = await state(alice, made)
    stored = await messages(alice)
    assert len(text.encode()) > 300_000
    assert (ended["status"], ended["storage_stored"]) == ("completed", made["storage_total"])
    assert "".join("".join(one["content"] for one in stored).split()) == "".join(text.split())
    assert (await alice.found("which ship uses berth 2999?", limit=1))[0].count("Berth 2999 ") == 1
    left = await driver.execute_query("MATCH (portion:Portion {import_id: $id}) RETURN portion", id=made["id"])
    assert left.records == []


async def test_a_worker_that_dies_in_the_middle_loses_and_doubles_nothing(alice: Client, parts: Parts) -> None:
    made = await bring(alice, harbour(5_000), "harbour.txt", post_process="false")
    worker = asyncio.create_task(Worker(parts).run_pending())
    while not (await state(alice, made))["storage_stored"]:  # noqa: ASYNC110 - what is waited for is in the graph
        await asyncio.sleep(0.01)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    before = (await state(alice, made))["storage_stored"]
    later = msgspec.structs.replace(parts, clock=lambda: parts_clock(parts))

    await Worker(later).run_pending()

    ended = await state(alice, made)
    assert 0 < before < made["storage_total"]
    assert ended["storage_stored"] == made["storage_total"]
    assert len({one["content"] for one in await messages(alice, limit="200")}) == made["storage_total"]


def parts_clock(parts: Parts) -> Any:
    return parts.clock() + LEASE * 2


async def test_20_megabytes_are_answered_in_time_while_others_are_served(alice: Client, stranger: Client) -> None:
    row = {"role": "user", "content": "The harbour deploys on Fridays, 港口周五发布。" * 4, "session_id": "s"}
    text = b"\n".join(msgspec.json.encode({**row, "session_id": f"s{number // 500}"}) for number in range(80_000))
    assert 18_000_000 < len(text) < 20 * 1024 * 1024
    begun = time.monotonic()

    big = asyncio.create_task(bring(alice, text, "chat.jsonl", post_process="false"))
    answered = 0
    while not big.done():
        answered += (await stranger.get("/health/live")).status_code == 200
        await asyncio.sleep(0.05)

    brought = await big
    # Nobody needs it stored: the workers of other tests would be busy with it for minutes.
    await alice.post(f"/v1/tasks/{brought['task_id']}/cancel")
    assert brought["storage_total"] == 80_000
    assert time.monotonic() - begun < SECONDS_FOR_20_MB
    assert answered > 10


async def test_more_than_20_megabytes_are_refused(alice: Client) -> None:
    for size in (20 * 1024 * 1024 + 1, 21 * 1024 * 1024):
        answer = await upload(alice, b"x" * size, "a.txt")

        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "content_too_long"
