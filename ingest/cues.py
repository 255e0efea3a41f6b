"""Words that tell how one statement bears on an earlier one, in English and Chinese."""

from __future__ import annotations

import re


def _cue(english: str, chinese: str, besides: re.Pattern[str] | None = None) -> re.Pattern[str]:
    """Whole words of English, since `is` stands in `this`; Chinese has no borders between words."""
    more = f"|{besides.pattern}" if besides else ""
    return re.compile(rf"\b(?:{english})\b|{chinese}{more}", re.IGNORECASE)


_DONE = "(?:has|have|had|was|were|been|got|is|are|'s|'ve)(?: just| now| already| finally)?(?: been)?"

# These also tell that another's statement no longer holds (pipelines 2.7), so nothing vague is among them.
EXPLICIT_CHANGE = _cue(
    r"renamed|upgraded|downgraded|cancell?ed|called off|postponed|pushed back|brought forward|rescheduled|superseded"
    r"|replaced|handed over|took over|taken over|no longer(?! than)|not any ?more"
    r"|moved (?:in|to|from|away|back|over|out)"
    r"|(?:changed|switched|migrated) (?:to|from|over)|pulled out|backed out|stepped down|used to|phased out|promoted to"
    r"|(?:from|starting|as of|effective) (?:now|here|today|tomorrow|this (?:week|month|year))"
    rf"|{_DONE} (?:moved|switched|changed|deleted|removed|retired|migrated|dropped|deprecated|decommissioned|scrapped)",
    "改[到为成用由名叫走]|换[成到了为上]|更换|更名|替换|调[到为成整至]|搬[到去家进走]|升级|升[到为至]|降[到为至]|取消|推迟|延期|延到|提前到|迁[到移至]"
    "|下线|停用|弃用|作废|废除|不再|以后不|从此|从今|移交|交接|接手|接任|卸任|离职|辞职|跳槽|转[到为岗]|[月天年周]起",
)
CHANGE = _cue(
    r"now(?:adays)?|these days|currently|any ?more|any longer|since (?:the|last|this|then)"
    r"|formerly|previously|instead of|moving|switched|dropped?|ditch(?:ed)?|gave up|given up|swapped|sold|bought|quit"
    r"|resigned|retired|married|engaged|broke up|divorced|went to|the new|latest|current|last (?:week|month)"
    r"|(?:hours?|days?|weeks?|months?) ago|bec(?:ame|ome)|turned into|settled in|gone|stopped|started",
    "改|换|现在|如今|目前|最近|卖了|买了|已经|戒了|结婚|离婚|分手|定了|定下|最后定|最终|新的",
    EXPLICIT_CHANGE,
)
# Of a change this tells only what is over, not what came instead.
ENDED = _cue("no longer(?! than)|not any ?more|any ?more|no more(?! than)", "不再|再也不|以后不|从此不|从今不")
CONDITION = _cue(
    r"if|when|whenever|wherever|unless|except(?:ions?)?|excluding|apart from|other than|special case|only|provided"
    r"|as long as|in case|depending|depends|on days|between|outside|inside|up to|at (?:most|least)|during|otherwise"
    r"|sometimes|occasionally|however|but|though|temporarily|everything else|the one|additionally|the rest|limited to"
    r"|with an?|from scratch|get|gets|just for|for (?:large|small|big|long|short)",
    r"如果|要是|假如|若|除非|除了|除外|例外|只有|只要|只在|只对|仅|时候|时可以|期间|碰[上到]|遇[到上]|赶上|一旦|每逢|偶尔|有时|临时|其余|其他|照旧"
    r"|那[几两]?天|那[几两][个次]|的话|前提|情况|特殊|时[，,]|不过|但是?|节假日|超过|以[上下内外]",
)
EXCEPTION = _cue(
    r"unless|except(?:ions?)?|excluding|apart from|other than|special|the one|everything else|otherwise|outside"
    r"|additionally|the rest|only",
    "除非|除了|除外|例外|其余|照旧|只有|特殊|不算",
)
EVIDENCE = _cue(
    r"ran|re-?ran|tried|tested|timed|measured|benchmarked|profiled|verified|confirmed|check(?:ed|ing)|look(?:ed|ing)"
    r"|saw|see(?:n|ing)|watched|counted|reproduced|compared|inspected|traced|notic(?:ed|ing)|found|read(?:ing)?|felt"
    r"|stood|called|witnessed|heard|reports?|dashboards?|panels?|graphs?|logs?|surveys?|statistics|statements?|figures"
    r"|shows?|shown|stud(?:y|ies)|notices?|signs?|boards?|manuals?|handbook|docs|documentation|section|page|metrics"
    r"|audit|according to|really|before and after|this morning|on my side|myself",
    r"\d ?%|[查看翻跑测试][了过到遍]|查询|抓包|监控|日志(?![表库])|报告|报表显示|问卷|统计|手册"
    "|数据显示|记录|实锤|证实|确认|亲[眼自]|昨[晚天]|上周"
    r"|受访|反馈|意见|[一二三四五六七八九]成|刚从|实测|复现|压测|对比",
)
AGREEMENT = _cue(
    r"same here|says? the same|the same|me too|as well|too|indeed|agreed?|confirms?|confirmed|exactly|likewise"
    r"|really|right|also|on my side",
    "确实|的确|果然|没错|也这么|也是|一样|同意|真[得的是先]|证实|印证|同款|同感|跟你",
)
# Denies what would be said without it.
DENIAL = _cue(
    r"not|no|never|none|nobody|nothing|neither|nor|without|cannot|hardly|\w+n't",
    # Not 特别, 区别, 非常, 无线, 未来, 不过, 没错.
    "(?<!差)不(?!过|错|仅|但|只是)|没(?!错)|无(?!论|线|锡)|未(?!来)|(?<![特分区级类性识个])别(?![人的名墅])"
    "|非(?!常|洲)|勿|禁止|压根|根本",
)
NEGATION = _cue(r"off|unable|fails?|failed|incomplete|strictly|false|wrong", "失败", DENIAL)
REMINDER = _cue(
    r"again|remind(?:er)?|remember|as i said|as mentioned|for your notes|for the|to repeat|once more|note that"
    r"|keep in mind|as far as i'm concerned|when you|for me|please|it's \w+ who|that's when",
    "提醒|记得|再说|重申|别忘|记一下|强调|麻烦|请(?!假)|咱们|帮我|当初",
)
HEDGE = _cue(
    r"i think|i suspect|i guess|i believe|i'd bet|i bet|probably|maybe|perhaps|seems?|apparently|might|likely|mostly"
    r"|often|roughly|about",
    "我觉得|我猜|我怀疑|应该[是出在]|可能|大概|也许|好像|似乎|估计|经常",
)
# A moment that is over: what was true of it cannot change any more.
BYGONE = _cue(
    r"born|birth(?:place|day)?|yesterday|last (?:night|week|month|year)"
    r"|(?:in|on|of|since) (?:\d{1,2} )?(?:january|february|march|april|may|june|july"
    r"|august|september|october|november|december)|(?:in|since|of) (?:19|20)\d\d|ago|had"
    r"|was|were|did|came|ran|finished|graduated|went|took|charged",
    r"出生|年生|生于|毕业|昨[天晚日]|上[周个]|去年|前[天年]|\d月\d{1,2}[日号]|\d{4}年|引起的|参加了",
)
FIRST_PERSON = _cue(r"i|i'm|i've|i'd|i'll|my|mine|me", "我(?!们)")

