"""What the demo stores and asks: the conversation that comes with the project, or a file of the user's."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import msgspec

from app.cli.failures import Failure
from app.cli.files import Contents, Talk, contents_of, parse_lines, parse_locomo, read_text
from app.domain.messages import NewMessages
from app.domain.texts import is_mostly_cjk

SHIPPED = files("app.cli") / "demo_conversation.jsonl"
SHIPPED_QUESTIONS = ("On which day do we deploy Harbor?", "张伟早上喝什么茶？")
# Nothing that people store about their work and friends comes near it, so the answer is that there is none.
UNANSWERABLE = "What is the boiling point of tungsten?"
# A question made of a message is at most so long.
QUESTION_CHARS = 80


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A memory to store directly; earlier ones are named by their place in the list."""

    content: str
    category: str
    replaces: int | None = None
    relation: tuple[str, int] | None = None


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions to send, memories to store directly, questions to ask, and what to say about the file."""

    sessions: list[NewMessages]
    memories: list[Planned]
    questions: list[str]
    note: str = ""


SHIPPED_MEMORIES = [
    Planned(content="Harbor is deployed on Friday mornings.", category="events"),
    Planned(content="Harbor is deployed on Tuesdays.", category="events", replaces=0),
    Planned(content="Lena lives in Hamburg.", category="profile"),
    Planned(content="张伟每天早上喝龙井茶。", category="preferences"),
    Planned(content="张伟下午不喝茶，不然晚上睡不着。", category="preferences", relation=("contextualizes", 3)),
    Planned(content="Lena moved to Lisbon.", category="profile"),
]


def read_script(file: Path | None) -> Script:
    """The script for a file, or the one that comes with the project. Raises Failure, which names the broken line."""
    if file is None:
        with as_file(SHIPPED) as path:
            sessions = contents_of(path, parse_lines(path, read_text(path))).sessions
        return Script(sessions=sessions, memories=SHIPPED_MEMORIES, questions=[*SHIPPED_QUESTIONS, UNANSWERABLE])
    text = read_text(file)
    talks = parse_locomo(file, text)
    if talks is None:
        return script_of(file, contents_of(file, parse_lines(file, text)), [], "")
    if not talks:
        raise Failure(f"{file} holds no conversation")
    return script_of_talk(file, talks)


def script_of_talk(file: Path, talks: list[Talk]) -> Script:
    """The first conversation of a LoCoMo file, with the first question that others ask of it."""
    first = talks[0]
    note = f"{file.name} is a LoCoMo file of {len(talks)} conversations; this is the first, {first.name}."
    return script_of(file, contents_of(file, list(first.messages)), first.questions[:1], note)


def script_of(file: Path, contents: Contents, questions: list[str], note: str) -> Script:
    """A script of the messages of a file; without questions it asks for one of them."""
    if not contents.sessions:
        raise Failure(f"{file} holds no message; `ourmem import` takes exports without any")
    asked = questions or questions_from(contents.sessions)
    return Script(sessions=contents.sessions, memories=[], questions=[*asked, UNANSWERABLE], note=note)


def questions_from(sessions: list[NewMessages]) -> list[str]:
    """A question for each script that the messages are written in, Latin first."""
    texts = [message.content for session in sessions for message in session.messages]
    by_script = [[text for text in texts if is_mostly_cjk(text) is cjk] for cjk in (False, True)]
    return [question_from(written) for written in by_script if written]


def question_from(texts: list[str]) -> str:
    """The last text that asks something, else the longest; a long one in part."""
    asking = [text for text in texts if text.rstrip().endswith(("?", "？"))]
    return (asking[-1] if asking else max(texts, key=len))[:QUESTION_CHARS]
