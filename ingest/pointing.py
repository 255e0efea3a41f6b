"""Sentences that say nothing by themselves: they announce what comes, or point at what others say."""

from __future__ import annotations

import re

# What is announced: `Two rules from me.`, `Some notes:`, `两条规则。`
_SAID_THINGS = (
    "rules?|notes?|points?|remarks?|comments?|updates?|changes?|corrections?|things?|items?|topics?|facts?"
    "|details?|reminders?|decisions?|requests?|wishes|wish|ideas?|thoughts?|tips?|announcements?|news|questions?|observations?"
    "|preferences?"
    "|requirements?|conventions?|agreements?|additions?|words?|bits?|pieces? of (?:news|advice|information)"
    "|lists?|summary|overview|background|context|housekeeping|feedback|findings?|results?|lessons?|issues?|concerns?"
)
_COUNT = (
    "(?:an?|the|my|our|some|several|few|many|more|most|other|another|next|last|first|second|final|one|two|three|four"
    r"|five|six|seven|couple of|pair of|bunch of|handful of|lot of|of|all|these|those|following|\d{1,2})"
)
_OF_KIND = (
    "(?:quick|short|small|little|brief|important|minor|general|new|further|housekeeping|additional|practical|basic|simple|main|key"
    "|open|loose|random|final|house|ground|team|project|meeting|side|status|good|bad)"
)
# A verb after the announced things tells what they are: `The rules for guests changed.`
_VERB = (
    r"(?:is|are|was|were|be|been|has|have|had|does|did|do|will|would|can|could|must|should|may|might|go|goes|went|come"
    r"|comes|came|say|says|said|stay|stays|live|lives|run|runs|ran|stand|stands|hang|hangs|belong|belongs|need|needs"
    r"|apply|applies|hold|holds|get|gets|make|makes|use|uses|\w+ed|\w+n['’]t)\b"
)
_NOUN = rf"(?!{_VERB})[\w'’#+./&-]+"
_TO_WHOM = (
    rf"(?:from|about|on|for|regarding|concerning|of|by|to|before|after|in|with|around)\s+{_NOUN}(?:\s+{_NOUN}){{0,3}}?"
)
_COMING = "(?:first|now|then|here|again|please|today|to start(?: with)?|to begin with|up front|in advance|at the end)"
_OPENING = (
    "(?:(?:first|now|next|then|okay|here|there|and|so|also|finally|just|let me (?:add|give you|share|list|note)"
    "|i(?:['’]ve got|['’]d like to (?:add|share|mention)| have| got| want to (?:add|share|mention|say))"
    "|we have|here (?:are|is|come|comes)|there (?:are|is)|these are|now (?:for|to)|on to|as for|below(?: are| is)?)"
    r"(?:['’]s|['’]re)?\s*[,:]?\s+)"
)
_ANNOUNCEMENT = re.compile(
    rf"^{_OPENING}{{0,2}}(?:{_COUNT}\s+){{0,4}}(?:{_OF_KIND}[\s,]+){{0,3}}(?:{_SAID_THINGS})"
    rf"(?:\s+{_TO_WHOM}){{0,2}}(?:[\s,]+{_COMING})?"
    rf"(?:[\s,]+(?:that )?(?:to|i (?:want|have|need) to|we should|you should)"
    r" (?:add|note|mention|say|know|share|remember|keep in mind|discuss|cover))?\s*[.:!…–—-]*$"
    r"|^(?:next|first|last|another|new) (?:topic|point|item|subject|question):?\s+[\w'’-]+(?:\s+[\w'’-]+){0,2}"
    r"\s*[.:!…–—-]*$"
    r"|^(?:about|regarding|concerning|as for|on to|now (?:for|to)|speaking of|back to|next(?: up)?:?)\s+"
    r"(?:the|my|our|your|this|that)\s+[\w'’-]+(?:\s+[\w'’-]+){0,3}\s*[.:!…–—-]*$",
    re.IGNORECASE,
)
# What may lead to it, any number of times: `我们关于部署的…`
_CHINESE_OPENER = re.compile(
    "下面|以下|接下来|首先|先|再|另外|还|还有|这里|我|我们|咱们|我这边|跟大家|和大家|给大家|跟你|给你|说|讲|讲讲|提|补充|宣布|同步|交代|强调"
    "|[^，。：:；;的]{1,4}的|列|列出|记|是|有|要|想|来|一下|个|一个|几个|一些|关于[^，。：:；;]{1,12}的?|对[^，。：:；;]{1,10}的?"
)
_CHINESE_ANNOUNCED = re.compile(
    r"(?:[\d一二两三四五六七八九十几多]{0,3}(?:条|点|个|件|项|则|些|句|份))?(?:来自[^，。：:；;]{1,8}的)?(?:小|新|好|坏|重要|简单|基本|主要|额外|注意|补充|团队|项目|会议)*的?"
    "(?:规则|规矩|几点|规定|事情|事项|事儿?|要点|重点|说明|注意事项|要求|更新|消息|问题|提醒|补充|通知|变化|变动|改动|决定|建议|请求|想法|意见|情况|备注"
    "|笔记|要点|约定|原则|话题?|清单|总结|背景|信息|点)"
    "(?:要(?:跟大家|跟你|和大家)?(?:说|讲|提|补充|强调|注意|交代|宣布|公布)(?:一下)?|需要(?:说明|补充|注意)|跟大家说|说一下|如下|来自[^，。：:；;]{1,8})?[了吧啊哈]?[：:。.！!…—]*$"
)
# Whoever announces is brief.
_LONGEST_ANNOUNCEMENT, _LONGEST_OPENER = 60, 15

