"""What files are read as: a table for each format, in English and Chinese."""

from __future__ import annotations

import time

import msgspec
import pytest

from app.domain.imports import Item, ParsedFile
from app.domain.texts import estimate_tokens
from ingest.formats import parse
from ingest.sections import MAX_TOKENS, cut

# Measured at 2 s of processor time for the slowest on a busy machine; what grows faster than its text takes minutes.
SECONDS_FOR_200_KILOBYTES = 8.0


def read(text: str, name: str = "notes.txt", file_type: str = "memory") -> ParsedFile:
    return parse(text, name, file_type)


def texts(found: ParsedFile) -> list[str]:
    return [item.text for item in found.items]


def said(found: ParsedFile) -> list[tuple[str, str, str]]:
    return [(item.role, item.speaker, item.text) for item in found.items]


def lines(*rows: object) -> str:
    return "\n".join(row if isinstance(row, str) else msgspec.json.encode(row).decode() for row in rows)


MARKDOWN = """\
---
title: Harbour
date: 2026-03-02
---
Who runs what.

# Harbour

## Deploys

Ann deploys on Fridays.

```sh
# no heading
make deploy
```

| day | who |
|-----|-----|
| Fri | Ann |

Staging
-------

- 测试环境在上海。
- Ben owns it.

# 团队
"""


def test_markdown_is_a_section_for_each_heading_with_its_path_and_lines() -> None:
    found = read(MARKDOWN, "harbour.md")

    assert found.format == "markdown"
    assert [(item.heading, item.line_start, item.line_end) for item in found.items] == [
        ("", 1, 3),
        ("", 5, 5),
        ("Harbour > Deploys", 9, 20),
        ("Harbour > Staging", 22, 26),
    ]
    assert "# no heading\nmake deploy" in found.items[2].text
    assert "| Fri | Ann |" in found.items[2].text
    assert str(found.items[3].said_at) == "2026-03-02 00:00:00+00:00"
    assert all(MARKDOWN.split("\n")[item.line_start - 1] in item.text for item in found.items[1:])


def test_long_markdown_is_cut_at_the_same_headings() -> None:
    long = "# One\n\n" + "Some words that fill a paragraph.\n\n" * 20_000 + "```\n# none\n```\n\n## 二\n\n结束。\n"

    found = read(long, "long.md")

    assert list(dict.fromkeys(item.heading for item in found.items)) == ["One", "One > 二"]
    assert found.items[-1].text == "## 二\n\n结束。"


@pytest.mark.parametrize(
    ("name", "text", "memories"),
    [
        ("MEMORY.md", "# Facts\n- Ann likes tea\n- Ben\n  moved to Rome\n", ["Ann likes tea", "Ben\n  moved to Rome"]),
        (
            "memory/2026-03-02.md",
            "## 上午\n1. 决定用 Argo 发布\n2. [x] 写文档",
            ["决定用 Argo 发布", "写文档"],
        ),
        ("notes.md", "# 长期记忆\n\n* 小明喜欢喝茶\n\n他住在上海。\n", ["小明喜欢喝茶", "他住在上海。"]),
        (".cursor/rules/style.mdc", "---\nglobs: *.py\n---\n- Use ruff\n", ["Use ruff"]),
    ],
)
def test_lists_of_memory_files_are_memories(name: str, text: str, memories: list[str]) -> None:
    found = read(text, name)

    assert (found.format, texts(found)) == ("memory file", memories)
    assert {item.kind for item in found.items} == {"memory"}


