"""What users state becomes facts with slot, time and evidence; what they ask, greet or keep private does not."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest

from app.domain.facts import Cardinality, Fact, Modality, Utterance
from app.domain.texts import SafeText
from ingest.attributes import attribute_id, cardinality_of
from ingest.dates import find_dates
from ingest.extraction import extract
from ingest.mentions import find_mentions
from ingest.redaction import redact

SATURDAY = datetime(2026, 5, 16, 10, tzinfo=UTC)


def said(text: str, speaker: str = "user:mara", role: str = "user", number: int = 0) -> Utterance:
    return Utterance(id=f"u{number}", role=role, speaker=speaker, said_at=SATURDAY, text=redact(text))


def facts(*texts: str, speaker: str = "user:mara") -> list[Fact]:
    return extract([said(text, speaker, number=number) for number, text in enumerate(texts)])


@pytest.mark.parametrize(
    ("text", "subject", "attribute", "value", "category"),
    [
        ("I live in Lisbon.", "Mara", "residence", "Lisbon", "profile"),
        ("I'm based in Oslo now.", "Mara", "residence", "Oslo", "profile"),
        ("I moved to Rome last week.", "Mara", "residence", "Rome", "profile"),
        ("I work at Northwind.", "Mara", "employer", "Northwind", "profile"),
        ("I'm a nurse.", "Mara", "role", "a nurse", "profile"),
        ("My boss is Ilse.", "Mara", "manager", "Ilse", "profile"),
        ("I report to Tomas.", "Mara", "manager", "Tomas", "profile"),
        ("I'm allergic to walnuts.", "Mara", "allergy", "walnuts", "profile"),
        ("My birthday is on 3 May.", "Mara", "birthday", "3 May", "profile"),
        ("Bela lives in Graz.", "Bela", "residence", "Graz", "profile"),
        ("I hate cold calls.", "Mara", "dislikes", "cold calls", "preferences"),
        ("I prefer tabs over spaces.", "Mara", "prefers", "tabs over spaces", "preferences"),
        ("My favourite band is Low.", "Mara", "favourite:band", "Low", "preferences"),
        ("My editor is Helix.", "Mara", "custom:editor", "Helix", "profile"),
        ("The parser is licensed under the MIT licence.", "parser", "license", "the MIT licence", "entities"),
        ("The export job starts at 04:30 UTC.", "export job", "schedule", "04:30 UTC", "entities"),
        ("The mail gateway belongs to Pia.", "mail gateway", "owner", "Pia", "entities"),
        ("Beatrix owns the greenhouse.", "greenhouse", "owner", "Beatrix", "entities"),
        ("The audit database is on Postgres 16.", "audit database", "version", "Postgres 16", "entities"),
        ("我住在长沙。", "Mara", "residence", "长沙", "profile"),
        ("我对芒果过敏。", "Mara", "allergy", "对芒果过敏", "profile"),
        ("我在青石出版社上班。", "Mara", "employer", "青石出版社", "profile"),
        ("我喜欢喝乌龙茶。", "Mara", "likes", "喜欢喝乌龙茶", "preferences"),
        ("阿穗的分机是7012。", "阿穗", "phone", "7012", "profile"),
        ("结算服务由阿穗负责。", "结算服务", "owner", "阿穗", "entities"),
        ("网关的端口是8300。", "网关", "port", "8300", "entities"),
        ("后台前端用 Rollup 打包。", "后台前端", "framework", "Rollup", "entities"),
        ("Harbor 的端口是8300。", "Harbor", "port", "8300", "entities"),
        ("Harbor 由阿穗负责。", "Harbor", "owner", "阿穗", "entities"),
        ("附件不超过二十个。", "附件", "limit", "二十个", "entities"),
        ("附件限制放宽，三十个以内都行。", "附件", "limit", "三十个", "entities"),
        ("正文别用缩写。", "正文", "rule", "别用缩写", "patterns"),
        ("Rex weighs 31 kg.", "Rex", "weight", "31 kg", "entities"),
    ],
)
def test_a_statement_has_its_slot(text: str, subject: str, attribute: str, value: str, category: str) -> None:
    (fact,) = facts(text)

    assert (fact.subject, fact.attribute, fact.value, fact.category) == (subject, attribute, value, category)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Deploys failed because the token had expired; rotating it fixed the pipeline.", "cases"),
        ("Whenever you touch the schema, you must bump the version first.", "patterns"),
        ("The audit took place on 4 March 2026 in the old building.", "events"),
        ("Please answer me in short sentences.", "preferences"),
        ("The blue cable connects both racks in the cellar.", "entities"),
        ("导出失败的原因是磁盘满了，清理之后就好了。", "cases"),
        ("上线之前必须先跑一遍回归测试。", "patterns"),
        ("5月2日参加了半程比赛。", "events"),
        ("以后回复我请用表格。", "preferences"),
    ],
)
def test_a_statement_without_slot_is_kept_and_sorted_by_its_words(text: str, category: str) -> None:
    (fact,) = facts(text)

    assert fact.category == category


@pytest.mark.parametrize(
    "text",
    [
        "Where do I live?",
        "Can you check the port",
        "Good morning!",
        "thanks, that works",
        "我住在哪里？",
        "在吗",
        "你记得吗",
    ],
)
def test_questions_and_noise_say_nothing(text: str) -> None:
    assert facts(text) == []


def test_assistants_are_not_heard() -> None:
    assert extract([said("You live in Lisbon.", "agent:pilot", "assistant")]) == []


def test_what_is_private_and_what_leads_to_it_is_left_out() -> None:
    text = (
        "The door code is <private>4711-wren</private> and the spare key is at the bakery. "
        "<private>x</private> Don't keep that."
    )

    assert [fact.text for fact in facts(text)] == ["the spare key is at the bakery."]


def test_the_speaker_is_named_in_the_text_and_the_value_stays_as_said() -> None:
    assert [fact.text for fact in facts("I live in Lisbon.", "My car is a Saab.")] == [
        "Mara lives in Lisbon.",
        "Mara's car is a Saab.",
    ]
    assert facts("I live in Lisbon.", speaker="user")[0].text == "I live in Lisbon."
    assert facts("我住在长沙。", speaker="user:若溪")[0].text == "若溪住在长沙。"


def test_a_pronoun_gets_what_was_last_spoken_of() -> None:
    _, second = facts("The import service runs Postgres 15.", "It needs two workers at night.")

    assert second.text == "import service: It needs two workers at night."
    assert second.subject == "import service"


def test_what_leaves_out_the_verb_is_a_fact_of_its_own_with_it() -> None:
    found = facts("The mail gateway belongs to Pia, the export job to Olaf.")

    assert [(one.subject, one.attribute, one.value) for one in found] == [
        ("mail gateway", "owner", "Pia"),
        ("export job", "owner", "Olaf"),
    ]
    assert found[1].text == "the export job belongs to Olaf"


def test_who_was_weighed_is_who_got_a_name() -> None:
    assert facts("Her name is Rexine.", "The vet weighed her today, 31 kg.")[1].subject == "Rexine"


def test_clauses_with_subjects_of_their_own_are_facts_of_their_own() -> None:
    found = facts("阿穗的分机是7012，阿乔的是7033。")

    assert [(fact.subject, fact.attribute, fact.value) for fact in found] == [
        ("阿穗", "phone", "7012"),
        ("阿乔", "phone", "7033"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("We live in Oslo now.", "Oslo"),
        ("We moved to Lisbon with the kids.", "Lisbon"),
        ("We moved house to Lisbon.", "Lisbon"),
        ("We moved house from Oslo to Lisbon.", "Lisbon"),
        ("We've relocated from Oslo to Lisbon with the kids.", "Lisbon"),
        ("We relocated to Lisbon with our family.", "Lisbon"),
        ("We relocated home to Lisbon.", "Lisbon"),
        ("Last month we relocated to Porto with the children.", "Porto"),
        ("Last month we moved to Porto with our family.", "Porto"),
        ("我们住在里斯本。", "里斯本"),
        ("我们搬家到了里斯本。", "里斯本"),
        ("我们一家搬到了里斯本。", "里斯本"),
        ("我们全家从奥斯陆搬到了柏林。", "柏林"),
        ("我和老公搬到了柏林。", "柏林"),
        ("上个月我们搬家到了成都。", "成都"),
        ("我们带着孩子搬到了成都。", "成都"),
        ("我们全家定居在柏林。", "柏林"),
        ("我们一家从上海搬到了成都。", "成都"),
    ],
)
def test_where_we_live_the_speaker_lives_and_the_words_stay(text: str, value: str) -> None:
    (found,) = facts(text)

    assert (found.subject, found.attribute, found.value) == ("Mara", "residence", value)
    assert re.sub(r" ?[(（].*[)）]", "", found.text) == text


@pytest.mark.parametrize(
    "text",
    [
        "We moved to Kubernetes.",
        "We moved to microservices.",
        "We are based in Berlin.",
        "We moved to Vercel.",
        "Last month we moved to Datadog.",
        "We moved from Heroku to Fly.",
        "We finally moved to Confluence.",
        "So we moved to Sentry.",
        "We moved to Oracle Cloud Frankfurt.",
        "We moved to Scrum.",
        "We moved to Google Home.",
        "We moved to Netlify for our home page.",
        "We live on Zoom.",
        "We moved to Lisbon.",
        "We relocated to Kubernetes.",
        "We relocated to AWS.",
        "We relocated to Vercel.",
        "We've relocated from Heroku to Vercel.",
        "Last month we relocated to Datadog.",
        "In 2022 we relocated to Prague.",
        "We relocated to Google Home.",
        "We relocated to Thamel after the earthquake.",
        "We finally relocated to the Ahmedabad office.",
        "我们迁移到了AWS。",
        "我们迁到了Kubernetes。",
        "我们搬到了Vercel。",
        "我们搬到了新办公室。",
        "我们搬到了AWS上。",
        "我们搬到了飞书。",
        "我们搬到了腾讯会议。",
        "我们搬到了钉钉。",
        "我们搬到了主干分支。",
        "我们搬到了网易。",
        "我们搬到了小米之家。",
        "我们住在酒店里。",
    ],
)
def test_where_a_team_or_its_tools_are_nobody_lives(text: str) -> None:
    found = facts(text)

    assert "Mara" not in [fact.subject for fact in found]
    assert "residence" not in [fact.attribute for fact in found]


@pytest.mark.parametrize("text", ["I relocated to Lisbon.", "I've relocated to Lisbon.", "我搬到了里斯本。"])
def test_one_who_relocated_lives_there(text: str) -> None:
    assert [(fact.subject, fact.attribute) for fact in facts(text)] == [("Mara", "residence")]


def test_a_firm_moves_without_the_speaker() -> None:
    assert "Mara" not in [fact.subject for fact in facts("我们公司搬到了上海。", "我们家的服务搬到了阿里云。")]


@pytest.mark.parametrize(
    "text",
    [
        "We moved to Monday.",
        "I moved to Monday.",
        "We moved to Friday releases.",
        "We moved to 3 May with the kids.",
        "We never moved to Lisbon.",
        "I never moved to Lisbon.",
        "We have never moved to Lisbon with the kids.",
        "我们搬到了周五。",
        "周会我们搬到了周五。",
        "我们搬到了下午三点。",
        "我们一家住在一起。",
        "我们住在一起。",
        "我们没有搬到上海。",
        "我们还没搬到上海。",
        "我没搬到上海。",
        "我从没搬到上海。",
        "我们一家还没有搬家到上海。",
        "我们没有住在上海。",
    ],
)
def test_days_and_moves_that_were_not_made_are_no_residence(text: str) -> None:
    assert [fact.attribute for fact in facts(text)] == [""]


@pytest.mark.parametrize(
    ("text", "value"),
    [("I live in Friday Harbor.", "Friday Harbor"), ("我不得不搬到上海。", "上海"), ("我住在周口。", "周口")],
)
def test_what_only_resembles_these_is_a_residence(text: str, value: str) -> None:
    assert [(fact.subject, fact.attribute, fact.value) for fact in facts(text)] == [("Mara", "residence", value)]


def test_where_somebody_works_is_no_subject() -> None:
    found = facts("我住在上海，在一家书店当编辑。", speaker="user")

    assert [(fact.subject, fact.attribute, fact.value) for fact in found] == [
        ("user", "residence", "上海"),
        ("user", "employer", "一家书店"),
    ]
    assert [fact.text for fact in found] == ["我住在上海", "我在一家书店当编辑。"]


@pytest.mark.parametrize(
    ("text", "modality"),
    [
        ("I'm going to learn the cello.", Modality.PLAN),
        ("我打算学大提琴。", Modality.PLAN),
        ("I wish I had a bigger garden.", Modality.WISH),
        ("Maybe the cache is the problem here.", Modality.HYPOTHETICAL),
        ("也许缓存才是问题所在。", Modality.HYPOTHETICAL),
        ("I no longer live in Lisbon.", Modality.NEGATED),
        ("I don't eat meat.", Modality.FACT),
        ("The queue holds forty jobs.", Modality.FACT),
    ],
)
def test_it_is_known_how_a_thing_is_said(text: str, modality: Modality) -> None:
    assert [fact.modality for fact in facts(text)] == [modality]


@pytest.mark.parametrize(
    ("text", "says_change"),
    [
        ("The project was renamed to Osprey.", True),
        ("We upgraded the broker.", True),
        ("周会改到周四了。", True),
        ("The project is called Osprey.", False),
        ("周会在周四。", False),
    ],
)
def test_a_change_is_noticed(text: str, says_change: bool) -> None:
    assert [fact.says_change for fact in facts(text)] == [says_change]


def test_valid_time_comes_from_since_and_until_and_not_from_a_coming_event() -> None:
    since, until, event = facts(
        "Since 1 May 2026 the office is closed on Fridays.",
        "The lift is out of order until 20 June 2026.",
        "The wedding takes place on 12 September 2026.",
    )

    assert since.valid_from == datetime(2026, 5, 1, tzinfo=UTC)
    assert until.valid_to == datetime(2026, 6, 21, tzinfo=UTC)
    assert (event.valid_from, event.valid_to) == (None, None)


def test_a_relative_date_is_followed_by_the_day_it_means() -> None:
    assert "yesterday (2026-05-15)" in facts("We shipped the beta yesterday evening.")[0].text
    assert "上周五（2026-05-08）" in facts("我们上周五发布了测试版。")[0].text
    assert "明年四月（2027-04）" in facts("我们明年四月搬到新的办公室。")[0].text
    assert "April next year (2027-04)" in facts("We open the shop in April next year.")[0].text


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("on 3 March 2025", "2025-03-03"),
        ("March 3rd, 2025", "2025-03-03"),
        ("on 27 September", "2026-09-27"),
        ("on 2 April", "2026-04-02"),
        ("last October", "2025-10"),
        ("next Thursday", "2026-05-21"),
        ("since Monday the 11th", "2026-05-11"),
        ("three weeks ago", "2026-04-25"),
        ("in 2019", "2019"),
        ("last week", "2026-05-04/2026-05-10"),
        ("April next year", "2027-04"),
        ("in May of last year", "2025-05"),
        ("5 April next year", "2027-04-05"),
        ("on April 5th, next year", "2027-04-05"),
        ("last year in November", "2025-11"),
        ("on 12 march last year", "2025-03-12"),
        ("5 may last year", "2025-05-05"),
        ("since march last year", "2025-03"),
        ("by may next year", "2027-05"),
        ("mid-may of next year", "2027-05"),
        ("next April", "2027-04"),
        ("last April", "2026-04"),
        ("去年9月", "2025-09"),
        ("明年四月", "2027-04"),
        ("去年四月", "2025-04"),
        ("今年四月", "2026-04"),
        ("后年三月", "2028-03"),
        ("前年3月", "2024-03"),
        ("明年十一月二十三日", "2027-11-23"),
        ("去年的十月份", "2025-10"),
        ("2027年四月", "2027-04"),
        ("2026年3月8日", "2026-03-08"),
        ("2023年的3月5日", "2023-03-05"),
        ("2023年的3月", "2023-03"),
        ("下周一", "2026-05-18"),
        ("两周后", "2026-05-30"),
        ("昨天", "2026-05-15"),
    ],
)
def test_dates_are_resolved_against_the_time_of_saying(text: str, iso: str) -> None:
    assert [date.iso for date in find_dates(text, SATURDAY)] == [iso]


@pytest.mark.parametrize("text", ["We may next year", "They march next year"])
def test_a_verb_is_no_month(text: str) -> None:
    assert [date.iso for date in find_dates(text, SATURDAY)] == ["2027"]


@pytest.mark.parametrize("text", ["31 February", "I may come", "每周二", "version 2024.1", "月租3200", "一月一次"])
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert find_dates(text, SATURDAY) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Kite House is next to Mr Halloran.", ["Kite House", "Mr Halloran"]),
        ("Please open notes/plan.md for Thursday.", ["notes/plan.md"]),
        ("《长堤》由阿穗负责。", ["长堤", "阿穗"]),
        ("我们用 Celery 跑任务。", ["Celery"]),
        ("Every Monday we clean up.", []),
    ],
)
def test_names_are_mentioned(text: str, names: list[str]) -> None:
    assert [mention.name for mention in find_mentions(text)] == names


def test_a_quote_is_where_it_was_said() -> None:
    utterance = said("Hi! Just so you know: I live in Lisbon. And the cat is called Pim.")

    quotes = [
        (quote.utterance_id, utterance.text[quote.start : quote.end])
        for fact in extract([utterance])
        for quote in fact.quotes
    ]

    assert quotes == [("u0", "I live in Lisbon."), ("u0", "the cat is called Pim.")]


def test_how_many_values_an_attribute_has_is_known_of_the_attribute() -> None:
    assert [fact.cardinality for fact in facts("I live in Lisbon.", "I hate cold calls.")] == [
        Cardinality.ONE,
        Cardinality.MANY,
    ]
    assert cardinality_of("residence") is Cardinality.ONE
    assert cardinality_of("likes") is Cardinality.MANY
    assert cardinality_of(attribute_id("the default branch")) is Cardinality.ONE
    assert cardinality_of(attribute_id("my plants")) is Cardinality.MANY
    assert attribute_id("My boss") == attribute_id("老板") == "manager"


@pytest.mark.parametrize(
    "unit", ["?", "I like ", "my a b ", "的是", "，", "is ", "1 May ", "'s ", "因为", "a,b; ", "Ab "]
)
def test_no_text_takes_long(unit: str) -> None:
    start = time.process_time()

    extract([said((unit * 5000)[:5000]), said((unit * 900)[:900] + "x.")])

    assert time.process_time() - start < 2


def test_any_text_is_taken() -> None:
    assert extract([said(text) for text in ("", " ", "。。。", "\n\n", "a", "我", "{}[]", "\u200b")]) == []
    assert extract([Utterance(id="x", role="user", speaker="", said_at=SATURDAY, text=SafeText("I live in Rome."))])


@pytest.mark.parametrize(
    ("text", "subject", "attribute", "value"),
    [
        ("I started at Acme today", "Mara", "employer", "Acme"),
        ("The nightly job has a new start time, 04:15 UTC.", "nightly job", "schedule", "04:15 UTC"),
        (
            "We upgraded the reporting database over the weekend, it's on Postgres 15.",
            "reporting database",
            "version",
            "Postgres 15",
        ),
    ],
)
def test_what_is_said_of_a_change_has_its_subject(text: str, subject: str, attribute: str, value: str) -> None:
    (fact,) = extract([said(text)])

    assert (fact.subject, fact.attribute, fact.value) == (subject, attribute, value)


@pytest.mark.parametrize(
    "text",
    ["Please remember the total.", "Please keep track of what we decide.", "Write that down please.", "请记住这个。"],
)
def test_who_asks_to_keep_what_was_said_says_nothing_himself(text: str) -> None:
    assert facts(text) == []


def test_who_asks_to_keep_something_and_says_it_is_heard() -> None:
    assert facts("Please remember the mail gateway belongs to Pia.")
    assert facts("请记住网关的端口是8300。")


@pytest.mark.parametrize(
    ("text", "speaker", "said_as"),
    [
        ("I'm Lena and I live in Oslo.", "user:lena", "I'm Lena"),
        ("My name is Lena, I live in Oslo.", "user:lena", "My name is Lena"),
        ("我是张伟，我住在长沙。", "user:张伟", "我是张伟"),
    ],
)
def test_who_says_his_name_is_not_called_by_it(text: str, speaker: str, said_as: str) -> None:
    assert any(said_as in fact.text for fact in facts(text, speaker=speaker))


def test_a_large_number_is_no_age() -> None:
    [fact] = facts("The budget until summer is 40,000 euros.")

    assert fact.attribute != "age"
    assert facts("Bela is 40 years old.")[0].attribute == "age"
