"""What the words of a text are, in English and Chinese: for scoring, for Lucene, for duplicates and for lengths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NewType

import Stemmer

SafeText = NewType("SafeText", str)

# Han with radicals and compatibility forms, Bopomofo, kana (also half width) and Hangul.
CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30fa\u30fc-\u31bf\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U0001aff0-\U0001b16f\U00020000-\U000323af"
)
_LETTER = rf"[^\W_{CJK}]"
_WORD = rf"{_LETTER}+(?:['’]{_LETTER}+)*"
_JOINT = r"(?:[-_./:@#+&]|(?<=\d),(?=\d))"
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_LATIN_WORD = re.compile(_WORD)
# A run of CJK, or words joined without a blank: an id, an address, a path, a version, a time.
_TOKEN = re.compile(rf"[{CJK}]+|{_WORD}(?:{_JOINT}{_WORD})*")
# The same of ASCII text, three times as fast, since no letter is looked up among the ranges of CJK.
_ASCII_WORD = "[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*"
_ASCII_TOKEN = re.compile(rf"{_ASCII_WORD}(?:{_JOINT}{_ASCII_WORD})*")
# Digits on both sides keep 2.3.1 and 10:30 in one piece.
_PARTS = re.compile(r"(?<!\d)[.:]|[.:](?!\d)|[-_/@#+&,]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_PIECE = re.compile(rf"[{CJK}]|{_LETTER}+|[^\w\s]|_")

# The package has no type stubs.
_stem: Callable[[str], str] = Stemmer.Stemmer("english").stemWord  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

MAX_QUERY_TERMS = 200
# Lucene's StandardTokenizer cuts a longer word at this length, so a query must do the same to meet it.
MAX_WORD_LENGTH = 255
# 5 % above the bundled model's tokenizer on English prose, 2 % below on Chinese.
LETTERS_PER_TOKEN = 7
# The words of a language that are met again and again; stemming them anew took most of the time of a search.
_CACHED_TOKENS, _LONGEST_CACHED = 16384, 16

# Words which ask or join, but do not say what a question is about. Removing them is worth 6 points of recall on LoCoMo.
_ENGLISH_STOP_WORDS = frozenset(
    """
    a about again all also am an and any anyone anything are aren't as at be because been before being both but
    by can can't could couldn't did didn't do does doesn't doing don't down during each ever few for from further
    had hadn't has hasn't have haven't having he he's her here hers herself him himself his how how's i i'd i'll
    i'm i've if in into is isn't it it's its itself just let's like many may me might more most much must my
    myself no nor not now of off on once only or other our ours ourselves out over own please same shall she
    she's should so some such tell than that that's the their theirs them themselves then there there's these
    they they're this those through to too under until up us very was wasn't we we're were weren't what what's
    when when's where where's which while who who's whom whose why will with won't would wouldn't yet you you're
    your yours yourself yourselves
    """.split()  # noqa: SIM905 - as a list it would be one word a line
)
# Longest first, so that 为什么 is taken as a whole. Characters that also stand in names and nouns (成都, 和平, 酒吧)
# stay, or are taken at the end only.
_CHINESE_STOP_WORDS = re.compile(
    "为什么|是不是|有没有|什么时候|什么样|多长时间|怎么样|多少|多久|哪一|哪些|哪个|哪里|哪儿|哪位|哪天|哪年|哪"
    "|什么|怎么|怎样|如何|为何|为啥|是否|请问|几点|几个|几号|几月|谁|咱们|我们|你们|他们|她们|我|你|您|的|了|是|在|啥"
    r"|(?:[吗呢啊呀嘛么]|(?<![酒网])吧)(?=\W|$)"
)
# The stop words of Lucene's analyzers: a query of nothing else would have no clause left.
_LUCENE_STOP_WORDS = frozenset(
    """
    a an and are as at be but by for if in into is it no not of on or such that the their then there these they
    this to was will with www
    """.split()  # noqa: SIM905 - as above
)

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_OPENING = " \"'“”‘’«»([{【〔「『《〈"
# No question mark: a question is not a duplicate of its statement. No + or #: C, C++ and C# are three languages.
_CLOSING = " \"'“”‘’«»)]}】〕」』》〉.,;:!。、…"

# A full stop ends a sentence only before a blank, and not after an initial or one of these.
SENTENCE_END = re.compile(
    r"(?:(?<!\b[A-Z])(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)(?<!\bvs)(?<!\bMrs)(?<!\be\.g)(?<!\bi\.e)\.|[!?…])"
    r"[\"'”’)\]]*(?=\s|$)|[。！？；｡]+[”’」』）)]*|\n+"
)
_LAST_WORD = re.compile(rf"{_WORD}\Z")
_EXTENDING = frozenset(("Mn", "Me", "Mc", "Sk", "Cs"))
_JOINER = "\u200d"


def has_cjk(text: str) -> bool:
    """Whether any character is Han, kana or Hangul."""
    return not text.isascii() and _CJK_CHARACTER.search(text) is not None


def cjk_characters(text: str) -> list[str]:
    """Every CJK character in order."""
    return [] if text.isascii() else _CJK_CHARACTER.findall(text)


def is_mostly_cjk(text: str) -> bool:
    """Whether the text has more CJK characters than words of other scripts, which is how a tokenizer sees it."""
    characters = cjk_characters(text)
    return bool(characters) and len(characters) > len(_LATIN_WORD.findall(text))


def terms(text: str) -> list[str]:
    """The normalised terms of a text in order: English stems, CJK bigrams, ids whole and in parts."""
    tokens = _tokens(_folded(text))
    return [
        term for token in tokens for term in (_cached_terms if len(token) <= _LONGEST_CACHED else _token_terms)(token)
    ]


def query_terms(text: str) -> list[str]:
    """The first 200 distinct terms that say what a question is about; all its terms when it only asks."""
    return content_terms(text) or _first(terms(text))


def content_terms(text: str) -> list[str]:
    """The first 200 distinct terms that say what a question is about; none when it only asks."""
    tokens = _TOKEN.findall(_CHINESE_STOP_WORDS.sub(" ", _folded(text)))
    asked = (word for token in tokens for word in _token_words(token))
    return _first(_stem(word) for word in asked if word not in _ENGLISH_STOP_WORDS)


def lucene_query(text: str) -> str:
    """Any text as OR-ed, quoted words for `content:(…)`, '' when it has no word.

    A CJK run becomes its bigrams, since as one quoted phrase it would have to occur as a whole. A single CJK character
    becomes a prefix: the `cjk` analyzer indexes it as the start of a bigram (the `english` one as itself).
    """
    forms = dict.fromkeys((text, unicodedata.normalize("NFKC", text)))
    words = _first(word for form in forms for word in _asked_words(form)) or _first(_raw_words(text))
    return " OR ".join(_lucene_clause(word) for word in words if word.casefold() not in _LUCENE_STOP_WORDS)


def normalised(text: str) -> str:
    """The form in which two texts are the same text: case, width, blanks and outer punctuation do not count."""
    collapsed = " ".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).casefold().split())
    return collapsed.lstrip(_OPENING).rstrip(_CLOSING) or collapsed


def first_sentence(text: str, limit: int = 120) -> str:
    """The first sentence, cut at a word border when it has more than `limit` characters."""
    text = text.strip()
    end = SENTENCE_END.search(text)
    sentence = (text[: end.end()] if end else text).strip()
    return sentence if len(sentence) <= limit else _cut(sentence, limit)


def first_sentences(text: str, limit: int) -> str:
    """As many sentences from the beginning as `limit` characters hold, on one line; of a longer one its beginning."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    ends = [end for match in SENTENCE_END.finditer(flat[: limit + 1]) if (end := match.end()) <= limit]
    return flat[: ends[-1]] if ends else _cut(flat, limit)