def test_a_day_file_says_when() -> None:
    found = read("- met Ann\n", "2026-03-02.md")

    assert str(found.items[0].said_at) == "2026-03-02 00:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "User: I moved to Rome.\nIt rains.\nAssistant: Nice!\nUser: Note: I work at Acme.",
            [
                ("user", "", "I moved to Rome.\nIt rains."),
                ("assistant", "", "Nice!"),
                ("user", "", "Note: I work at Acme."),
            ],
        ),
        (
            "我：我搬到上海了。\n助手：好的。\n我：我喜欢喝茶。\n系统：结束",
            [("user", "", "我搬到上海了。"), ("assistant", "", "好的。"), ("user", "", "我喜欢喝茶。")],
        ),
        (
            "**Human:** hi\n\n**Claude:** hello\n\n**Human:** I like tea",
            [("user", "", "hi"), ("assistant", "", "hello"), ("user", "", "I like tea")],
        ),
        (
            "[2026-03-02 10:00] Ann: hi\n[2026-03-02 10:01] Ben: hey\nAnn: lunch?\nBen: yes",
            [("user", "Ann", "hi"), ("user", "Ben", "hey"), ("user", "Ann", "lunch?"), ("user", "Ben", "yes")],
        ),
        (
            "小明：在吗\n王芳：在\n小明：吃饭去\n王芳：好",
            [("user", "小明", "在吗"), ("user", "王芳", "在"), ("user", "小明", "吃饭去"), ("user", "王芳", "好")],
        ),
    ],
)
def test_lines_that_begin_with_who_speaks_are_a_conversation(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = read(text)

    assert (found.format, said(found)) == ("conversation", expected)


def test_times_in_brackets_are_when_it_was_said() -> None:
    found = read("[2026-03-02 10:00] Ann: hi\n[2026-03-02 10:01] Ben: hey\nAnn: lunch?\nBen: yes")

    assert str(found.items[0].said_at) == "2026-03-02 10:00:00+00:00"
    assert found.items[2].said_at is None


@pytest.mark.parametrize(
    "text",
    [
        "Note: buy milk\nURL: example.com\nTime: ten\nPlace: home",
        "Dear Ann,\n\nit was nice: really.\n\nBen",
        "会议记录：周五\n地点：上海\n参加：小明",
    ],
)
def test_notes_with_colons_are_no_conversation(text: str) -> None:
    assert read(text).format == "text"


CLAUDE_CODE = lines(
    {"type": "summary", "summary": "Fix", "leafUuid": "x"},
    {
        "type": "user",
        "sessionId": "s1",
        "timestamp": "2026-03-02T10:00:00.000Z",
        "message": {"role": "user", "content": "我住在上海"},
    },
    {
        "type": "assistant",
        "sessionId": "s1",
        "timestamp": "2026-03-02T10:00:01Z",
        "message": {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Noted."}],
        },
    },
    {
        "type": "user",
        "sessionId": "s1",
        "message": {"role": "user", "content": [{"type": "tool_result", "content": "1"}]},
    },
    {"type": "user", "sessionId": "s1", "isMeta": True, "message": {"role": "user", "content": "meta"}},
    {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
)
CHATGPT = [
    {
        "title": "Trip",
        "conversation_id": "c1",
        "current_node": "d",
        "mapping": {
            "a": {"message": None, "parent": None, "children": ["b", "x"]},
            "x": {
                "message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["old"]}},
                "parent": "a",
                "children": [],
            },
            "b": {
                "message": {
                    "author": {"role": "user"},
                    "create_time": 1772445600.5,
                    "content": {"content_type": "text", "parts": ["I live in Rome.", {"asset": 1}]},
                },
                "parent": "a",
                "children": ["c"],
            },
            "c": {
                "message": {"author": {"role": "tool"}, "content": {"content_type": "text", "parts": ["42"]}},
                "parent": "b",
                "children": ["d"],
            },
            "d": {
                "message": {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": ["好"]}},
                "parent": "c",
                "children": [],
            },
        },
    }
]
CLAUDE = [
    {
        "uuid": "c2",
        "name": "Tea",
        "chat_messages": [
            {"sender": "human", "text": "I drink oolong.", "created_at": "2026-03-02T10:00:00Z"},
            {"sender": "assistant", "text": "", "content": [{"type": "text", "text": "Nice."}, {"type": "tool_use"}]},
        ],
    }
]
OPENAI = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "I drink tea."}, {"type": "image_url"}]},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "content": "Good."},
    ]
}