# `That is not what Lena signed.`: whoever reads it alone does not know what.
_HEDGED = (
    r"(?:(?:and|but|so|well|no|yes|honestly|actually|in fact|frankly|apparently|unfortunately|clearly|sadly|again|also"
    r"|as far as i know|to be honest|of course|i (?:think|guess|believe|suppose|know|mean|said|fear|doubt))"
    r"(?:\s+that(?=\s+(?:that|this|it|they|those|these)\b))?[\s,]+)*"
)
_AUXILIARY = (
    r"(?:is|are|was|were|isn|aren|wasn|weren|has|have|had|hasn|haven|hadn|does|did|doesn|didn|do|don|will|would|won|wouldn"
    r"|can|could|can't|cannot|couldn|should|shouldn|must|mustn|may|might|shall|ought)(?:['’]t)?"
)
# What `this` and `that` do; what they stand before is mostly a noun.
_ACTING = (
    "(?:contradict|depend|work|sound|look|seem|help|fit|suit|follow|explain|confirm|need|remain|stay|include|require"
    "|belong|lead|count|matter|bother|worr|annoy|start|end|turn|show|want|convince|differ|conflict|agree|disagree|surprise"
    "|happen|appl|change|cause|match|cost|upset|go|come|take|make|hold|break|get|give|leave|say|prove|feel|mean)"
    "(?:s|es|ies|d|ed|ied)?|came|went|took|made|held|broke|got|gave|left|said|felt|led|told|proven"
)
_ADVERBS = (
    r"(?:\s+(?:just|also|really|still|never|always|only|probably|certainly|simply|exactly|both|all|even|now|later))?"
)
_THIS_OR_THAT = re.compile(
    rf"^{_HEDGED}(?:(?:none|some|all|most|half|much|both|neither|any|part|each) of (?:this|that|these|those|it)"
    r"|(?:this|that) (?:one|thing|matter)|these ones|those ones|this|that|these|those|such|the (?:former|latter))"
    rf"(?:['’](?:s|re|ll|d|ve)\b|{_ADVERBS}\s+(?:{_AUXILIARY}|{_ACTING})\b)",
    re.IGNORECASE,
)
_SOMEBODY_OR_IT = re.compile(
    rf"^{_HEDGED}(?:(?:none|some|all|most|half|both|neither|any|each) of them|it|they|he|she)(?:['’]\w+|\s+\w)"
    rf"|^{_HEDGED}(?:neither|both){_ADVERBS}\s+(?:{_AUXILIARY}|{_ACTING})\b",
    re.IGNORECASE,
)
# The pronoun only holds a place, or what follows says it all: `It is Kai who …`, `That is why we moved to Oslo.`
_OWN_CLAUSE = re.compile(
    rf"^{_HEDGED}(?:it(?:['’](?:s|ll|d)|\s+(?:{_AUXILIARY}|takes?|took|seems|seemed|looks|turns|turned|happens|happened))\b"
    r".{0,60}\b(?:to|that|who|whether|when|if|where|like|as though|out)\s+\w+"
    r"|it (?:rain|snow|hail|pour|thunder|freez|froze)\w*\b"
    r"|it(?:['’]s| is| was|['’]s been| has been)(?: \w+){0,2} (?:rain|snow|freez|storm|hot|cold|warm|late|early|dark"
    r"|sunny|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\w*"
    r"|(?:that|this)(?:['’]s| is| was| is exactly| was exactly)(?: \w+)? (?:why|how|where|when|because)(?:\s+\S+){3,}"
    r"|(?:that|this) (?:also )?(?:means?|meant|shows?|showed|implies|implied|says|said|proves|proved)"
    r" (?:that |we |our |my |the |i )"
    r"|(?:this|these) (?:is|are) (?:my|our|(?-i:[A-Z])[a-z]+)\b(?! of\b))",
    re.IGNORECASE,
)
_CHINESE_HEDGED = (
    "(?:而且|但是?|不过|可是|所以|因此|其实|说实话|老实说|我觉得|我想|我知道|据我所知|显然|当然|可惜|反正)?[，,]?"
)
_CHINESE_VERB = (
    "(?:不|没|也|都|才|并|又|还|可|是|跟|和|与|让|使|令|会|能|应|该|可能|取决于|算|由|对|已|被|正|只|很|太|挺|更|真|肯定|一定|根本|完全"
    "|从来|本来|我|你|他|她|谁)"
)
_CHINESE_THIS = re.compile(
    f"^{_CHINESE_HEDGED}(?:这样|那样|(?:这|那)(?:些|个|两个|几个|种|件事情?|事儿?)|这|那(?!么|就|我|你|他|她|还|也|会|会儿)|此[事案]?|两者|后者|前者)"
    f"{_CHINESE_VERB}"
)
_CHINESE_IT = re.compile(f"^{_CHINESE_HEDGED}(?:[他她它]们?(?:俩|两个)?|其)(?![们的人家公团])")
_CHINESE_OWN_CLAUSE = re.compile(
    f"^{_CHINESE_HEDGED}(?:这|那)(?:就|正)?(?:是(?:我[的们]|因为|由于|为什么)|说明|意味着|表示)[^，,。]{{3,}}|^{_CHINESE_HEDGED}(?:这|那)样一?来"
)


