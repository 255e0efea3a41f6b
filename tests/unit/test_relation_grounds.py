"""What two statements must have in common before one is taken to exclude the other."""

from __future__ import annotations

import pytest

from ingest import cues
from ingest.relation_features import Pair
from ingest.relation_grounds import has_matter, is_same_matter, may_both_hold

# One denies something; yet it is not what the other says.
BOTH_HOLD = (
    ("The bakery delivers to Utrecht.", "The bakery does not deliver to Delft."),
    ("Nora teaches on Wednesday evenings.", "Nora doesn't teach on Saturdays."),
    ("Ravi owns the payments service.", "Sofia does not own any service."),
    ("The museum opens in March.", "The museum isn't open in November."),
    ("The parser accepts YAML files.", "The parser doesn't read XML."),
    ("Ilse eats fish.", "Ilse never drinks wine."),
    ("Our printer prints in colour.", "Our printer has no fax."),
    ("The gateway logs each request.", "The gateway stores no passwords."),
    ("Emil bakes rye bread.", "Emil has no car."),
    ("The web team ships every second week.", "The web team never meets before lunch."),
    ("Pavel joined in 2021.", "Pavel did not get the keys."),
    ("The ferry leaves at seven from Texel.", "No ferry leaves from Harlingen."),
    ("Jonas drinks tea in the morning.", "Jonas doesn't drink coffee after four."),
    ("小唐周三晚上上课。", "小唐周六不上课。"),
    ("支付服务归阿岩管。", "米娅不管任何服务。"),
    ("博物馆三月开放。", "博物馆十一月不开放。"),
    ("解析器支持 YAML 文件。", "解析器不读 XML。"),
    ("奶奶爱吃鱼。", "奶奶从来不喝酒。"),
    ("打印机能打彩色。", "打印机没有传真功能。"),
    ("网关记录每个请求。", "网关不保存密码。"),
    ("老许会做木工。", "老许没有车。"),
    ("网页组两周发一版。", "网页组午饭前从不开会。"),
    ("小邵2021年入职。", "小邵没拿到钥匙。"),
    ("渡船七点从舟山开。", "宁波没有渡船。"),
    ("阿杰早上喝茶。", "阿杰下午四点以后不喝咖啡。"),
    ("北楼五月刷过漆。", "南楼没有刷漆。"),
)
EXCLUDING = (
    ("The bakery delivers to Utrecht.", "The bakery doesn't deliver to Utrecht, I asked them."),
    ("Nora teaches on Wednesdays.", "Nora does not teach on Wednesdays."),
    ("Ravi owns the payments service.", "Ravi does not own the payments service."),
    ("The museum is open in November.", "In November the museum isn't open."),
    ("The parser accepts XML.", "The parser never accepted XML."),
    ("Our printer can fax.", "Our printer cannot fax."),
    ("The gateway stores passwords.", "The gateway stores no passwords at all."),
    ("The web team met before lunch yesterday.", "The web team did not meet before lunch yesterday."),
    ("Pavel has the keys.", "Pavel has no keys."),
    ("The ferry leaves from Harlingen.", "No ferry leaves from Harlingen."),
    ("The south wing was painted.", "The south wing was never painted, I was there."),
    ("The invoice was paid in April.", "My bank statement shows that the invoice was not paid in April."),
    ("面包店送货到乌镇。", "我问过了，面包店不送货到乌镇。"),
    ("小唐周三上课。", "小唐周三不上课。"),
    ("支付服务归阿岩管。", "支付服务不归阿岩管。"),
    ("博物馆十一月开放。", "十一月博物馆不开放。"),
    ("解析器支持 XML。", "解析器从来不支持 XML。"),
    ("打印机可以传真。", "打印机不能传真。"),
    ("网关会保存密码。", "网关根本不保存密码。"),
    ("网页组昨天午饭前开了会。", "网页组昨天午饭前没开会。"),
    ("小邵有钥匙。", "小邵没有钥匙。"),
    ("渡船从宁波开。", "宁波没有渡船开。"),
    ("南楼刷过漆。", "我在现场，南楼没刷过漆。"),
    ("发票四月付了。", "银行流水显示发票四月没付。"),
)


def pair(older: str, newer: str, cosine: float | None = None) -> Pair:
    return Pair(older=older, newer=newer, is_same_speaker=False, gap_days=1, cosine=cosine)


@pytest.mark.parametrize(("older", "newer"), BOTH_HOLD)
def test_what_one_denies_is_not_what_the_other_says(older: str, newer: str) -> None:
    assert may_both_hold(pair(older, newer))
    assert may_both_hold(pair(newer, older))


@pytest.mark.parametrize(("older", "newer"), EXCLUDING)
def test_what_one_denies_is_what_the_other_says(older: str, newer: str) -> None:
    assert not may_both_hold(pair(older, newer))


def test_statements_that_both_affirm_are_not_told_apart_by_what_is_denied() -> None:
    assert not may_both_hold(pair("The standup is on Monday.", "The standup is on Tuesday."))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Bo lives in Graz.", "Bo signed nothing."),
        ("The invoice is due on 3 May.", "The choir sings on 3 May."),
        ("The probe stayed red until noon.", "The linter stays for the moment."),
        ("我报了考试，3月21日考。", "出发日期没争议，5月2日出发。"),
    ],
)
def test_a_name_a_day_or_one_usual_word_is_no_common_matter(older: str, newer: str) -> None:
    assert not is_same_matter(pair(older, newer, cosine=0.25))


@pytest.mark.parametrize(
    ("older", "newer", "cosine"),
    [
        ("Bo was born in Graz.", "Bo's birthplace is Linz.", 0.8),
        ("The investor demo ran without a crash.", "The app went down during the investor demo.", 0.1),
        ("这个项目用 Python 就能跑。", "这个项目根本起不来。", 0.55),
    ],
)
def test_words_or_closeness_make_a_common_matter(older: str, newer: str, cosine: float) -> None:
    assert is_same_matter(pair(older, newer, cosine=cosine))


def test_a_name_is_enough_for_what_does_not_exclude() -> None:
    renamed = pair("The codename is Heron.", "Heron has been renamed to Pelican.", cosine=0.4)

    assert has_matter(renamed)
    assert not is_same_matter(renamed)


@pytest.mark.parametrize(
    "text", ["电池掉电特别快。", "这家店非常大。", "未来可期。", "差不多两公斤。", "按类别排好了。"]
)
def test_a_character_of_denial_within_another_word_denies_nothing(text: str) -> None:
    assert not cues.DENIAL.search(text)


@pytest.mark.parametrize("text", ["他别去。", "没来过。", "这不对。", "无人值班。", "未付款。"])
def test_a_character_of_denial_denies(text: str) -> None:
    assert cues.DENIAL.search(text)


def test_what_is_counted_has_its_numbers() -> None:
    assert cues.units("全书36章，两位作者") == {"章": {"36"}, "位": {"2"}}
    assert cues.units("three reviewers in 12 rooms") == {"reviewer": {"3"}, "room": {"12"}}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("I will fly to Lisbon on 12 December 2026.", "The grant deadline is on 20 December 2026."),
        ("The choir sings on Friday.", "Friday is when Ilse bakes."),
    ],
)
def test_what_shares_a_month_or_a_day_alone_is_of_two_matters(older: str, newer: str) -> None:
    assert not is_same_matter(pair(older, newer, 0.3))