@pytest.mark.parametrize(
    ("text", "format_", "session", "expected"),
    [
        (CLAUDE_CODE, "transcript", "s1", [("user", "", "我住在上海"), ("assistant", "", "Noted.")]),
        (lines(CHATGPT), "ChatGPT", "c1", [("user", "", "I live in Rome."), ("assistant", "", "好")]),
        (lines(CLAUDE), "Claude", "c2", [("user", "", "I drink oolong."), ("assistant", "", "Nice.")]),
        (lines(OPENAI), "OpenAI chat", "#1", [("user", "Ann", "I drink tea."), ("assistant", "", "Good.")]),
        (lines(OPENAI["messages"]), "messages", "", [("user", "Ann", "I drink tea."), ("assistant", "", "Good.")]),
        (
            lines(
                {"type": "session", "id": "x"},
                {
                    "type": "message",
                    "id": "1",
                    "message": {"role": "user", "content": [{"type": "text", "text": "我叫小明"}]},
                },
            ),
            "transcript",
            "",
            [("user", "", "我叫小明")],
        ),
        (
            lines(
                {"role": "user", "content": "hi", "speaker": "Lena", "session_id": "s"},
                {"role": "tool", "content": "1"},
            ),
            "messages",
            "s",
            [("user", "Lena", "hi")],
        ),
    ],
)
def test_exports_of_chats_are_what_people_and_models_said(
    text: str, format_: str, session: str, expected: list[tuple[str, str, str]]
) -> None:
    found = read(text, "export.json")

    assert (found.format, said(found)) == (format_, expected)
    assert {item.session for item in found.items} == {session}
    assert found.errors == []


def test_times_of_chats_are_kept() -> None:
    assert str(read(CLAUDE_CODE).items[0].said_at) == "2026-03-02 10:00:00+00:00"
    assert str(read(lines(CHATGPT)).items[0].said_at) == "2026-03-02 10:00:00.500000+00:00"


def test_lines_of_a_transcript_in_which_nobody_speaks_are_counted() -> None:
    assert read(CLAUDE_CODE).skipped == 4


@pytest.mark.parametrize(
    ("text", "format_", "expected"),
    [
        (
            lines(
                [{"id": "1", "memory": "Likes tea", "created_at": "2026-03-02T10:00:00-08:00", "metadata": {"a": 1}}]
            ),
            "mem0",
            ["Likes tea"],
        ),
        (lines({"results": [{"memory": "喜欢喝茶"}, {"memory": "住在上海"}]}), "mem0", ["喜欢喝茶", "住在上海"]),
        (
            lines({"memory": "Likes tea"}, {"memory": "Likes milk", "categories": ["food"]}),
            "mem0",
            ["Likes tea", "Likes milk"],
        ),
        (lines(["Likes tea", "住在上海"]), "texts", ["Likes tea", "住在上海"]),
        (
            lines(
                {"kind": "group", "name": "coders"},
                {"kind": "memory", "id": "1", "content": "Harbor is deployed on Tuesdays.", "category": "events"},
                {"kind": "memory", "id": "2", "content": "old", "state": "superseded"},
                {"kind": "relation", "type": "supports", "source_id": "1", "target_id": "2"},
                {"kind": "message", "role": "user", "content": "好的，周五发布。"},
            ),
            "ourmem export",
            ["Harbor is deployed on Tuesdays.", "好的，周五发布。"],
        ),
        (
            lines({"title": "Deploys", "text": "On Fridays."}, {"city": "Rome", "n": 2}),
            "rows",
            ["Deploys\nOn Fridays.", "city: Rome\nn: 2"],
        ),
    ],
)
def test_memories_and_rows_are_read(text: str, format_: str, expected: list[str]) -> None:
    found = read(text, "export.json")

    assert (found.format, texts(found), found.errors) == (format_, expected, [])


def test_an_export_keeps_what_its_lines_say() -> None:
    line = {
        "kind": "memory",
        "id": "1",
        "content": "x",
        "category": "events",
        "importance": 0.9,
        "tags": ["a"],
        "visibility": "private",
        "agent_id": "coder",
    }

    item = read(lines(line)).items[0]

    assert (item.category, item.importance, item.tags, item.visibility, item.agent_id) == (
        "events",
        0.9,
        ["a"],
        "private",
        "coder",
    )