def is_announcement(text: str) -> bool:
    """Whether it only names what other sentences will say."""
    return bool(_ANNOUNCEMENT.match(text)) or _is_chinese_announcement(text)


def _is_chinese_announcement(text: str) -> bool:
    """Goes from place to place: an expression that repeats its openers tries all ways to part them, for minutes."""
    if len(text) > _LONGEST_ANNOUNCEMENT:
        return False
    places = [0]
    for place in places:
        if _CHINESE_ANNOUNCED.match(text, place):
            return True
        ends = range(place + 1, min(place + _LONGEST_OPENER, len(text)) + 1)
        places += [end for end in ends if end not in places and _CHINESE_OPENER.fullmatch(text, place, end)]
    return False


def points_at_thing(text: str) -> bool:
    """Whether its subject is a bare `this` or `that`, which only the sentence before explains."""
    is_pointing = _THIS_OR_THAT.match(text) or _CHINESE_THIS.match(text)
    return bool(is_pointing) and not _has_own_clause(text)


def points_at_somebody(text: str) -> bool:
    """Whether its subject is a bare `it`, `she` or `they`, which what was spoken of explains."""
    is_pointing = _SOMEBODY_OR_IT.match(text) or _CHINESE_IT.match(text)
    return bool(is_pointing) and not _has_own_clause(text)


def _has_own_clause(text: str) -> bool:
    return bool(_OWN_CLAUSE.match(text) or _CHINESE_OWN_CLAUSE.match(text))
