"""Questions for all that is known of something: which they are, what they are about, and what is put first then."""

from __future__ import annotations

import re

# Between the least and the most central memory this much in the logarithm of the prior: less than importance makes
# (pipelines 4.6), so that it orders what is about as relevant and nothing else.
CENTRALITY_GAIN = 0.1
# What nothing was found out about stands in the middle.
USUAL_CENTRALITY = 0.5

_ENGLISH = re.compile(
    r"^\W*(?:please |can you |could you |so |and )*"
    r"(?:what (?:all )?(?:do|did|have) (?:you|we) (?:all )?(?:know|remember|learn(?:ed|t)?|got|have)(?: so far)?"
    r" (?:about|on|of)"
    r"|(?:tell|remind|brief) me (?:(?:all|everything|more|something|what you know) )*(?:about|of|on)"
    r"|(?:everything|anything|all)(?: that)? (?:(?:you|we) (?:know|have|remember) )?(?:about|on)"
    r"|(?:(?:give|show|write)(?: me| us)? )?(?:an? |the )?(?:short |brief |quick )?(?:overview|summary|recap)"
    r" (?:of|about|on)"
    r"|summari[sz]e|recap|sum up)"
    r"\s+(?:everything |all )?(?:what )?(?:(?:you|we) (?:know|have) )?(?:about )?(?P<topic>.+?)"
    r"(?: so far| for me|,? please)*\W*$",
    re.IGNORECASE,
)
_CHINESE = (
    re.compile(r"^(?:请问|那么|请)?(?:关于|有关|对于?)(?P<topic>.{1,30}?)[，,]?你(?:都|还)?(?:知道|了解|记得)"),
    re.compile(r"^(?:请问|那么)?你(?:对|关于)(?P<topic>.{1,30}?)(?:都|还|有)?(?:知道|了解|记得|什么了解)"),
    re.compile(
        r"^(?:请|帮我|麻烦)*(?:总结|概括|归纳|概述|汇总)(?:一下|下)?(?:关于|有关)?(?P<topic>.{1,30}?)(?:的(?:情况|信息|内容|一切))?[。？?！!]*$"
    ),
    re.compile(
        r"^(?:请|帮我|麻烦)*(?:介绍|说说|讲讲|谈谈|聊聊)(?:一下|下)?(?:关于|有关)?(?P<topic>.{1,30}?)(?:的(?:情况|信息|一切))?[。？?！!]*$"
    ),
    re.compile(r"^(?:关于)?(?P<topic>.{1,30}?)的(?:概况|总体情况|整体情况|所有信息|全部信息|一切)[。？?！!]*$"),
)


def topic_of(query: str) -> str:
    """What a question wants to know all about; '' when it asks for something else."""
    found = _ENGLISH.match(query) or next((match for one in _CHINESE if (match := one.match(query.strip()))), None)
    return found["topic"].strip() if found else ""


def central_boost(topic: str, centrality: float) -> float:
    """What the place of a memory among the others adds to its prior, which only an overview asks for."""
    return CENTRALITY_GAIN * (centrality - USUAL_CENTRALITY) if topic else 0.0
