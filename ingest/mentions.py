"""Names in a sentence: capitalised, quoted, Chinese names by their surroundings, files and tools; rather too few."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.facts import Mention
from app.domain.texts import has_cjk

MAX_MENTIONS = 12
_NO_NAMES = frozenset(
    """
    i i'm i've i'll i'd a an the my our your his her their its this that these those we he she it they you who
    what when where why how if and or but so because since then now also please after before during while first
    last next second third once only until unless every each all any both some most many few no not never always
    let's don't do does did is are was were will would can could should may might must has have had for from with
    without at in on by to of as than new old another one two three four five rule method note update root cause
    fix fixed found setting documenting upgraded sold change live version rent port for quote invitations releases
    pickup boxes careful helping joining packaging small late hardest story magic tag use using add make keep
    write run start stop skip put give here there yes yep sure okay ok right thanks hello hi hey morning evening
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays
    saturdays sundays january february march april may june july august september october november december utc am
    pm eastern today tomorrow yesterday step that's it's he's she's there's what's everyone nobody
    """.split()  # noqa: SIM905 - as a list it would be one word a line
)
_TOOLS = frozenset(
    """
    postgres postgresql mysql sqlite redis neo4j mongodb kafka rabbitmq celery docker kubernetes terraform ansible
    git github gitlab jenkins webpack vite react vue angular svelte django flask fastapi litestar flutter node npm
    pnpm yarn poetry uv pip ruff black flake8 eslint prettier pytest jest python rust go java kotlin swift
    typescript javascript c++ c# grafana prometheus stripe figma notion slack jira linear airflow spark pandas
    numpy pytorch vim neovim emacs vscode aws ecs s3 gcp azure nginx ubuntu debian linux macos windows ios android
    markdown json yaml csv excel obsidian typora lambda graphql
    """.split()  # noqa: SIM905 - as above
)
_NAME = re.compile(
    r"(?<![\w/.@#-])[A-ZÀ-ÖØ-Þ][\w’'&-]*(?:\.[a-z]{2,3}\b)?(?:\s+(?:(?:of|and|de|van|von|"
    r"the)\s+)?[A-ZÀ-ÖØ-Þ][\w’'&-]*)*"
)
_PERSON = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|Grandpa|Grandma|Aunt|Uncle)\b")
_PERSON_VERB = re.compile(
    r"\s+(?:lives?|works?|sits|plays|bakes|answers|says|said|wants|likes|speaks|told|is (?:my|our|based))\b|['’]s\s"
)
_FILE = re.compile(
    r"(?<![\w/])(?:[\w.-]+/)*[\w-]+\.(?:py|js|ts|tsx|json|jsonl|ya?ml|toml|md|txt|csv|sql|sh|rs|go|java|"
    r"lock|conf|cfg|ini|pdf|docx|xlsx)\b"
)
_IDENTIFIER = re.compile(r"(?<![\w/.])(?:[a-z]+_[a-z_\d]+|[a-z]+[A-Z]\w+)(?!\w)")
_QUOTED = re.compile(r"《([^》]{1,40})》|「([^」]{1,40})」|“([^”]{1,40})”|`([^`]{1,60})`|\"([^\"]{2,40})\"")
_CHINESE_PERSON = re.compile(
    r"(?P<nick>(?!小[时组说程区学猫狗心型]|老[板师家人]|阿姨)[阿小老][\u4e00-\u9fff](?=[^\u4e00-\u9fff]|负责|值|的|在|是|说|和|跟|也|对|坐|住|喜欢|接|管|只|补充))"
    r"|(?<![\u4e00-\u9fff])(?P<formal>[\u4e00-\u9fff](?:工|总|哥|姐|先生|女士|老师|经理|医生|"
    r"师傅))(?=[^\u4e00-\u9fff]|负责|维护|的|在|是|说|平时|值)"
    r"|(?:由|归|换成|交给|师父叫|妹妹|弟弟|同事|编辑|老板|我是|"
    r"我叫)(?P<given>[\u4e00-\u9fff]{2,3}?)(?=负责|维护|值|接手|管|在|的|[，,。；]|$)"
)
_CHINESE_NAME = re.compile(r"(?:名叫|叫做|叫|改名|命名为)(?P<named>[\u4e00-\u9fff]{2,4})(?=[，,。；！!]|$)")
_LATIN_IN_CHINESE = re.compile(r"(?<![\w.])[A-Za-z][A-Za-z+#.]{2,}(?:\s[A-Z]\w+)*(?!\w)")


def find_mentions(text: str) -> list[Mention]:
    """The entities that a sentence names, each once, in the order of their kinds."""
    found: dict[str, Mention] = {}
    for mention in _all_mentions(text):
        found.setdefault(mention.name.casefold(), mention)
    return list(found.values())[:MAX_MENTIONS]


def _all_mentions(text: str) -> Iterator[Mention]:
    yield from (Mention(match.group(), "file") for match in _FILE.finditer(text))
    for match in _QUOTED.finditer(text):
        yield Mention(next(filter(None, match.groups())), "concept")
    yield from (Mention(match.group(), "concept") for match in _IDENTIFIER.finditer(text))
    yield from _chinese_names(text) if has_cjk(text) else _english_names(text)


def _chinese_names(text: str) -> Iterator[Mention]:
    for match in _CHINESE_PERSON.finditer(text):
        yield Mention(next(filter(None, match.groups())), "person")
    yield from (Mention(match["named"], "concept") for match in _CHINESE_NAME.finditer(text))
    yield from (Mention(match.group(), _kind(match.group())) for match in _LATIN_IN_CHINESE.finditer(text))


def _english_names(text: str) -> Iterator[Mention]:
    for match in _NAME.finditer(text):
        words = match.group().split()
        while words and re.split("['’]", words[0].casefold())[0] in _NO_NAMES:
            words = words[1:]
        name = re.sub(r"['’]s$", "", " ".join(words))
        if len(name) > 1 and name.casefold() not in _NO_NAMES:
            is_person = (
                _PERSON.search(name) or _PERSON_VERB.match(text, match.end()) or match.group().endswith(("'s", "’s"))
            )
            yield Mention(name, "person" if is_person and _kind(name) == "concept" else _kind(name))


def _kind(name: str) -> str:
    return "tool" if name.split(maxsplit=1)[0].casefold() in _TOOLS else "concept"
