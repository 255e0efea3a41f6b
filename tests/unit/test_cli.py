"""The command line without a database: help, files it reads, what it refuses and how it says so."""

from __future__ import annotations

import logging
import resource
import socket
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.cli.checkout import run as run_in_checkout
from app.cli.demo_script import UNANSWERABLE, read_script
from app.cli.failures import Failure
from app.cli.files import is_restorable, read_file, split
from app.cli.logs import MaskingFormatter
from app.cli.program import bind
from app.cli.uploading import files_of
from app.client import address
from app.config import load_settings
from app.domain.messages import MAX_MESSAGES, NewMessage, NewMessages

HEAVY = ("litestar", "neo4j", "uvicorn", "httpx", "torch", "jgo", "rich")
HELP_SECONDS = 1.5


def leaves(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    """The words that call each command."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        below = leaves(command, *path, name) if isinstance(command, click.Group) else [(*path, name)]
        found += below
    return found


def invoke(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environ)


@pytest.mark.parametrize("command", leaves(main), ids=" ".join)
def test_each_command_explains_itself_with_an_example(command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help")

    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"ourmem {' '.join(command)}" in result.output


def test_help_is_quick_as_it_imports_nothing_heavy() -> None:
    script = f"import sys, app.cli; print([name for name in {HEAVY} if name in sys.modules])"
    before = processor_seconds()

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
    assert processor_seconds() - before < HELP_SECONDS


def test_what_a_service_says_is_json_where_its_log_is() -> None:
    script = "from app.cli import logs; from app.cli.terminal import echo; logs.set_up('info', 'json'); echo('Hello …')"

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    line = msgspec.json.decode(said.stderr)
    assert (line["level"], line["logger"], line["message"]) == ("info", "app.cli.terminal", "Hello …")
    assert said.stdout == ""


def processor_seconds() -> float:
    """What the children of this process have used: a machine that is busy is no fault of the command."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("command", [("up",), ("serve",), ("worker",), ("demo",), ("key", "list"), ("browser",)])
def test_a_bad_setting_is_one_sentence_that_names_it(command: tuple[str, ...]) -> None:
    result = invoke(*command, OMEM_PORT="many")

    assert result.exit_code == 1
    assert result.output == "Error: OMEM_PORT must be a whole number from 0 to 65535, not 'many'\n"


def test_what_is_no_option_is_a_mistake_in_usage() -> None:
    assert invoke("up", "--fast").exit_code == 2
    assert invoke("demo", DEMO_FILE="/there/is/no.jsonl").exit_code == 2


def test_a_busy_port_is_refused_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Failure, match=rf"^port {port} on 127.0.0.1 is taken; .* or set OMEM_PORT$"):
            bind(load_settings({"OMEM_PORT": str(port)}))


def test_a_foreign_address_is_refused() -> None:
    with pytest.raises(Failure, match="set OMEM_HOST"):
        bind(load_settings({"OMEM_HOST": "192.0.2.1"}))


def test_a_service_that_listens_everywhere_is_reached_on_loopback() -> None:
    assert address("0.0.0.0", 8080) == "http://127.0.0.1:8080"
    assert address("::", 8080) == "http://[::1]:8080"
    assert address("memory.example.com", 80) == "http://memory.example.com:80"


def test_without_a_server_browser_says_how_to_start_one(tmp_path: Path) -> None:
    result = invoke("browser", OMEM_HOME=str(tmp_path), NEO4J_URI="")

    assert result.exit_code == 1
    assert "start `ourmem up` first, or set NEO4J_URI" in result.output


def test_browser_of_a_server_elsewhere_is_named_with_a_query_for_the_tenant() -> None:
    result = invoke("browser", "--tenant", "42", NEO4J_URI="bolt://db.example.com:7687")

    assert "http://db.example.com:7474/browser/" in result.output
    assert "MATCH (space:Space {id: 'personal/42'})" in result.output
    assert "ourmem browser topic" in result.output


def test_browser_prints_a_saved_query_with_its_parameters() -> None:
    given = ("--tenant", "42", "--param", "topic=Lena's boat", "--no-open")
    result = invoke("browser", "topic", *given, NEO4J_URI="bolt://db.example.com:7687")

    assert result.output.startswith("MATCH (space:Space {id: 'personal/42'})")
    assert "CONTAINS toLower('Lena\\'s boat')" in result.output
    assert invoke("browser", "nothing", NEO4J_URI="bolt://x").exit_code == 1
    assert "must be name=value" in invoke("browser", "topic", "--param", "topic", NEO4J_URI="bolt://x").output