def test_rows_that_cannot_be_read_are_named_and_cost_only_themselves() -> None:
    text = lines(
        {"role": "user", "content": "hi"},
        '{"role": "user"',
        {"role": 7, "content": "x"},
        "[1]",
        "",
        {"role": "user", "content": "好"},
    )

    found = read(text, "chat.jsonl")

    assert texts(found) == ["hi", "好"]
    assert [error.partition(":")[0] for error in found.errors] == ["line 2", "line 3", "line 4"]
    assert "Expected `str`, got `int` - at `role`" in found.errors[1]
    assert [item.line_start for item in found.items] == [1, 6]


def test_many_broken_rows_are_counted() -> None:
    found = read("\n".join(["{"] * 100), "chat.jsonl", "jsonl")

    assert (len(found.errors), found.errors[-1]) == (21, "and 80 rows more")


def test_plain_text_is_sections_of_whole_paragraphs() -> None:
    paragraphs = [f"Paragraph {number} says something about the harbour. " * 20 for number in range(40)]
    text = "\n\n".join(paragraphs)

    found = read(text)

    assert len(found.items) > 2
    assert all(estimate_tokens(item.text) <= MAX_TOKENS for item in found.items)
    assert "".join("".join(texts(found)).split()) == "".join(text.split())
    assert all(text.split("\n")[item.line_start - 1] == item.text.split("\n")[0] for item in found.items[1:])


@pytest.mark.parametrize("sentence", ["港口周五发布新版本，安负责。", "Ann deploys the harbour on Fridays. ", "x" * 50])
def test_a_text_without_a_break_is_cut_too(sentence: str) -> None:
    sections = list(cut(sentence * 3_000))

    assert len(sections) > 2
    assert all(estimate_tokens(section.text) <= MAX_TOKENS for section in sections)
    assert "".join("".join(section.text for section in sections).split()) == "".join((sentence * 3_000).split())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("before <private>pin\n\n# Pin\n\n4711</private> after", "a.md"),
        ("User: hi <private>4711\nAssistant: 4711\nUser: 4711", "a.txt"),
        (lines({"role": "user", "content": "<private>4711"}, {"role": "user", "content": "我的名字是小明"}), "a.jsonl"),
        (lines([{"memory": "pin <private>4711</private>", "categories": ["<private>4711</private>"]}]), "a.json"),
    ],
)
def test_private_text_is_in_no_item(text: str, name: str) -> None:
    found = read(text, name)

    assert found.items
    assert "4711" not in msgspec.json.encode(found).decode()


def test_an_unclosed_span_in_a_row_hides_no_other_row() -> None:
    text = lines({"role": "user", "content": "<private>4711"}, {"role": "user", "content": "我的名字是小明"})

    found = read(text)

    assert (texts(found), found.skipped) == (["我的名字是小明"], 1)


@pytest.mark.parametrize("text", ["", " \n\n ", "[]", "{}", "<private>x</private>"])
def test_nothing_is_no_item(text: str) -> None:
    assert read(text).items == []


def test_an_item_comes_back_from_json_as_it_was() -> None:
    item = read(CLAUDE_CODE).items[0]

    assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item


@pytest.mark.parametrize(
    "text",
    [
        "word " * 40_000,
        "Ann: " * 40_000,
        "# " * 100_000,
        "`" * 200_000,
        "[" * 200_000,
        "(" * 200_000,
        "港口" * 40_000,
        "\n" * 200_000,
        "- a\n" * 50_000,
    ],
    ids=["words", "names", "hashes", "ticks", "brackets", "parentheses", "cjk", "newlines", "list"],
)
def test_anything_is_read_in_time(text: str) -> None:
    begun = time.process_time()

    for name in ("a.txt", "a.md", "MEMORY.md"):
        read(text, name)

    assert time.process_time() - begun < SECONDS_FOR_200_KILOBYTES
