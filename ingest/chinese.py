"""Reads slots out of Chinese clauses, by patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.texts import has_cjk
from ingest.attributes import SYNONYMS, attribute_id
from ingest.homes import may_be_home
from ingest.slots import SELF, Reading, Slot

_ZH = "[^，,。；;！!？?：:、\\s]"
# People put a blank between a Latin name and what follows.
_ZH_SUBJECT = f"(?P<s>{_ZH}{{1,16}}?)(?:(?<=[A-Za-z0-9]) )?"
_ZH_VALUE = "(?P<v>[^，,。；;！!？?]{1,40}?)"
_ZH_END = "(?:了|啦|的)?[，,。；;！!？?]*$"
_ZH_TIME = (
    "(?:现在|目前|如今|已经|已|最近|今年|今天|昨天|一直|平时|主要|都|还|也|就|更|是|新版|正式|这个月起|"
    "从.{1,8}(?:起|开始))*"
)

_ZH_COUNTED = "(?P<v>[\\d.一二三四五六七八九十百千万两]+[^，,。；;！!？?\\d]{1,6}?)"
_ZH_DATE = (
    "(?:\\d{4}年|[今明去后前]年)?(?:\\d{1,2}|[一二三四五六七八九十]{1,2})月(?:\\d{1,2}[日号]?|底|初|中)?|\\d{4}年|[今明去后前]年"
    "|[上这下本]个?(?:周|月|星期|礼拜)[一二三四五六日天末]?|[明后]天"
)


def _chinese(attribute: str, *predicates: str) -> list[Reading]:
    return [
        Reading(attribute, re.compile(f"^{_ZH_SUBJECT}{_ZH_TIME}{predicate.replace('{v}', _ZH_VALUE)}{_ZH_END}"))
        for predicate in predicates
    ]


_CHINESE = [
    # Before what it forbids is read as what is used.
    Reading(
        "rule",
        re.compile(
            f"^(?!我|你|他|她|它|请|先|就|也)(?P<s>{_ZH}{{2,8}}?)"
            f"(?P<v>(?:别|不要|不能|不许|禁止|不得)(?:用|加|写|放|出现|使用)[^，,。；;！!？?]{{1,20}}?){_ZH_END}"
        ),
    ),
    *_chinese("residence", "(?:住在|住到|定居在?|搬家?到了?|搬家?去了?|换到了?(?=.*生活)){v}(?:生活|住|定居)?(?:了)?"),
    *_chinese("birthplace", "(?:出生[于在]|生于|是在){v}(?:出生|生|长大)?(?<=[^\\d年月日])"),
    *_chinese("birthday", "(?:的?生日是?|出生于)(?P<v>\\d[\\d年月日号]+)", "是(?P<v>\\d[\\d年月日号]+)(?:生|出生)"),
    *_chinese(
        "employer",
        (
            "(?:就职于|任职于|供职于|入职了?|跳槽到了?|在)(?P<v>[^，,。；;]{1,20}?)(?:上班|工作|就职|任职|"
            "做[^，,。]{1,8}|当[^，,。]{1,8})"
        ),
        "(?:就职于|任职于|供职于|入职了?|跳槽[到去]了?){v}",
        "从(?P<v>[^，,。；;]{1,20}?)(?:离职|辞职)",
    ),
    *_chinese(
        "role",
        (
            "(?:是|当|做)(?:一名|一个|个|一位)?(?P<v>[^，,。；;的]{0,12}(?:工程师|程序员|老师|医生|护士|经理|"
            "设计师|学生|律师|飞行员|演员|教练|教授|记者|会计|编辑|翻译|作家|厨师|产品|测试|运维|前端|后端|匠|学徒|司机|主管|组长|总监))"
        ),
    ),
    *_chinese("allergy", "(?P<v>对[^，,。；;]{1,12}?过敏)"),
    *_chinese("diet", "(?P<v>(?:不吃|不喝|吃素|只喝|只吃|戒了)[^，,。；;]{0,12}?)"),
    *_chinese(
        "health",
        (
            "(?P<v>(?:晕车|近视|失眠|怀孕|(?:牙口|眼睛|膝盖|腰|胃|身体|视力|听力|血压|心脏|睡眠|肩膀?|脚踝?|"
            "手腕?)(?:不好|受过伤|有伤|疼|偏高|高)|有[^，,。；;]{1,6}病))"
        ),
    ),
    *_chinese("dislikes", "(?:不喜欢|讨厌|受不了|最怕|反感|不爱){v}"),
    *_chinese("likes", "(?P<v>(?:最|很|特别|超)?(?:喜欢|爱|爱好|热爱|偏爱)[^，,。；;]{1,24}?)"),
    *_chinese("prefers", "(?:更喜欢|宁愿|偏好|倾向于?){v}"),
    *_chinese("prefers", "(?:习惯){v}"),
    *_chinese("habit", "(?P<v>每(?:天|周|晚|月|年|次|个)[^，,。；;]{2,30}?)"),
    *_chinese("language", "(?:会说|讲){v}"),
    *_chinese("name", "(?:改名叫?|名字叫){v}"),
    *_chinese("title", "(?:名叫|取名叫?|改名叫?|改叫|叫做?|命名为|暂定|代号是?){v}"),
    *_chinese(
        "owner",
        "(?:由|归|交给|移交给|换成|改由)(?P<v>[^，,。；;]{1,8}?)(?:负责|维护|管|值班|值|接手|跟进|带|来做|主持)",
        "的?(?:负责人|维护人|对接人|值班人|联系人|老板|房东)(?:是|为|换成了?|改为|姓)?{v}",
    ),
    *_chinese(
        "version",
        (
            "(?:线上版本|版本号?|升级到了?|升到了?|升级为|全量了?|发了|发布了?|上线了?)(?:是|"
            "为)?\\s*(?P<v>[A-Za-z .]*\\d[\\w.]*)"
        ),
    ),
    *_chinese(
        "limit",
        f"(?:的?(?:上限|限制))?(?:现在|是|为|改为|改成|放宽到|控制在|限制在|最多|不超过|不能超过|不得超过|不要超过)+{_ZH_COUNTED}(?:以内|之内|以下)?",
        # Only that it changed; by how much is said next.
        "的?(?:上限|限制)(?P<v>)(?:放宽|收紧|提高|降低|调整|取消)",
    ),
    *_chinese("requirement", "(?:最低支持|要求|需要|依赖|必须用){v}"),
    *_chinese(
        "framework",
        "(?:用|是用|基于|采用){v}(?:打包|写|开发|实现|搭|做)的?",
        "(?:打包|构建|部署|托管)?(?:迁到|迁移到|切到|换到)了?{v}",
    ),
    *_chinese(
        "price",
        (
            "(?:月租|房租|租金|价格|单价|进价|费用|预算|套餐|工资|每\\w斤|定的)(?:现在|一个月|每月|是|为|"
            "应该是|定的是)*(?P<v>[^，,。；;]*[\\d一二三四五六七八九十百千万][^，,。；;]{0,8}?)"
        ),
    ),
    *_chinese("weight", "(?:的?体重|的?重量)(?:是|为)?(?P<v>[\\d.]+\\s*(?:公斤|千克|kg|斤|克))"),
    *_chinese("phone", "的?(?:分机|电话|手机号?|号码)(?:号|是|为|：)*(?P<v>[\\d-]{3,})"),
    *_chinese("port", "的?(?:端口)(?:号|是|为|改成|改到|换成)*(?P<v>\\d{2,5})"),
    *_chinese(
        "deadline",
        "(?:的?截止(?:日期|时间)?|的?期限)(?:是|为|在|(?:改|延|延期|推迟|提前|调|挪)到了?)*{v}",
        "(?:要在|必须在)?(?P<v>[^，,。；;]{2,10}?(?:前|之前))(?:要|得|必须)?(?:交|完成|提交|搞定|归档)",
    ),
    *_chinese(
        "date", "(?:是|在|定在|约在|改到了?|推迟到了?|提前到了?|安排在)(?P<v>(?:\\d{4}年)?\\d{1,2}月[^，,。；;]*?)"
    ),
    *_chinese(
        "schedule",
        "(?:定在|安排在|约在|推迟到了?|提前到了?|延到){v}",
        "(?:改到了?|挪到了?|调到了?)(?=[^，,。；;]*[点时分日号周天早晚午:：月])(?![\\d.]+[天周个]){v}",
    ),
    *_chinese("use", "(?:在用|用的是|使用|换成了?){v}"),
    *_chinese("location", "(?:放在|位于|设在|在|坐在|存在|部署在|迁到了?){v}"),
]
_ZH_COPULA = re.compile(
    f"^(?P<s>{_ZH}{{1,14}}?)(?:(?<=[A-Za-z0-9]) )?的(?P<a>{_ZH}{{1,8}}?)(?:现在|目前|还|已经|已)?(?:是|为|叫|姓|"
    "改成了?|改到了?|改为|换成了?|变成了?|定在|定为|应该是|设为|调到了?|只有)"
    f"{_ZH_VALUE}{_ZH_END}"
)
_ZH_BARE = re.compile(
    f"^(?P<a>{_ZH}{{2,10}}?)(?:现在|目前|已经|已|昨天)?(?:是|为|叫|姓|改成了?|改到了?|改为|换成了?|"
    "变成了?|定在|定为|设为|应该是|(?:从[^，,。]+?)?(?:调到|改到|降到|升到|涨到|"
    f"换到)了?){_ZH_VALUE}{_ZH_END}"
)
_ZH_WITHIN = re.compile(f"^{_ZH_COUNTED}(?:以内|之内|以下)(?:都|就|也)?(?:行|可以|没问题|好)?{_ZH_END}")
_ZH_NAMED = re.compile(
    f"^(?:我家|我们家|我们?|咱们?)(?:的)?(?!改)(?P<a>{_ZH}{{1,6}}?)(?:叫|姓|名叫)(?P<v>{_ZH}{{1,8}}){_ZH_END}"
)
_ZH_KIN = ("manager", "partner", "sibling", "child", "friend")
_ZH_TIMES = frozenset(("deadline", "schedule", "date"))
_ZH_HEADS = re.compile(
    "(?:" + "|".join(sorted((word for word in SYNONYMS if has_cjk(word)), key=len, reverse=True)) + ")$"
)
_ZH_RELATIVE = re.compile(
    "^我的?(?:"
    + "|".join(word for word, attribute in SYNONYMS.items() if has_cjk(word) and attribute in _ZH_KIN)
    + ")(?P<name>[\u4e00-\u9fff]{2,3}|[A-Za-z]+)$"
)
_ZH_MEASURE = re.compile(r"[\dA-Za-z一二三四五六七八九十]")
_ZH_SELF = re.compile("^(?:我(?:自己|本人)?|本人|俺)$")
_ZH_TAIL = re.compile(f"(?:现在|目前|今天|昨天|已经|年轻时|小时候|平时|一直|以前|的|这边|这里|家|{_ZH_DATE})+$")
# What stands between a pronoun and the verb.
_ZH_SOMEBODY = re.compile(
    f"^(?P<who>我|他|她|我们|咱们)(?:要|得|必须|会|将|想|打算|准备|计划|需要|不|没有?|升职|升|转岗|改行|也|都|更|最近|刚|{_ZH_DATE})+$"
)
_ZH_NO_SUBJECT = re.compile(
    "^(?:从.*|它|他|她|其|这|那|这个|那个|我们|咱们|大家|谁|什么|如果|要是|每.*|先.*|再.*|把.*|在.*|因为.*|原因|"
    ".*的时候|(?:现在|如今|目前|最近)[更又也都就还]?|今天|昨天|现在|以后|新一周|只|也|都|还|就|有|又|才|住|放|坐|存)$"
)


# Said of a time that is over or to come, or not so: `我以前住在…`, `我想搬到…`, `我不在…上班`.
_ZH_FORMER = re.compile("以前|曾经?|过去|从前|当年")
_ZH_NOT = re.compile("(?:不|没|没有)$")
_ZH_INTENDED = re.compile("^(?:我|他|她|我们|咱们).{0,4}?(?:想|打算|准备|计划|要|将|会)")
_ZH_LASTING = frozenset(
    ("residence", "location", "employer", "role", "likes", "dislikes", "prefers", "diet", "habit", "use", "workplace")
)
_ZH_DENIABLE = frozenset(("residence", "employer"))
# What a person has more than one of, so that it says nothing of him without a thing.
_ZH_OF_THINGS = frozenset(("title", "date", "schedule", "deadline", "release-date"))
_ZH_DOING = re.compile(r"\d+[年月日号点周天]|[学做写看找等吃喝玩准考练听跑读忙想弄改查画教养]")
_ZH_CALLED = re.compile("(?![他她它你您谁了人车外大])[\u4e00-\u9fff]{2,4}|[A-Za-z][A-Za-z. ]*")
_ZH_RELEASE = re.compile(r"(?P<name>[A-Za-z][A-Za-z+#.]*) ?(?P<number>v?\d[\w.]*)")


def chinese_readings(text: str) -> Iterator[Slot]:
    """The slots that a clause can be read as, the surest first."""
    was_or_may_be = _ZH_FORMER.search(text) is not None
    for slot in _all_readings(text):
        is_now = not (was_or_may_be or _ZH_INTENDED.match(slot.subject)) or slot.attribute not in _ZH_LASTING
        is_said = slot.attribute in _ZH_DENIABLE or not _ZH_NOT.search(slot.subject)
        named = _named(slot._replace(subject=_chinese_subject(slot.subject)))
        is_home = slot.attribute != "residence" or may_be_home(text, slot.value)
        if is_now and is_said and is_home and _can_have(named):
            yield named


def _can_have(slot: Slot) -> bool:
    """A person has no one date, `我在学画画` tells what somebody does, and `我们住在一起` not where."""
    if slot.attribute == "location" and slot.subject.endswith("住"):
        return False
    is_doing = slot.attribute == "location" and (_ZH_DOING.match(slot.value) or "有" in slot.value)
    return slot.subject != SELF or not (is_doing or slot.attribute in _ZH_OF_THINGS)


def _named(slot: Slot) -> Slot:
    """`截止日期延到周一` says which time it is, `Python 3.13` what has the version."""
    head = _ZH_HEADS.search(slot.subject) if slot.attribute in _ZH_TIMES else None
    if head and SYNONYMS[head.group()] in _ZH_TIMES:
        return slot._replace(subject=slot.subject[: head.start()], attribute=SYNONYMS[head.group()])
    if slot.subject == SELF and slot.attribute == "title" and _ZH_CALLED.fullmatch(slot.value):
        return slot._replace(attribute="name")
    release = _ZH_RELEASE.fullmatch(slot.value) if slot.attribute == "version" and not slot.subject else None
    return Slot(release["name"], "version", release["number"]) if release else slot


def _all_readings(text: str) -> Iterator[Slot]:
    if match := _ZH_NAMED.match(text):
        yield Slot(SELF, attribute_id(match["a"]), match["v"])
    if match := _ZH_COPULA.match(text):
        yield Slot(match["s"], attribute_id(match["a"]), match["v"])
    for attribute, pattern in _CHINESE:
        if match := pattern.match(text):
            yield Slot(match["s"], attribute, match["v"].strip())
    if match := _ZH_WITHIN.match(text):
        yield Slot("", "limit", match["v"])
    if (match := _ZH_BARE.match(text)) and (_ZH_HEADS.search(match["a"]) or _ZH_MEASURE.match(match["v"])):
        yield _bare_chinese_slot(match)


def _bare_chinese_slot(match: re.Match[str]) -> Slot:
    """`连接池上限是20`: a known noun at the end of the subject is the attribute, what stands before it the subject."""
    words = match["a"]
    head = _ZH_HEADS.search(words)
    if head and head.start():
        return Slot(words[: head.start()], attribute_id(head.group()), match["v"].strip())
    return Slot("", attribute_id(words), match["v"].strip())


def _chinese_subject(words: str) -> str:
    bare = _ZH_TAIL.sub("", words.strip())
    if somebody := _ZH_SOMEBODY.match(bare):
        bare = somebody["who"]
    if _ZH_SELF.match(bare):
        return SELF
    if bare.startswith("我") and bare[1:] in SYNONYMS:
        return bare[1:]
    if named := _ZH_RELATIVE.match(bare):
        bare = named["name"]
    return "" if _ZH_NO_SUBJECT.match(bare) else bare
