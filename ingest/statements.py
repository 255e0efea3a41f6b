"""What kind of statement a sentence is: asked, wished or asserted, of a change or not, and its category."""

from __future__ import annotations

import re

from app.domain.facts import Modality
from app.domain.memories import Category
from ingest.changes import tells_change
from ingest.cues import HEDGE


def _cue(english: str, chinese: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE)


_ENDING = " \t\"'”’)）]】!！.。…~"
_ASKING = ("?", "？", "吗", "么", "呢")
_ASKED_BY_WORD = re.compile(
    (
        r"^(?:(?:can|could|would|will|do|does|did|are|is|should|shall) (?:you|we|i|it|they|he|she|there|"
        r"that)|what's|who|why|where)\b"
    ),
    re.IGNORECASE,
)
_WISH = _cue(
    r"i wish|(?:i|we)(?: really)? hope|would love to|dream of|some ?day|if only",
    "但愿|要是.{1,20}就好|希望能|梦想|真想|有一天",
)
_HYPOTHETICAL = _cue(
    (
        r"might|maybe|perhaps|could be|thinking (?:about|of)|considering|(?:if|suppose|"
        r"imagine) .{1,60}\b(?:would|were)|hypothetically"
    ),
    "也许|或许|说不定|考虑要不要|在考虑|假如|假设|万一",
)
_PLAN = _cue(
    (
        r"going to|plan(?:s|ned|ning)? to|intends?(?: to)?|i'll|we'll|(?:^\S+|I|we|he|she|it|they) will|"
        r"is to be|are to be|scheduled|booked|signed up|inviting|next (?:week|month|year|\w+day)"
    ),
    "打算|准备|计划|将要|将会|会在|明年|下个?[月周]|年底|定在|报了|要去|之后会",
)
_RETRACTED = _cue(
    r"no longer (?!than)|not any ?(?:more|longer)|(?:don't|doesn't|isn't|aren't) .{1,40}any ?(?:more|longer)"
    r"|stopped|quit|resigned|left (?:my|the|his|her) (?:job|position|post)",
    "不再|已经不|不住|不在[^，,。；;]{1,20}(?:上班|工作|任职|就职)|离职|辞职|(?:从今|从此|今后|以后都)不|戒了",
)

_SHIFT = _cue("shifted|slipped|withdrew|(?:has|have) a new|change of plan|from today on", "计划有变|去不成|退了")

