"""Reads slots out of English clauses, by patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.periods import MONTHS
from ingest.attributes import SYNONYMS, attribute_id
from ingest.homes import may_be_home
from ingest.mentions import find_mentions
from ingest.slots import SELF, Reading, Slot

_ADVERB = (
    "(?:(?:now|currently|still|also|both|just|usually|mostly|always|really|actually|already|only|"
    "probably|never|no longer|all"
    r"|recently|officially|finally)\s+)*"
)
_DETERMINER = r"(?:the|our|my|his|her|their|its|your|this|that|a|an|all|every|each)"
_WORDS = r"[\w#+.'’/&@-]+(?:\s+[\w#+.'’/&@-]+){0,5}?"
_SUBJECT = rf"(?P<s>(?:{_DETERMINER}\s+)?{_WORDS})"
# Who can like, know or play: the verb of a name ends in s, so that `Sounds like` has no subject.
_I_OR_WE = r"(?P<s>I|we|they|my [\w-]+s|our [\w-]+s)"
_SOMEBODY = r"(?P<s>he|she|(?:my|our) [\w-]+|(?-i:[A-Z])[\w-]+(?: (?-i:[A-Z])[\w-]+)?)"
_BE = r"(?:\s+(?:is|are|was|were|will be|has been|am)|['’](?:s|m|re))"
_VALUE = r"(?P<v>(?:[^,;:!?]|(?<=\d):(?=\d)){1,120}?)"
# A value ends with its clause, or before words that begin an explanation.
_END = (
    r"\s*(?=(?:\s(?:and|but|so))?[\s,;:.!?]*$|[,;]|:(?!\d)|\.\s|\s(?:because|since|so that|so|but|which|"
    r"who|where|when|while|until|from today|from now|as of"
    r"|starting|these days|now|nowadays|right now|at the moment|for now|anymore|any more|any longer|after all|too|"
    r"again|and (?:I|we|he|she|it|they|my"
    r"|our|the|his|her|its|has|is|are|will|wants?|needs?|mostly|works?|lives?|reports?|uses?|only)|"
    r"over the weekend|since yesterday"
    r"|yesterday|today|last|this (?:week|month|year|morning)|in (?:(?:19|20)\d\d|(?:early|late|mid) \w+"
    rf"|{'|'.join(MONTHS)}))\b)"
)
_SOME_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_WHEN = r"(?=[^,;:!?]*\d|(?:\w+ )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|(?:next|this) )"


def _english(attribute: str, *predicates: str) -> list[Reading]:
    """Readings of a whole clause: subject, predicate with `{v}` for the value."""
    return [
        Reading(attribute, re.compile(rf"^{_SUBJECT}{_filled(predicate)}{_END}", re.IGNORECASE))
        for predicate in predicates
    ]


def _taste(attribute: str, plain: str, with_s: str, value: str = _VALUE) -> list[Reading]:
    """Readings of what people do or feel, with the verb in both forms."""
    forms = ((_I_OR_WE, plain), (_SOMEBODY, with_s))
    return [
        Reading(attribute, re.compile(rf"^{subject}\s+{_ADVERB}(?:{verb}) {value}{_END}", re.IGNORECASE))
        for subject, verb in forms
    ]


def _filled(predicate: str) -> str:
    return predicate.replace("{be}", _BE).replace("{adv}", _ADVERB).replace("{v}", _VALUE)


_ENGLISH = [
    *_english("residence", r"\s+{adv}(?:lives?|resides?|settled(?: down)?|stays? permanently) (?:in|at|near|on) {v}"),
    *_english("residence", r"{be}\s+{adv}(?:living|based|located|settled) (?:in|at|near) {v}"),
    *_english("residence", r"(?:['’]ve|\s+have|\s+has)?\s+{adv}(?:moved|relocated) (?:back |home |house )?to {v}"),
    Reading("residence", re.compile(rf"^(?:.*\b)?(?P<s>home) is (?P<v>(?-i:[A-Z])[^,;:!?]+?){_END}", re.IGNORECASE)),
    *_english("birthplace", r"{be}\s+born in {v}", r"\s+grew up in {v}"),
    *_english("birthday", r"{be}\s+born on {v}"),
    *_english(
        "employer", r"\s+{adv}(?:started|began)(?: work(?:ing)?| a new job)? (?:at|with) (?P<v>(?-i:[A-Z])[\w&. -]*?)"
    ),
    *_english("employer", r"\s+{adv}works? (?:at|for) {v}", r"{be}\s+(?:an? )?[\w -]+ at (?P<v>(?-i:[A-Z])[\w&. -]*?)"),
    *_english(
        "workplace", r"\s+{adv}(?:works? from|sits? in|sat in) {v}", r"{be}\s+in (?P<v>the (?-i:[A-Z])\w+ office)"
    ),
    *_english("employer", r"\s+{adv}joined (?P<v>(?-i:[A-Z])[\w&.-]*(?: (?-i:[A-Z])[\w&.-]*)*) as an? [\w -]+"),
    *_english(
        "employer",
        r"\s+{adv}(?:quit|left|resigned from) (?:my|the|his|her) (?:job|position|post) (?:at|with) "
        r"(?P<v>(?-i:[A-Z])[\w&. -]*?)",
    ),
    *_english("manager", r"\s+{adv}reports? to {v}"),
    *_english("role", r"\s+{adv}works? as {v}", r"(?:{be}|\s+got|(?:\s+have|['’]ve) been)\s+{adv}promoted to {v}"),
    *_english(
        "role",
        r"{be}\s+(?P<v>(?:an?|the) (?:[\w-]+ ){0,3}(?:engineer|developer|designer|manager|lead|architect|"
        r"teacher|nurse|doctor"
        r"|student|analyst|consultant|scientist|writer|editor|translator|lawyer|founder|director|chef|"
        r"driver|artist|researcher"
        r"|accountant|photographer|admin|administrator|tester|apprentice|cook|pilot|therapist))",
    ),
    *_english("language", r"\s+{adv}speaks? {v}", r"{be}\s+{adv}fluent in {v}"),
    *_english(
        "diet",
        r"{be}\s+{adv}(?:an? )?(?P<v>(?:strict )?(?:vegetarian|vegan|pescatarian|lactose intolerant|coeliac|celiac))",
    ),
    *_english("diet", r"\s+{adv}(?P<v>(?:don['’]?t|doesn['’]?t|do not|does not|never) (?:eat|drink) [^,;:.!?]+?)"),
    *_english("allergy", r"{be}\s+{adv}allergic to {v}", r"\s+(?:has|have) an? (?P<v>[\w ]+ allergy)"),
    *_english(
        "marital-status", r"{be}\s+{adv}(?P<v>single|married(?: to [\w ]+)?|divorced|engaged(?: to [\w ]+)?|widowed)"
    ),
    *_english("education", r"\s+(?:graduated from|studied (?:at|in)) {v}"),
    *_english("age", r"{be}\s+(?P<v>\d{1,3})(?![\d,.:%-]*\d)(?: years? old)?"),
    *_taste(
        "dislikes",
        "hate|dislike|can['’]?t stand|cannot stand|don['’]?t like|do not like",
        "hates|dislikes|can['’]?t stand|doesn['’]?t like",
    ),
    *_taste("prefers", "prefer|would rather|[’']d rather", "prefers|would rather"),
    Reading("prefers", re.compile(rf"^(?P<s>I)(?:['’]d| would) rather (?:have )?{_VALUE}{_END}", re.IGNORECASE)),
    *_taste(
        "likes",
        "love|like|enjoy|adore|am fond of|am a fan of|am into",
        "loves|likes|enjoys|adores|is fond of|is a fan of|is into",
    ),
    *_english("skill", r"{be}\s+(?:good at|an expert in|skilled in) {v}", r"\s+knows? {v} (?:well|inside out)"),
    *_english(
        "owner", r"\s+(?:belongs? to) {v}", r"{be}\s+(?:{adv})(?:owned|maintained|handled|managed|run|led|done) by {v}"
    ),
    *_english("owner", r"{be}\s+(?P<v>(?-i:[A-Z])\w+)['’]s"),
    *_english(
        "version",
        rf"{{be}}\s+(?:{{adv}})on (?P<v>(?![^,;:!?]*\b(?:{_SOME_MONTH})\b)[\w. -]*?v?\d[\w.]*)",
        r"\s+(?:{adv})runs? (?:on )?(?P<v>(?-i:[A-Z])[\w. -]*?\d[\w.]*)",
    ),
    *_english("deadline", rf"{{be}}\s+{{adv}}due (?:on |by |before |at )?(?P<v>{_WHEN}[^,;:!?]*?)"),
    *_english("date", r"{be}\s+{adv}(?:scheduled |planned |set |due |booked )?(?:on|for) (?P<v>[^,;:!?]*\d[^,;:!?]*?)"),
    *_english("schedule", r"{be}\s+{adv}(?:on )(?P<v>(?:mon|tues|wednes|thurs|fri|satur|sun)days?[^,;:!?]*?)"),
    *_english(
        "schedule",
        r"\s+(?:{adv})(?:runs?|starts?|begins?|kicks? off|goes live|go live|closes?|opens?|ends?) (?:at|on|every) {v}",
    ),
    *_english("framework", r"{be}\s+(?:built|written|made|implemented) (?:with|in|on) {v}"),
    *_english("license", r"{be}\s+(?:released |licensed )?under (?P<v>the [\w .-]+|[\w.-]+ licen[cs]e)"),
    *_english("requirement", r"\s+{adv}(?:needs?|requires?) {v}"),
    *_english("port", r"\s+(?:forwards to|goes to|listens on|runs on|is on) (?:port )?(?P<v>\d{2,5})"),
    *_english(
        "price",
        r"\s+costs? {v}",
        r"{be}\s+(?P<v>[$€£]?\d[\d.,]* (?:cents|euros?|dollars|pounds|[a-z]+) (?:an?|per) \w+)",
    ),
    Reading(
        "weight",
        re.compile(
            r"^(?:.{1,30} )?weighed (?P<s>her|him|it|(?:the |my |our )?[\w'’-]+)"
            r"(?: (?:yesterday|today|again|(?:last|this) \w+))?"
            rf"(?:[,:]| at| in at)? (?P<v>[\d.]+ ?(?:kg|kilos?|pounds|lbs|g|grams)){_END}",
            re.IGNORECASE,
        ),
    ),
    *_english("weight", r"\s+(?:now )?weighs? (?:in at )?(?P<v>[\d.]+ ?(?:kg|kilos?|pounds|lbs|g|grams))"),
    *_english("weight", r"{be}\s+(?:up to |down to |at )?(?P<v>[\d.]+ (?:kg|kilos?|pounds|lbs|g|grams))"),
    *_english(
        "title",
        r"{be}\s+(?:called|named|titled|renamed to) {v}",
        r"\s+(?:has|have|was|were) (?:been )?(?:renamed|rebranded) (?:to )?{v}",
    ),
    *_english(
        "location",
        (
            r"{be}\s+(?:{adv})(?:located |situated |based )?(?:in|at|on) (?P<v>(?:(?:the|my|our|a|port) |"
            r"(?-i:[A-Z])|\d)[^,;:!?]*?)"
        ),
    ),
    *_taste("use", "use|shoot with|work with|drive|ride", "uses|shoots with|works with|drives|rides"),
    *_taste("hobby", "(?=play )", "(?=plays )", r"(?P<v>plays? [^,;:!?]+?)"),
]
_CONTRACTED = "(?:it|that|he|she|there|what|here|let|who|this|where|how|everything|one)['’]s"
_FEW_WORDS = (
    r"(?!(?:been|so|a|an|the|not|such)\b)[\w#+.-]+(?:\s+(?!(?:who|that|which|you|we|they|I|to|for|about|"
    r"and)\b)[\w#+.-]+){0,3}?"
)
_COPULA = re.compile(
    rf"^(?:(?P<own>my)|(?!{_CONTRACTED})(?P<owner>(?-i:[A-Z])[\w-]*(?: (?-i:[A-Z])[\w-]*)?)['’]s"
    r"|(?P<det>the|our|its|his|her|their))"
    rf" (?P<a>{_FEW_WORDS})"
    rf"(?: (?:of|for|to) (?P<of>{_WORDS}))?{_BE}\s+"
    rf"(?:now |currently |still |set to |going to be |called |named |on |at )*"
    rf"{_VALUE}{_END}",
    re.IGNORECASE,
)
_BARE_COPULA = re.compile(
    rf"^(?P<a>[\w-]+(?: [\w-]+)?) (?:is|are|has been set to|goes to|is done by) {_VALUE}{_END}", re.IGNORECASE
)
_NAMED_BY = re.compile(
    rf"^(?P<v>[A-Z][\w-]+(?: [A-Z][\w-]+)?) is (?:(?P<own>my)|(?P<owner>[A-Z]\w+)['’]s|the|our) (?P<a>{_WORDS}){_END}"
)
_OWNS = re.compile(
    rf"^(?P<v>[A-Z][\w-]+) (?:owns|maintains|runs|leads|is responsible for|takes care of|handles) (?P<s>{_WORDS}){_END}"
)
_FAVOURITE = re.compile(
    rf"^(?:(?P<own>my)|(?P<s>{_WORDS})['’]s) favou?rite (?P<a>(?!was |is )[\w -]+?)(?:{_BE}) {_VALUE}{_END}",
    re.IGNORECASE,
)
_HAS_NEW = re.compile(
    rf"^{_SUBJECT} (?:has|have|got|gets) an? (?:new|different|changed) (?P<a>[\w-]+(?: [\w-]+)??)(?:,|:| of| -)? "
    rf"(?:is |now )?(?P<v>(?:\S*\d|(?-i:[A-Z]))[^,;!?]*?){_END}",
    re.IGNORECASE,
)
# When or for what, before the subject.
_ADVERBIAL = re.compile(
    (
        r"^(?:and |but |so |then |that's why )?(?:(?:now|today|instead) (?=I\b|we\b))?"
        r"(?:(?:from|since|as of|starting|with|for|at|in|on|after|"
        r"before|until) [^,]{1,40}?,? (?=(?:the|my|our|I|we)\b))?"
    ),
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"^(?:in|on|at|from|with|for|to|of|if|when|while|because|since|so|as|mostly|only|just|also|and|or|"
    r"but|then|than|after|before"
    r"|until|please|not|no|let|what|who|which|that|there|here|how|why|setting|you)\b|\b(?:that|which|"
    r"who|you|if|when|because)\b",
    re.IGNORECASE,
)
_POINTER = re.compile(
    (
        r"^(?:(?:it|them|that|this|those|these|him|her|you|so|there|here|one)\b(?: (?:all|too|so much|a lot|"
        r"very much|here|there))*$|to (?!me\b))"
    ),
    re.IGNORECASE,
)
# A pronoun that has its verb already.
_CLAUSE = re.compile(r"^(?:I|we|he|she|they|it|you)(?:['’]\w+)?\s+\w", re.IGNORECASE)
# What my family or my week `is` in passing, and which attributes take a name.
_IN_PASSING = re.compile(
    r"^(?:been|so|very|really|super|great|awesome|amazing|good|nice|okay|ok|fine|busy|getting|finally|too|when|that|how|what)\b",
    re.IGNORECASE,
)
# What takes back or puts off the verb that follows.
_NO_VERB = re.compile(r"\b(?:used to|not|never|might|may|could|should|would|cannot|\w+n['’]t)$", re.IGNORECASE)
_GOING_ON = re.compile(
    r"[a-z]+ing(?: (?:on|to|in|at|from|with|by|for|us|me|him|her|them|back|over|here|home|next|this|tomorrow|soon|out"
    r"|up)\b|$)"
)
# `My sister is visiting us` tells what she does, not who she is.
_DOING = re.compile(r"[a-z]+ing\b")
# What a person has more than one of, so that it says nothing of him without a thing.
_OF_THINGS = frozenset(("date", "schedule", "deadline", "release-date"))
# Who moves to these lives where he did.
_NO_HOME = re.compile(
    r"\b(?:team|squad|department|role|position|project|desk|office|plan|tab|server|company)\b", re.IGNORECASE
)
_NAMED = frozenset(
    ("name", "employer", "manager", "partner", "sibling", "child", "friend", "residence", "birthplace", "workplace")
)
_PRONOUN = re.compile(
    r"^(?:i|i['’]m|me|myself|we|our|us|he|him|she|her|it|they|them|that|this|there|what|who|which|these|those|you|if|when|here)$",
    re.IGNORECASE,
)

# Points at what was spoken of.
_SAME = re.compile(r"^(?:that|this) (?:release|version|one|update)$", re.IGNORECASE)


def english_readings(clause: str) -> Iterator[Slot]:
    """The slots that a clause can be read as, the surest first."""
    text = _ADVERBIAL.sub("", clause)
    copula = _COPULA.match(text)
    stated = _copula_slot(copula) if copula else None
    yield from _possessive_readings(text)
    if copula and stated and not copula["det"]:
        yield stated
    for attribute, pattern in _ENGLISH:
        if (match := pattern.match(text)) and not _says_nothing(match) and _can_have(attribute, match):
            yield Slot(_english_subject(match["s"]), attribute, _bare_value(match))
    if stated:
        yield stated
    if (match := _BARE_COPULA.match(text)) and _is_measure(match["a"], match["v"]):
        yield Slot("", attribute_id(match["a"]), _bare_value(match))


def _possessive_readings(text: str) -> Iterator[Slot]:
    if match := _FAVOURITE.match(text):
        yield Slot(_english_subject(match["s"] or "my"), f"favourite:{match['a'].strip().lower()}", _bare_value(match))
    if match := _NAMED_BY.match(text):
        yield Slot(SELF if match["own"] else match["owner"] or "", attribute_id(match["a"]), match["v"])
    if (match := _HAS_NEW.match(text)) and not _says_nothing(match):
        yield Slot(_english_subject(match["s"]), attribute_id(match["a"]), _bare_value(match))
    if match := _OWNS.match(text):
        yield Slot(_english_subject(match["s"]), "owner", match["v"])


def _can_have(attribute: str, match: re.Match[str]) -> bool:
    """A person has no one date, and nobody lives in a tool, a team or a day."""
    if attribute == "residence":
        is_tool = any(mention.type == "tool" for mention in find_mentions(match.string))
        return not is_tool and _NO_HOME.search(match["v"]) is None and may_be_home(match.string, _bare_value(match))
    return attribute not in _OF_THINGS or _english_subject(match["s"]) != SELF


def _bare_value(match: re.Match[str]) -> str:
    return match["v"].strip(" .")


def _says_nothing(match: re.Match[str]) -> bool:
    """What is no subject makes no slot, and neither does a value that only points (`I love it`)."""
    subject = match["s"].strip()
    is_subject = (
        _PRONOUN.match(subject) or _SAME.match(subject) or not (_NO_SUBJECT.search(subject) or _CLAUSE.match(subject))
    )
    return not is_subject or bool(_NO_VERB.search(subject)) or bool(_POINTER.match(_bare_value(match)))


def _is_measure(noun: str, value: str) -> bool:
    """Whether `noun is value` gives a value, as in `Linting is Flake8`, and not just an adjective."""
    is_named = re.match(r"(?!I\b)(?:\S+ (?!I\b))?\S*(?:\d|[A-Z])", value)
    is_noun = not (_NO_SUBJECT.search(noun) or _PRONOUN.match(noun.split(maxsplit=1)[0]))
    if attribute_id(noun) in _NAMED and (_DOING.match(value) or not re.search(r"[A-Z]", value)):
        return False
    return is_noun and (not attribute_id(noun).startswith("custom:") or bool(is_named))


def _copula_slot(match: re.Match[str]) -> Slot | None:
    """`My camera is V`, `Dov's office is V`, `The licence of the parser is V`; of `our` things only known nouns."""
    attribute = attribute_id(match["a"])
    if (
        _IN_PASSING.match(match["v"])
        or _GOING_ON.match(match["v"])
        or _IN_PASSING.match(match["a"])
        or (attribute in _NAMED and (_DOING.match(match["v"]) or not re.search(r"[A-Z]", match["v"])))
    ):
        return None
    if match["own"] or match["owner"]:
        return Slot(match["owner"] or SELF, attribute, _bare_value(match))
    if match["of"]:
        return Slot(_english_subject(match["of"]), attribute, _bare_value(match))
    thing, _, head = match["a"].rpartition(" ")
    if thing and head.lower() in SYNONYMS:
        return Slot(_english_subject(thing), SYNONYMS[head.lower()], _bare_value(match))
    return Slot("", attribute, _bare_value(match)) if not attribute.startswith("custom:") else None


def _english_subject(words: str) -> str:
    """Without determiner; '' for a pronoun other than the speaker's, which the topic of the conversation fills."""
    bare = re.sub(rf"^{_DETERMINER}\s+", "", words.strip(" ."), flags=re.IGNORECASE)
    if words.strip().lower() in ("i", "i've", "i'm", "i’m", "i’ve", "my", "me", "home"):
        return SELF
    return (
        ""
        if _PRONOUN.match(bare) or _SAME.match(words.strip())
        else re.sub(r"\s+(?:itself|there|also|now|still|has|have|is|will)$", "", bare)
    )
