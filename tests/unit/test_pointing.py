"""What only announces or only points at something is no fact; what says something by itself is one."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from app.domain.facts import Utterance
from ingest.extraction import extract
from ingest.pointing import is_announcement
from ingest.redaction import redact

SATURDAY = datetime(2026, 5, 16, 10, tzinfo=UTC)

ANNOUNCING = (
    "Three points from the board.",
    "Some thoughts before the holidays:",
    "A quick reminder for the night shift.",
    "Several comments on the draft.",
    "Two requests from my side:",
    "Another small change to the menu.",
    "A few tips for new colleagues:",
    "I've got two updates for you.",
    "There are a few things to remember.",
    "Now the requirements.",
    "My notes from the workshop with Bram.",
    "Next point: parking.",
    "An important announcement from the kitchen!",
    "Here come the rules for the pool:",
    "Regarding the new scanner:",
    "三点意见。",
    "一些想法：",
    "给大家几点建议。",
    "关于食堂的几个变化：",
    "我有两个请求要提。",
    "说三件事情。",
    "还有一个小更新。",
    "以下几点注意事项：",
    "来自董事会的两个决定。",
    "给新同事的几点提醒：",
    "先讲几个背景。",
    "下面是泳池的规定：",
    "再说两个要点。",
    "有一个好消息要宣布。",
    "另外补充两个信息。",
    "关于停车的说明：",
)
POINTING = (
    "That is not the colour we picked.",
    "This has nothing to do with Bram.",
    "Those were somebody else's words.",
    "That never happened at our place.",
    "These belong to the neighbours.",
    "This goes against everything Vera said.",
    "Half of that is nonsense.",
    "It upset my brother a lot.",
    "They refused to sign it.",
    "She wrote otherwise in her mail.",
    "All of these came from Bram.",
    "That one broke during the move.",
    "Such was never my intention.",
    "I guess that can wait until Vera is back.",
    "Honestly, this is not our problem.",
    "Neither of these convinced my boss.",
    "那不是我们选的颜色。",
    "这跟小布没有关系。",
    "那些是别人说的话。",
    "这样我们没法接受。",
    "这些是邻居家的东西。",
    "这完全违背了薇拉的意思。",
    "那个是搬家的时候弄坏的。",
    "它让我弟弟很难过。",
    "他们拒绝在上面签字。",
    "她在邮件里不是这么写的。",
    "这些都来自小布那边。",
    "此事与我们无关。",
    "其实这不是我们的问题。",
    "我觉得那可以等薇拉回来再说。",
    "后者没能说服我的老板。",
    "这种从来不是我的本意。",
)
SAYING = (
    "Three points are deducted for each late delivery.",
    "Reminders go out by mail every Friday.",
    "Comments on drafts are due before noon.",
    "The menu changes with the season.",
    "Updates to the scanner need a restart.",
    "Requests from the night shift go to Bram.",
    "Tips are shared among the kitchen staff.",
    "News about the pool is posted at the door.",
    "This scanner reads both sides.",
    "Those parking spots belong to the clinic.",
    "These forms must be signed by Vera.",
    "It was Vera who picked the colour.",
    "It is forbidden to park behind the clinic.",
    "That is when we changed the locks.",
    "This implies that the scanner is broken.",
    "Both scanners need new rollers.",
    "All these boxes belong to the museum.",
    "It snowed in Graz all day.",
    "This is my brother's first winter in Graz.",
    "意见由小布统一收集。",
    "食堂的菜单每个季节都会变。",
    "更新扫描仪之后必须重启。",
    "新同事的培训由薇拉负责。",
    "通知贴在泳池门口。",
    "那位邻居养了两条狗。",
    "这台扫描仪可以扫双面。",
    "这些表格必须由薇拉签字。",
    "那两个车位属于诊所。",
    "这意味着扫描仪已经坏了。",
    "要求写在合同第三页。",
    "建议先重启扫描仪再打电话。",
    "那天我们换了门锁。",
    "这家诊所周日不开门。",
    "此刻展厅里没有空调。",
)


def facts(*texts: str) -> list[str]:
    """The facts of what one person said, a message for each text."""
    said = (
        Utterance(id=str(number), role="user", speaker="user:mara", said_at=SATURDAY, text=redact(text))
        for number, text in enumerate(texts)
    )
    return [fact.text for fact in extract(list(said))]


@pytest.mark.parametrize("text", ANNOUNCING)
def test_an_announcement_is_no_fact(text: str) -> None:
    assert facts(text) == []


@pytest.mark.parametrize("text", POINTING)
def test_a_sentence_that_points_at_what_nobody_said_is_no_fact(text: str) -> None:
    assert facts(text) == []


@pytest.mark.parametrize("text", SAYING)
def test_a_sentence_with_the_same_words_that_says_something_is_one(text: str) -> None:
    assert len(facts(text)) == 1


def test_what_follows_an_announcement_is_kept() -> None:
    assert facts("Two rules from me. We deploy on Friday mornings.") == ["We deploy on Friday mornings."]
    assert facts("两条规则。我们每周二发布新版本。") == ["我们每周二发布新版本。"]


def test_a_number_is_kept_beside_the_sentence_that_explains_it() -> None:
    assert facts("The first marina opens on 14 April. They have 220 berths.")[1] == "They have 220 berths."
    assert facts("They have 220 berths.") == []


def test_a_clause_that_says_something_keeps_the_one_that_points() -> None:
    assert len(facts("That is not what I signed, the budget is 40,000 euros.")) == 1


@pytest.mark.parametrize(
    "text", ["关于我的对你的个一个几个" * 5, "关于a的" * 14 + "x", "我要" * 2000, "rules from me " * 500]
)
def test_what_could_be_parted_in_many_ways_takes_no_time(text: str) -> None:
    started = time.process_time()

    assert not is_announcement(text)
    assert time.process_time() - started < 0.5