_CASE = _cue(
    r"root cause|caused by|because of a|fix(?:ed|es)?|solved|solution|cure[sd]?|workaround|turned out|"
    r"the culprit|found it|that was it"
    r"|fail(?:s|ed|ing)?|crash(?:ed|es|ing)?|broken?|bug|error|exception|stuck|hangs?|hung|leak(?:s|"
    r"ed)?|timed? ?out|deadlock(?:ed)?"
    r"|was missing|lacked|collided|troubleshoot\w*|instead of crashing",
    (
        "原因是|原因在|根因|是因为.{0,20}(?:没|错|满|漏)|解决|修好|修复|搞定了|就好了|恢复正常|有个坑|报错|"
        "崩溃|白屏|死锁|卡[死住]|漏了|排查|最麻烦|故障|挂掉"
    ),
)
_PATTERN = _cue(
    r"must|have to|has to|may not|whenever|when you|if .{1,40}, (?!i\b|we\b)\w+|rule|convention|"
    r"procedure|routine|method|step|first .{1,80}then"
    r"|before \w+ing|after \w+ing|only after|(?:on|only|every) (?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)days?\b(?<=s)|every (?:day|week|month|morning|night|evening)"
    r"|(?:is|are) (?:forbidden|not allowed)|nobody may|never \w+|always \w+|run .{1,30} afterwards|"
    r"no exceptions|policy",
    (
        "必须|不许|不得|禁止|一律|务必|规矩|规则|规定|流程|步骤|做法|先.{1,40}再|先.{1,40}然后|每(?:天|周|"
        "次|晚|篇|月|个)|固定|才能|才可以|之前要|以后都|谁.{1,6}谁"
    ),
)
_PREFERENCE = _cue(
    r"prefer\w*|favou?rite|(?:i|we) (?:really )?(?:like|love|hate|enjoy|dislike)|i'd (?:like|rather)|"
    r"rather than|can't stand|annoys? me|please"
    r"|when (?:you|i) (?:write|answer|review|reply|say|ask)|from here on|my \w+ days|(?:i|we) (?:mostly|"
    r"usually|always) (?:use|write|take|drink|eat|shoot|keep)"
    r"|for \w+ it's the|i (?:never|keep|deliver)|don't (?:want|call|send|use|ask|add|write)|skip|"
    r"start with the|answer (?:me )?in|call me|wants",
    (
        "喜欢|最爱|爱吃|爱喝|讨厌|偏好|更愿意|宁愿|习惯|别(?!人|的)|请|不要|希望你|回复我|给我|"
        "帮我.{0,6}注意|我要|少用|都行|口味"
    ),
)
_EVENT = _cue(
    r"yesterday|last (?:night|week|month|year|\w+day)|ago|went live|is out|released|launched|adopted|"
    r"signed up|booked for|withdrew|pulled out|was down"
    r"|happened|took place|started on|lease begins|passed|won|lost|met|visited|arrived|left|graduated|"
    r"married|born on|died|had (?:a|an|my)"
    r"|ceremony|meeting (?:is|was) on|(?:wedding|trip|party|conference|exam|race|marathon|appointment|"
    r"flight)|outage|since \w+day",
    (
        "去做了|报了|考过|过了|改到|定在|出发|入住|聚会|举行|参加|上线了|发布会|比赛|考试|婚礼|酒席|旅行|"
        "通过了|退[了出]|买的|结果|昨[天晚]|上周|预算定"
    ),
)
_PERSONAL = _cue(
    r"(?:i|he|she) (?:am|is|was|work|live|come|grew|studied|speak|play|have|has)|i'm|my (?:name|job|"
    r"boss|coach|wife|husband|birthday|hometown|best)"
    r"|lives in|works? (?:at|for|from|as)|is based in|sits in|plays the|is my|report to|allergic|"
    r"years old|she's in|he's in",
    "我是|我叫|我在|我家|我爸|我妈|过敏|分机|住在|老家|生日|毕业|学[的过].{0,4}专业|晕车|受过伤|坐在|平时在",
)
_REPLY = re.compile(
    r"^(?:wow|you|your|you['’]re|you['’]ve|that['’]?s?|that (?:is|was|must|sounds?)|this is|sounds?|"
    r"looks?|seems?|good luck|best of luck|hope|keep|glad"
    r"|so|such|how|what|it['’]?s?(?: (?:is|was|looks|sounds|seems|must))? (?:so|really|such|just|a|an|"
    r"been|great|nice|good|amazing|awesome|cool|important|like)"
    r"|congrats|congratulations|let me know|take care|enjoy|absolutely|definitely|totally|exactly|"
    r"thanks|thank you|love (?:that|it|how))\b"
    r"|^(?:你|您|听起来|看起来|祝|加油|恭喜|太|真)",
    re.IGNORECASE,
)
_OWN_OR_NAMED = re.compile(
    r"\b(?:I|I['’]\w+|my|we|our|must|mustn't|can't|cannot|have to|never|always|because)\b|\d|"
    r"[\w,;] [A-Z]\w|[`_\"/=]|我|咱|必须|不能|不许"
)
_NOT_TO_KEEP = _cue(
    (
        r"(?:don't|do not|please don't|no need to|never) (?:keep|store|save|remember|record|note) (?:this|"
        r"that|it|any of (?:this|that))"
    ),
    "(?:别|不要|不用|不必)(?:保存|存|记录|记|记住)(?:[，,。！!]|这|它|$)",
)
# Asks to keep something that other sentences say.
_ASKS_TO_KEEP = re.compile(
    r"^(?:and |so |now |please |kindly )*(?:remember|note|keep (?:track|a note) of|keep|save|record|write)"
    r" (?:this|that|it|them|these|those|all of (?:this|that|it)|the \w+|what (?:we|I|you|they) \w+)"
    r"(?: down)?(?: please)?\s*[.!]*$"
    r"|^(?:请|麻烦)?你?(?:帮我|给我|替我)?(?:记住|记一下|记下来?|记录一下|保存)(?:一下)?(?:这个|这些|这点|它)?[。！!]*$",
    re.IGNORECASE,
)
_DATED = 2
_WEIGHTS = {
    Category.CASES: 2.2,
    Category.PATTERNS: 2.0,
    Category.PREFERENCES: 1.9,
    Category.EVENTS: 1.5,
    Category.PROFILE: 1.4,
}
_CUES = {
    Category.CASES: _CASE,
    Category.PATTERNS: _PATTERN,
    Category.PREFERENCES: _PREFERENCE,
    Category.EVENTS: _EVENT,
    Category.PROFILE: _PERSONAL,
}
_MOST_CUES = 2
# Below one weak cue nothing speaks for a special category: it says how a thing is.
_FLOOR = 1.4


def is_question(text: str) -> bool:
    """Whether the sentence asks."""
    is_asked = _ASKED_BY_WORD.match(text) and not text.rstrip().endswith((".", "!"))
    return text.rstrip(_ENDING).endswith(_ASKING) or bool(is_asked)


def is_reply(text: str) -> bool:
    """Whether the sentence only comments on what was said or asks to keep it, and says nothing itself."""
    return bool(_ASKS_TO_KEEP.match(text)) or (bool(_REPLY.match(text)) and not _OWN_OR_NAMED.search(text))


def is_not_to_keep(text: str) -> bool:
    """Whether the speaker asks to forget what the sentence says."""
    return bool(_NOT_TO_KEEP.search(text))


def modality_of(text: str, *, has_slot: bool) -> Modality:
    """How it is said; `negated` only for a value that the sentence takes back, since a rule or a taste may say not."""
    if is_question(text):
        return Modality.QUESTION
    if has_slot and tells_change(text, _RETRACTED):
        return Modality.NEGATED
    if _WISH.search(text):
        return Modality.WISH
    if _HYPOTHETICAL.search(text):
        return Modality.HYPOTHETICAL
    return Modality.PLAN if _PLAN.search(text) else Modality.FACT


def says_change(text: str) -> bool:
    """Whether it tells that something is not as it was; a denied change is none."""
    return tells_change(text) or tells_change(text, _SHIFT)


def is_hedged(text: str) -> bool:
    """Whether the speaker is not sure."""
    return bool(HEDGE.search(text))


def category_by_words(text: str, *, is_dated: bool) -> Category:
    """The category whose cue words weigh most; entities when none speaks."""
    scores = {
        category: weight * min(len(_CUES[category].findall(text)), _MOST_CUES) for category, weight in _WEIGHTS.items()
    }
    if is_dated:
        scores[Category.EVENTS] += _DATED
    best = max(scores, key=lambda category: scores[category])
    return best if scores[best] >= _FLOOR else Category.ENTITIES