def estimate_tokens(text: str) -> int:
    """About how many word pieces a model reads of the text."""
    return sum(_piece_tokens(piece) for piece in _PIECE.findall(text))


def _folded(text: str) -> str:
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _THOUSANDS.sub("", folded) if "," in folded else folded


def _tokens(text: str) -> list[str]:
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)


def _token_terms(token: str) -> list[str]:
    return _bigrams(token) if has_cjk(token) else [_stem(word) for word in _token_words(token)]


_cached_terms = lru_cache(maxsize=_CACHED_TOKENS)(_token_terms)


def _token_words(token: str) -> list[str]:
    """Bigrams of a CJK run; otherwise the parts of a token, and the token itself when a digit makes it an id."""
    if has_cjk(token):
        return _bigrams(token)
    parts = _PARTS.split(token)
    return [token, *parts] if len(parts) > 1 and any(map(str.isdigit, token)) else parts


def _bigrams(run: str) -> list[str]:
    return [first + second for first, second in pairwise(run)] or [run]


def _first(words: Iterable[str]) -> list[str]:
    """The first distinct words, as many as a query may have."""
    distinct: dict[str, None] = {}
    for word in words:
        distinct[word] = None
        if len(distinct) == MAX_QUERY_TERMS:
            break
    return list(distinct)


def _asked_words(text: str) -> Iterator[str]:
    words = _raw_words(_CHINESE_STOP_WORDS.sub(" ", text))
    return (word for word in words if word.casefold().replace("’", "'") not in _ENGLISH_STOP_WORDS)


def _raw_words(text: str) -> Iterator[str]:
    """Words as they are written, since Lucene's own analyzer folds and stems them; none longer than Lucene keeps."""
    for token in _TOKEN.findall(text):
        for word in map(_without_possessive, _token_words(token)):
            yield from (word[start : start + MAX_WORD_LENGTH] for start in range(0, len(word), MAX_WORD_LENGTH))


def _without_possessive(word: str) -> str:
    """The `cjk` analyzer leaves an 's where it is."""
    return word[:-2] if word.endswith(("'s", "’s", "'S", "’S")) else word


def _lucene_clause(word: str) -> str:
    """A word has no quote and no backslash (see `_TOKEN`), so quoting makes any operator in it plain text."""
    return f"{word}*" if len(word) == 1 and has_cjk(word) else f'"{word}"'


def _cut(text: str, limit: int) -> str:
    """Ends at the last word border in reach, and never before a mark that belongs to the character it follows."""
    end = limit
    while end > 0 and (_extends(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    head = text[: end or limit]
    whole_words = _LAST_WORD.sub("", head) if _LATIN_WORD.match(text, len(head)) else head
    return (whole_words if len(whole_words) > limit // 2 else head).rstrip()


def _extends(character: str) -> bool:
    return character == _JOINER or unicodedata.category(character) in _EXTENDING


def _piece_tokens(piece: str) -> int:
    return -(-len(piece) // LETTERS_PER_TOKEN)
