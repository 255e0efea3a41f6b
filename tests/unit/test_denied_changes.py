"""A denied change is none: it replaces no other value, it gives no value, and it contradicts the change itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from app.domain.decisions import Action, Decision
from app.domain.facts import Fact, Modality, Utterance
from app.domain.memories import text_hash
from ingest.extraction import extract
from ingest.reconciliation import decide, known_of_batch
from ingest.redaction import redact
from ingest.statements import says_change

MONDAY = datetime(2026, 5, 18, 10, tzinfo=UTC)


def read(text: str, days: int = 0, speaker: str = "mara") -> Fact:
    said_at = MONDAY + timedelta(days=days)
    return extract([Utterance(id="u", role="user", speaker=speaker, said_at=said_at, text=redact(text))])[-1]


def decided(older: str, newer: str, speaker: str = "mara") -> Decision:
    old, new = read(older), read(newer, 8, speaker)
    known = msgspec.structs.replace(known_of_batch(0, old, text_hash(old.text)), cosine=0.7)
    return decide([new], [[known]], [text_hash(new.text)])[0]


@pytest.mark.parametrize(
    "text",
    [
        "We never moved to Oslo.",
        "The parser has not been migrated to Rust.",
        "We have never really moved to Oslo.",
        "Our offices weren’t moved to Bergen.",
        "The trip was not cancelled.",
        "Nobody moved to Oslo.",
        "No server was moved to Oslo.",
        "None of the servers were migrated to Zig.",
        "We stayed without having moved to Oslo.",
        "We never moved to Oslo or switched to Rust.",
        "I was never promoted to lead.",
        "I almost moved to Oslo.",
        "It is not true that I moved to Oslo.",
        "We decided against moving to Oslo.",
        "我差点搬到了奥斯陆。",
        "我们从来没有搬到奥斯陆。",
        "我没搬去上海。",
        "我们没有把解析器换成Rust。",
        "例会没有从周二改到周五。",
        "项目从未改名叫苍鹭。",
        "发布会没取消。",
        "我还没有跳槽。",
        "没人换成Rust。",
        "接口不会停用。",
        "我们不打算搬到奥斯陆。",
    ],
)
def test_a_denied_change_is_no_change(text: str) -> None:
    assert not says_change(text)


@pytest.mark.parametrize(
    "text",
    [
        "We no longer live in Oslo.",
        "I do not any more, I moved to Bergen.",
        "I don't live in Oslo, I moved to Bergen.",
        "Not only was it renamed, it moved to Oslo.",
        "We hadn't moved to Oslo until May.",
        "The trip was not cancelled but moved to May.",
        "I can't believe we moved to Oslo.",
        "No doubt the name was changed to Heron.",
        "No, the meeting was moved to Friday.",
        "The job that had no owner was handed over to Dov.",
        "I never used to like tea.",
        "We almost finished packing and moved to Oslo.",
        "Not long ago we moved to Oslo.",
        "我们不再住在上海。",
        "我们不得不搬到上海。",
        "我们不久就搬到了上海。",
        "我们不仅改名叫苍鹭，还搬到了上海。",
        "不过例会改到周五了。",
        "例会没有取消，而是改到周五。",
        "没几天就换成了Rust。",
        "发布会不取消了。",
        "特别改到周五。",
    ],
)
def test_what_ended_or_changed_after_all_is_a_change(text: str) -> None:
    assert says_change(text)


@pytest.mark.parametrize("speaker", ["mara", "ben"])
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("We moved to Lisbon with the kids.", "We never moved to Oslo."),
        ("I live in Lisbon.", "I have not moved to Oslo."),
        ("I work at Ericsson.", "I didn't join Nokia."),
        ("I joined Ericsson as a tester.", "I never joined Nokia as a tester."),
        ("Our parser is written in Go.", "We never switched the parser to Rust."),
        ("The meeting is on Monday.", "The meeting was never moved to Friday."),
        ("The project is called Otter.", "The project was never renamed to Heron."),
        ("The broker is on version 3.", "The broker hasn't been upgraded to version 4."),
        ("The deadline is 9 June.", "The deadline was never moved to 12 June."),
        ("Django is on 4.2.", "We never upgraded to Django 5.1."),
        ("The API runs on port 8080.", "We decided against moving the API to port 9090."),
        ("My phone is a Pixel.", "I almost switched to an iPhone."),
        ("The rent is 900 euros.", "The rent was not raised to 1100 euros."),
        ("I live in Graz.", "It's not true that I moved to Turin."),
        ("我住在厦门。", "我差点搬到了杭州。"),
        ("I work at Nokia.", "I never quit my job at Nokia."),
        ("我们搬家到了里斯本。", "我们从来没有搬到奥斯陆。"),
        ("我住在里斯本。", "我没搬去上海。"),
        ("我住在里斯本。", "我没有搬到上海。"),
        ("我的终端是iTerm。", "我没有把终端换成Kitty。"),
        ("我在爱立信上班。", "我没加入诺基亚。"),
        ("我在爱立信上班。", "我没跳槽到青石出版社。"),
        ("例会在周二。", "例会没有改到周五。"),
        ("项目叫水獭。", "项目没有改名叫苍鹭。"),
        ("端口是8080。", "端口没有改成8081。"),
        ("我在华为上班。", "我没有离职，还在华为上班。"),
    ],
)
def test_a_denied_change_leaves_what_holds(older: str, newer: str, speaker: str) -> None:
    assert decided(older, newer, speaker).action in (Action.CREATE, Action.SKIP, Action.SUPPORT)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("I live in Lisbon.", "I moved to Oslo."),
        ("I live in Lisbon.", "I no longer live in Lisbon."),
        ("I live in Lisbon.", "I don't live in Lisbon any more."),
        ("I work at Nokia.", "I quit my job at Nokia."),
        ("The project is called Otter.", "The project was renamed to Heron."),
        ("The meeting is on Monday.", "The meeting was not cancelled but moved to Friday."),
        ("The broker is on version 3.", "The broker has been upgraded to version 4."),
        ("My editor is vim.", "My editor is Emacs now, I never switched to Kakoune."),
        ("我住在里斯本。", "我搬到了上海。"),
        ("我住在里斯本。", "我不住在里斯本了。"),
        ("我在华为上班。", "我从华为离职了。"),
        ("我在爱立信上班。", "我跳槽到了青石出版社。"),
        ("周会定在周二。", "周会改到周五。"),
    ],
)
def test_a_change_still_replaces(older: str, newer: str) -> None:
    assert decided(older, newer).action is Action.SUPERSEDE


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("We moved to Oslo.", "We never moved to Oslo."),
        ("Our import job was switched to Zig.", "Our import job was never switched to Zig."),
        ("The project was renamed to Heron.", "The project was never renamed to Heron."),
        ("我们搬到了奥斯陆。", "我们从来没有搬到奥斯陆。"),
        ("项目改名叫苍鹭了。", "项目没有改名叫苍鹭。"),
        ("我们把解析器换成了Rust。", "我们没有把解析器换成Rust。"),
    ],
)
def test_the_change_itself_is_contradicted_and_by_its_speaker_taken_back(older: str, newer: str) -> None:
    assert decided(older, newer, "ben").action is Action.CONTRADICT
    assert decided(older, newer).action is Action.SUPERSEDE


def test_that_an_event_was_not_cancelled_is_no_support_for_its_cancellation() -> None:
    assert decided("The trip to Rome was cancelled.", "The trip to Rome was not cancelled.", "ben").action is (
        Action.CONTRADICT
    )


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("The standup was moved to Friday.", "The retro was never moved to Friday."),
        ("We moved from Oslo to Lisbon.", "We never moved to Oslo."),
        ("Bela moved to Oslo.", "I never moved to Oslo."),
        ("我们从奥斯陆搬到了里斯本。", "我们从来没有搬到奥斯陆。"),
        ("例会改到周五了。", "周会没有改到周五。"),
    ],
)
def test_a_change_of_something_else_is_not_taken_back(older: str, newer: str) -> None:
    assert decided(older, newer).action is Action.CREATE


@pytest.mark.parametrize(
    "text",
    [
        "I was never promoted to lead.",
        "I never joined Nokia as a tester.",
        "I never started at Nokia.",
        "We never upgraded to Django 5.1.",
        "The port was not changed to 8081.",
        "The deadline was never moved to 9 June.",
        "我没有把终端换成Kitty。",
        "我们没有换成Rust。",
        "我没跳槽到青石出版社。",
        "我没升职当主管。",
        "我没入职诺基亚。",
        "价格没有涨到30元。",
        "例会没有从周二改到周五。",
    ],
)
def test_what_nothing_changed_to_is_no_value(text: str) -> None:
    assert (read(text).attribute, read(text).value) == ("", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [("My editor is vim, I never switched to Emacs.", "vim"), ("我没有离职，还在华为上班。", "华为")],
)
def test_a_value_beside_a_denied_change_is_kept(text: str, value: str) -> None:
    assert (read(text).value, read(text).modality) == (value, Modality.FACT)