def test_no_key_reaches_the_log() -> None:
    record = logging.LogRecord("app", logging.INFO, "", 0, "key %s of Ming", ("omk_0123456789abcdef",), None)

    assert MaskingFormatter("%(message)s").format(record) == "key omk_… of Ming"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", " is empty"),
        ('{"role": "user", "content": "hi"}\n\n{"role": "user"', ", line 3 is not JSON"),
        ("[1]", ", line 1 is not an object"),
        ('{"role": "user"}', ", line 1: Object missing required field `content`"),
        ('{"role": 7, "content": "hi"}', r", line 1: Expected `str`, got `int` - at `role`"),
        ('{"role": "user", "content": "hi", "said_at": "monday"}', ", line 1: Invalid RFC3339"),
        ('{"kind": "thought", "content": "hi"}', ", line 1: Invalid value 'thought'"),
        ('[{"conversation": {"session_1": []}}]', " looks like LoCoMo"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(Failure, match=f"chat.jsonl{reason}"):
        read_file(file)


def test_demo_names_the_broken_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text('{"role": "user", "content": "hi"}\nhello', encoding="utf-8")

    result = invoke("demo", DEMO_FILE=str(file))

    assert result.exit_code == 1
    assert f"{file}, line 2 is not JSON" in result.output


@pytest.mark.parametrize(
    ("text", "restorable"),
    [
        ('{"kind":"memory","id":"1","content":"x"}', True),
        ('[{"sample_id": "conv-1", "conversation": {}}]', True),
        ('{"role": "user", "content": "hi"}', False),
        ('{"kind": "thought", "content": "hi"}', False),
        ("# 会议", False),
        ("", False),
    ],
)
def test_only_exports_are_restored(tmp_path: Path, text: str, restorable: bool) -> None:
    file = tmp_path / "file.json"
    file.write_text(text, encoding="utf-8")

    assert is_restorable(file) is restorable


def test_of_a_folder_its_text_files_are_taken_and_named_files_always(tmp_path: Path) -> None:
    for name in ("b/a.md", "b/c.jsonl", "b/d.png", "e.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    found = files_of([tmp_path / "b", tmp_path / "e.log", tmp_path / "b" / "a.md"])

    assert [file.name for file in found] == ["a.md", "c.jsonl", "e.log"]
    (tmp_path / "none").mkdir()
    with pytest.raises(Failure, match="no file to import"):
        files_of([tmp_path / "none"])


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_bytes("你好".encode("gb18030"))

    with pytest.raises(Failure, match="not UTF-8"):
        read_file(file)


def test_messages_are_one_request_for_each_session_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    file.write_text(
        '{"role": "user", "content": "一", "session_id": "a"}\n{"role": "user", "content": "2"}\n'
        '{"role": "assistant", "content": "三", "session_id": "a"}\n',
        encoding="utf-8",
    )

    sessions = read_file(file).sessions

    assert [session.session_id for session in sessions] == ["a", "chat"]
    assert [message.content for message in sessions[0].messages] == ["一", "三"]


def test_a_session_too_long_for_one_request_goes_on_in_another() -> None:
    messages = [NewMessage(role="user", content=str(number)) for number in range(MAX_MESSAGES + 1)]

    parts = list(split(NewMessages(session_id="long", messages=messages)))

    assert [(part.session_id, len(part.messages)) for part in parts] == [("long", MAX_MESSAGES), ("long#2", 1)]


def test_locomo_sessions_are_read_with_speakers_and_times(tmp_path: Path) -> None:
    file = tmp_path / "locomo.json"
    turn = {"speaker": "Ann", "dia_id": "D1:1", "text": "Look!", "blip_caption": "a red boat"}
    talk = {"session_1_date_time": "1:56 pm on 8 May, 2023", "session_1": [turn]}
    entry = {"sample_id": "conv-1", "conversation": talk, "qa": [{"question": "What did Ann show?"}]}
    file.write_bytes(msgspec.json.encode([entry, entry]))

    script = read_script(file)

    message = script.sessions[0].messages[0]
    assert (message.speaker, message.content) == ("Ann", "Look! [shows a red boat]")
    assert str(message.said_at) == "2023-05-08 13:56:00+00:00"
    assert script.questions == ["What did Ann show?", UNANSWERABLE]
    assert "2 conversations; this is the first, conv-1" in script.note


def test_demo_asks_a_file_without_questions_for_what_it_says_in_each_language(tmp_path: Path) -> None:
    file = tmp_path / "chat.jsonl"
    said = ["My cat is called Pixel.", "Nice!", "我的狗叫豆豆，它三岁了。", "它喜欢什么？"]
    file.write_bytes(b"\n".join(msgspec.json.encode({"role": "user", "content": text}) for text in said))

    assert read_script(file).questions == ["My cat is called Pixel.", "它喜欢什么？", UNANSWERABLE]


def test_the_conversation_of_the_project_is_in_two_languages_with_a_private_part() -> None:
    sessions = read_script(None).sessions

    said = "".join(message.content for session in sessions for message in session.messages)
    assert len(sessions) == 3
    assert "龙井" in said
    assert "<private>" in said


def test_what_only_a_checkout_has_is_said_so() -> None:
    with pytest.raises(Failure, match="run this in a checkout"):
        run_in_checkout("no_such_thing", ())