_ENGLISH_NUMBERS = {
    "two": 2,
    "twice": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "ninety": 90,
    "hundred": 100,
}
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_NUMBER = re.compile(r"\d+(?:[.:,]\d+)*|[零一二三四五六七八九十百千万两]+|[A-Za-z]+")

_COUNTED = re.compile(
    r"(?P<number>\d+(?:[.:,]\d+)*|[零一二三四五六七八九十百千万两]+|[a-z]+)(?:\s|-)?(?P<unit>[^\W\d_a-z]|%|[a-z]+)"
)


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text as digits, however they are written; one and 一 are articles more often than numbers."""
    return frozenset(number for piece in _NUMBER.findall(text) if (number := _digits(piece)) not in ("", "1"))


def units(text: str) -> dict[str, frozenset[str]]:
    """What is counted, with its numbers: `36章` has 36 under 章, `three reviewers` has 3 under reviewers."""
    found: dict[str, set[str]] = {}
    for match in _COUNTED.finditer(text.casefold()):
        number = _digits(match["number"])
        if number not in ("", "0"):
            found.setdefault(match["unit"].rstrip("s"), set()).add(number)
    return {unit: frozenset(numbers) for unit, numbers in found.items()}


def _digits(piece: str) -> str:
    if piece[0].isascii() and piece[0].isdecimal():
        return piece.replace(",", "")
    if piece[0].isalpha() and piece.isascii():
        return str(_ENGLISH_NUMBERS.get(piece.casefold(), ""))
    return str(chinese_number(piece))


def chinese_number(piece: str) -> int:
    """The value of Chinese digits, up to 万."""
    total, digit = 0, 0
    for character in piece:
        unit = _CHINESE_UNITS.get(character)
        if unit is None:
            digit = _CHINESE_DIGITS[character]
        else:
            total, digit = total + (digit or 1) * unit, 0
    return total + digit
