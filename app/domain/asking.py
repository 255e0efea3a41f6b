"""What a question asks about: its telling words, and among them the kind of thing that it wants to know.

Everyday words (`time`, `first`, `use`, `城市`, `怎么`) tell nothing about whether an answer is known: they are seldom
repeated in it. What is left (`tripod`, `proofreading`, `押金`) is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from app.domain.readings import read
from app.domain.texts import CJK, cjk_characters, content_terms, has_cjk, terms

# The longer one of two forms of a word may have so many letters more: linter and linting, medication and medicine.
_LONGEST_ENDING = 3
_SHORTEST_STEM = 4
# A Chinese noun that a question is after ends with its head, as 德语培训班 does.
_HEAD_CHARACTERS = 2

_EVERYDAY = frozenset(
    terms("""
    time day date hour minute moment week weekday weekend month year season spring summer autumn fall winter today
    tomorrow yesterday night noon midnight morning afternoon evening monday tuesday wednesday thursday friday saturday
    sunday january february march april may june july august september october november december early mid late recent
    recently now still already ever usually often always sometimes daily weekly monthly yearly
    place city town country village location spot area person people man woman guy somebody someone anybody anyone thing
    something anything everything stuff kind type sort way case example name number amount count total level value size
    length duration part piece bit lot group couple item object topic activity event situation detail information fact
    idea advice opinion view aspect attribute quality trait feature style purpose role reason result effect
    problem issue question experience conversation discussion type
    first second third last latest final finally original originally initial initially former formerly previous
    previously current currently present presently new newer newest old older oldest next prior exact exactly actual
    actually certain specific particular general main major different common various several few special important
    personal positive negative good better best bad big small large long short high low highest lowest minimum maximum
    least favorite favourite own one two three four five six seven eight nine ten once twice another both sides
    begin began start end finish stop happen occur take took get got give gave go went come came make made do use used
    have keep kept put set say said tell told ask answer call know think want wish need like try see look find found
    show let leave left bring run ran work live stay turn change switch move become became be mean meet met plan decide
    choose chose prefer recommend suggest mention describe talk speak spoke discuss agree disputed undisputed source
    statement own owner owned possess help worked mind feel felt share enjoy visit learn teach attend join participate
    create provide receive achieve hope goal react respond consider support involve relate inspire motivate represent
    symbol express accord likely could would might back around together along away against without within between
    while""")
)
_CHINESE_EVERYDAY = re.compile(
    "城市|国家|地方|时候|时间|日期|期间|方法|办法|方式|步骤|处理|解决|批量|工具|类型|种类|情况|结果|安排|使用|交代|说法|一致|分歧|一样"
    "|大家|两个人|名字|数字|数量|东西|事情|联系|喜欢|需要|应该|可以|注意|避免|遗留|发生|进行|准备|工作|生活|正在|现在|目前|当时|平时"
    "|最后|原来|原定|原先|之前|以前|之后|以后|一共|总共|早上|上午|中午|下午|晚上|今年|去年|明年"
)
# Characters that stand in questions about anything.
_CHINESE_FUNCTION = frozenset(
    "的了是我你您他她它们这那个在有没不无上下中里外会能可要得就都也还又再只才很最太更和与跟或及到去来从向对给把被让用以为于而且"
    "但所因如时候天日月年号点秒前后间次一二三四五六七八九十两几多少每各某本该等吧吗呢啊呀哦着过地什么怎哪谁说做看想知道家人大小"
    "好叫现先原找请帮目"
)
_CHINESE_ASKING = re.compile(
    "为什么|是不是|有没有|什么时候|什么样|多长时间|怎么样|多少|多久|哪[一些个里儿位天年家]?|什么|怎么|怎样|如何|谁|几[个次点号月岁]"
)

_WITHOUT_VERB = (
    r"(?:(?!(?:is|are|was|were|am|do|does|did|has|have|had|will|would|can|could|should|shall|must|may|might|of|for|in|on"
    r"|at|to|that|which|who|when|i|you|we|he|she|it|they|my|your|our|his|her|their)\b)[\w'’-]+\s*){1,4}"
)
_KIND = re.compile(
    rf"\b(?:which|what|how (?:many|much))\s+(?P<kind>{_WITHOUT_VERB})"
    r"|\bwhat(?:'s| is| are| was| were)\s+(?:the |an? )?(?P<thing>.+?)"
    r"(?:\s+(?:of|for|in|at|on|when|before|that|after|during)\b|\?|$)",
    re.IGNORECASE,
)
_COMPLEMENT = re.compile(
    r"\b(?:of|for)\s+(?P<kind>.+?)(?:\s+(?:in|at|on|when|before|that|after|during)\b|\?|$)", re.IGNORECASE
)
_NAME = re.compile(r"(?<!^)\b[A-Z][\w'’-]+")
_HAN = "[\u4e00-\u9fff]"
_CHINESE_KINDS = (
    re.compile(
        f"(?:哪一?[家些个位款种场级部台座条本支张件门]|多少|什么|几[个次位家件本张条台])(?P<kind>{_HAN}{{1,6}}?)"
        "(?=$|[？?，,的来要])"
    ),
    re.compile(
        f"(?P<kind>{_HAN}{{2,6}}?)(?:交了|花了|是|有|为|要)?"
        "(?:多少|谁|什么|哪一?[家些个位款种场级部台座条本支张件门天里])(?=$|[？?，,钱])"
    ),
)


class Asked(msgspec.Struct, frozen=True):
    """The telling words of a question, stems or Chinese characters, and those of what it wants to know.

    `names` are words that everything about somebody has, so that only their absence tells something.
    """

    words: list[str]
    kind: list[str]
    names: frozenset[str]


def read_question(question: str) -> Asked:
    """What a question asks about, in either script."""
    return _read_chinese(question) if has_cjk(question) else _read_english(question)


def said_words(texts: Sequence[str]) -> frozenset[str]:
    """The stems and Chinese characters of some texts."""
    return frozenset(word for text in texts for word in read(text).counts)


def is_said(word: str, said: frozenset[str]) -> bool:
    """Whether a word, or another form of it, is among the words said."""
    return word in said or any(_is_form(word, other) for other in said)


def _is_form(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return len(short) >= _SHORTEST_STEM and len(long) - len(short) <= _LONGEST_ENDING and long.startswith(short)


def _read_english(question: str) -> Asked:
    names = frozenset(term for name in _NAME.findall(question) for term in terms(name))
    words = [word for word in content_terms(question) if word not in _EVERYDAY and len(word) > 1 and not word.isdigit()]
    told = set(words) - names
    found = _KIND.search(question)
    kind = _told(found["kind"] or found["thing"], told) if found else []
    more = _COMPLEMENT.search(question)
    return Asked(words, kind or (_told(more["kind"], told) if more else []), names)


def _told(phrase: str, words: set[str]) -> list[str]:
    return [term for term in dict.fromkeys(terms(phrase)) if term in words]


def _read_chinese(question: str) -> Asked:
    text = _CHINESE_EVERYDAY.sub(" ", _CHINESE_ASKING.sub(" ", question))
    latin = [word for word in terms(re.sub(f"[{CJK}]", " ", text)) if len(word) > 1 and not word.isdigit()]
    words = list(dict.fromkeys([*_telling(text), *latin]))
    matches = (pattern.search(question) for pattern in _CHINESE_KINDS)
    kinds = (_telling(_CHINESE_EVERYDAY.sub("", match["kind"])) for match in matches if match)
    kind = next((found for found in kinds if found), list[str]())[-_HEAD_CHARACTERS:]
    return Asked(words, kind, frozenset())


def _telling(text: str) -> list[str]:
    return [character for character in cjk_characters(text) if character not in _CHINESE_FUNCTION]
