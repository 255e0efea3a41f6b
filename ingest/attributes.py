"""The registry of attributes: how many values each has at a time, and which category its facts have."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.domain.facts import Cardinality
from app.domain.memories import Category
from app.domain.texts import normalised


class Attribute(NamedTuple):
    """What a statement can be about; cardinality is a property of it and never of a statement (pipelines 2.6)."""

    cardinality: Cardinality
    category: Category


_ONE, _MANY = Cardinality.ONE, Cardinality.MANY
_PROFILE, _ENTITIES = Category.PROFILE, Category.ENTITIES

REGISTRY: dict[str, Attribute] = {
    **dict.fromkeys(
        (
            "name", "age", "birthday", "birthplace", "residence", "nationality", "employer", "role", "workplace",
            "manager", "marital-status", "partner", "native-language", "phone", "email", "address", "diet", "reason",
        ),
        Attribute(_ONE, _PROFILE),
    ),
    **dict.fromkeys(
        ("allergy", "health", "hobby", "skill", "language", "education", "sibling", "child", "friend", "past-job"),
        Attribute(_MANY, _PROFILE),
    ),
    **dict.fromkeys(("likes", "dislikes", "prefers", "request"), Attribute(_MANY, Category.PREFERENCES)),
    **dict.fromkeys(
        (
            "version", "status", "owner", "leader", "license", "port", "url", "database", "framework", "schedule",
            "deadline", "location", "price", "title", "size", "weight", "limit", "food", "capacity",
        ),
        Attribute(_ONE, _ENTITIES),
    ),
    **dict.fromkeys(("member", "pet", "requirement", "part", "use"), Attribute(_MANY, _ENTITIES)),
    "release-date": Attribute(_ONE, Category.EVENTS),
    "date": Attribute(_ONE, Category.EVENTS),
    "rule": Attribute(_MANY, Category.PATTERNS),
    "procedure": Attribute(_MANY, Category.PATTERNS),
    "habit": Attribute(_MANY, Category.PATTERNS),
    "cause": Attribute(_MANY, Category.CASES),
    "fix": Attribute(_MANY, Category.CASES),
    "decision": Attribute(_MANY, _ENTITIES),
}  # fmt: skip

# Nouns by which people name a registered attribute, in `My boss is …` or `阿岩的分机是…`.
SYNONYMS = {
    word: attribute
    for attribute, words in {
        "name": "name|full name|first name|姓名|名字|全名",
        "age": "age|年龄|岁数",
        "birthday": "birthday|date of birth|birth date|birthdate|生日|出生日期|出生年份",
        "birthplace": "birthplace|place of birth|hometown|home town|出生地|老家|籍贯",
        "residence": "home|home city|place|residence|city|住址|住处|所在城市",
        "nationality": "nationality|citizenship|国籍",
        "employer": "employer|company|单位|雇主|东家",
        "role": "job|role|position|profession|occupation|job title|职业|职位|岗位|工作",
        "workplace": "office|desk|工位|办公室",
        "manager": "boss|manager|line manager|supervisor|team lead|老板|领导|上司|经理|主管",
        "partner": ("wife|husband|partner|girlfriend|boyfriend|spouse|fiance|fiancee|老婆|老公|妻子|丈夫|女朋友|男朋友|"
        "对象|爱人"),
        "native-language": "native language|mother tongue|first language|母语",
        "phone": "phone|phone number|number|mobile|mobile number|extension|电话|手机号|分机|分机号|号码|手机",
        "email": "email|e-mail|email address|mail address|邮箱|邮件地址",
        "address": "address|地址",
        "diet": "diet|饮食",
        "sibling": "sister|brother|sisters|brothers|妹妹|姐姐|弟弟|哥哥|表弟|表妹|堂弟",
        "child": "son|daughter|kid|child|kids|children|儿子|女儿|孩子",
        "friend": "friend|colleague|co-host|flatmate|neighbour|neighbor|朋友|同事|室友|邻居",
        "hobby": "hobby|hobbies|爱好|兴趣",
        "version": "version|release|latest release|current version|版本|版本号|线上版本|最新版",
        "status": "status|state|状态|进度",
        "owner": "owner|maintainer|负责人|维护人|值班人|对接人|联系人|主人",
        "leader": "leader|lead|captain|head|组长|队长|负责的人",
        "license": "license|licence|许可证|许可|协议|授权",
        "port": "port|端口|端口号",
        "url": "url|link|website|domain|网址|链接|域名",
        "database": "database|db|数据库",
        "framework": "framework|框架",
        "schedule": ("schedule|start time|starting time|opening hours|time|closing time|开始时间|时间|会议时间|发布时间"
        "|排期"),
        "deadline": "deadline|due date|截止日期|截止时间|截止|期限",
        "location": "location|venue|headquarters|hq|位置|地点|总部|场地",
        "price": "price|rent|cost|fee|rate|budget|salary|价格|月租|房租|租金|费用|进价|单价|预算|工资|套餐价格|报价",
        "title": "title|codename|code name|working title|书名|标题|代号|项目名|片名",
        "size": "size|大小|尺寸|规模",
        "weight": "weight|体重|重量",
        "limit": "limit|cap|maximum|timeout|ttl|上限|限制|超时|超时时间|有效期|最大值|阈值",
        "date": "date|日期|婚期|考试日期",
        "cause": "cause|root cause|reason for the outage|原因|根因|起因",
        "fix": "fix|solution|cure|workaround|remedy|解决办法|解决方案|办法|对策|修复方法",
        "rule": "rule|convention|policy|规矩|规则|约定|规定",
        "procedure": "routine|procedure|process|workflow|method|流程|步骤|做法|方法",
        "food": "food|猫粮|狗粮|粮",
    }.items()
    for word in words.split("|")
}  # fmt: skip
# Heads of custom attributes that name one thing at a time, so that a new value replaces the old one.
_SINGULAR_HEADS = re.compile(
    r"(?:number|name|count|language|editor|camera|car|bike|laptop|phone|shell|theme|font|formatter|"
    r"linter|branch|interpreter"
    r"|manager|tool|owner|provider|coach|doctor|dentist|teacher|caterer|day|days|time|zone|timezone|"
    r"format|tone|style|level"
    r"|interval|duration|percentage|hydration|plan|host|server|region|channel|colou?r|address|score|"
    r"best|record|target|goal"
    r"|version|backend|engine|bundler|height|length|speed|key|code|floor|room|seat)$"
    r"|(?:名|号|数|量|率|人|地址|级别|语言|工具|库|车|手机|相机|教练|医生|老师|时间|日期|地点|目标|成绩|"
    r"上限|下限|格式|分支|环境|频率|颜色|版|手艺|师父)$"
)
_CUSTOM = "custom:"
_DETERMINERS = re.compile(
    r"^(?:(?:the|a|an|my|our|his|her|their|its|this|that|new|current|latest|present)\s+|这个|那个|新的?|现在的?|目前的?)"
)
_BLANKS = re.compile(r"[\s_-]+")
_FAVOURITE_THING = re.compile("(?:favou?rite[ :]+|最喜欢的|最爱的)(?P<thing>.+)")


def attribute_id(noun: str) -> str:
    """The registered attribute that a noun names, else `custom:` and the noun without determiners."""
    name = _DETERMINERS.sub("", _DETERMINERS.sub("", normalised(noun)))
    return SYNONYMS.get(name) or (f"{_CUSTOM}{name.replace(' ', '-')}" if name else "")


def named_attribute(name: str) -> str:
    """The attribute that a model names: a registered one however it is spelt, else a favourite or a custom one."""
    words = _BLANKS.sub(" ", normalised(name).removeprefix(_CUSTOM)).strip()
    registered = words.replace(" ", "-")
    if registered in REGISTRY:
        return registered
    favourite = _FAVOURITE_THING.match(words)
    return f"favourite:{favourite['thing']}" if favourite else attribute_id(words)


def cardinality_of(attribute: str) -> Cardinality:
    """From the registry; a custom attribute or favourite has one value only when its noun says so."""
    registered = REGISTRY.get(attribute)
    if registered:
        return registered.cardinality
    is_single = attribute.startswith("favourite:") or _SINGULAR_HEADS.search(attribute.replace("-", " "))
    return Cardinality.ONE if is_single else Cardinality.MANY


def category_of(attribute: str) -> Category | None:
    """The category of a registered attribute's facts; None leaves it to the words of the sentence."""
    if attribute.startswith("favourite:"):
        return Category.PREFERENCES
    registered = REGISTRY.get(attribute)
    return registered.category if registered else None
