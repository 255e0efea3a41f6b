"""Finds keys of services in a text by their form: the patterns of detect-secrets, and of forms that it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """What was found: its name in a marker, and in the sentence that refuses it."""

    name: str
    words: str


class Found(NamedTuple):
    """Characters of a text that are a secret."""

    start: int
    end: int
    kind: Kind


class Detector(NamedTuple):
    """A kind by its pattern, which is only tried on a text that holds one of the needles in any case.

    The secret is the group of the pattern; 0 is all of it.
    """

    kind: Kind
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    group: int = 0


PRIVATE_KEY = Kind("private-key", "a private key")
TOKEN = Kind("jwt", "a JSON web token")

# Detectors of the library: module, class, our kind, needles. Left out: those that go by entropy or by the name of a
# variable (they take ordinary text for secrets), its URLs with passwords, private keys and npm tokens, whose own
# patterns below see more and take no longer on a longer text.
_LIBRARY = (
    ("aws", "AWSKeyDetector", Kind("aws-key", "an AWS key"), ("a3t", "abia", "acca", "akia", "asia")),
    ("azure_storage_key", "AzureStorageKeyDetector", Kind("azure-key", "an Azure key"), ("accountkey=",)),
    ("discord", "DiscordBotTokenDetector", Kind("discord-token", "a Discord token"), (".",)),
    (
        "github_token",
        "GitHubTokenDetector",
        Kind("github-token", "a GitHub token"),
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    ),
    ("gitlab_token", "GitLabTokenDetector", Kind("gitlab-token", "a GitLab token"), ("gl", "gr1348941")),
    ("jwt", "JwtTokenDetector", TOKEN, ("eyj",)),
    ("mailchimp", "MailchimpDetector", Kind("mailchimp-key", "a Mailchimp key"), ("-us",)),
    ("openai", "OpenAIDetector", Kind("api-key", "an API key"), ("t3blbkfj",)),
    ("pypi_token", "PypiTokenDetector", Kind("pypi-token", "a PyPI token"), ("pypi-",)),
    ("sendgrid", "SendGridDetector", Kind("sendgrid-key", "a SendGrid key"), ("sg.",)),
    ("slack", "SlackDetector", Kind("slack-token", "a Slack token"), ("xox", "hooks.slack.com")),
    ("square_oauth", "SquareOAuthDetector", Kind("square-secret", "a Square secret"), ("sq0csp-",)),
    ("stripe", "StripeDetector", Kind("stripe-key", "a Stripe key"), ("k_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", Kind("telegram-token", "a Telegram token"), (":",)),
    ("twilio", "TwilioKeyDetector", Kind("twilio-key", "a Twilio key"), ("ac", "sk")),
)
# Forms that the library lacks, each as its service documents it.
_OWN = (
    (Kind("ourmem-key", "a key of this service"), ("omk_",), r"omk_[0-9a-f]{32}", 0),
    (Kind("api-key", "an API key"), ("sk-",), r"sk-ant-[\w-]{20}", 0),
    # OpenAI's first form, and what DeepSeek, DashScope, Moonshot and SiliconFlow give out.
    (Kind("api-key", "an API key"), ("sk-",), r"sk-[A-Za-z0-9]{32}", 0),
    (Kind("github-token", "a GitHub token"), ("github_pat_",), r"github_pat_[A-Za-z0-9_]{40}", 0),
    (Kind("google-key", "a Google key"), ("aiza",), r"AIza[\w-]{35}", 0),
    (Kind("huggingface-token", "a Hugging Face token"), ("hf_",), r"hf_[A-Za-z0-9]{30}", 0),
    (Kind("npm-token", "an npm token"), ("npm_",), r"npm_[A-Za-z0-9]{36}", 0),
    (Kind("npm-token", "an npm token"), ("_authtoken",), r":_authToken=\s{0,9}([A-Fa-f0-9-]{36})", 1),
    (Kind("aliyun-key", "an Alibaba Cloud key"), ("ltai",), r"LTAI[A-Za-z0-9]{12}", 0),
    (
        Kind("aws-key", "an AWS key"),
        ("secret",),
        r"(?i:secret_?access_?key)\W{1,9}([A-Za-z0-9/+]{40})",
        1,
    ),
    (
        Kind("aliyun-key", "an Alibaba Cloud key"),
        ("secret",),
        r"(?i:access_?key_?secret)\W{1,9}([A-Za-z0-9]{30})",
        1,
    ),
    # Not the port of an address, and not what follows in a query string.
    (Kind("password", "a password in an address"), ("://",), r"://[^\s/?#@:,]+:([^\s/?#@,]+)@", 1),
)
# A key goes on as long as its characters do: newer ones are longer than the patterns know. Of a token, the signature.
_REST = r"[\w-]*+"
_SIGNATURE = r"[\w=-]*+(?:\.[\w-]++)*+"
# Without it a text that repeats how a key begins would be searched to its end from each of the beginnings.
_BORDER = r"(?<![\w-])"
# Of the assignments the secret is one part; whole tokens are secret as a whole, also where the library groups a prefix.
_ASSIGNMENT = "aws.{0,20}"

_PEM = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)? ?-{4,5}|PuTTY-User-Key-File-\d:")
_PEM_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: ?[0-9a-f]+")
# A line of a key has 64 or 70 characters, the headers before it take less than 300; prose about PEM files has no such
# word after the dashes.
_KEY_LINE = re.compile(r"[A-Za-z0-9+/]{40}")
_HEADER_CHARS = 400


def find_keys(text: str) -> Iterator[Found]:
    """The secrets of a text in no order; they may overlap."""
    yield from _private_keys(text)
    folded = text.lower()
    for detector in _detectors():
        if any(needle in folded for needle in detector.needles):
            yield from _matches(detector, text)


def _matches(detector: Detector, text: str) -> Iterator[Found]:
    for match in detector.pattern.finditer(text):
        if detector.kind is not TOKEN:
            yield Found(match.start(detector.group), match.end(detector.group), detector.kind)
        elif _is_token(match.group("token")):
            yield Found(match.start(), match.start() + len(match.group().rstrip(".")), TOKEN)


def _private_keys(text: str) -> Iterator[Found]:
    """Blocks from BEGIN to END; one without END hides the rest of the text, as an unclosed tag does."""
    place = 0
    while opening := _PEM.search(text, place):
        place = opening.end()
        if _KEY_LINE.search(text, place, place + _HEADER_CHARS):
            closing = _PEM_END.search(text, place)
            place = closing.end() if closing else len(text)
            yield Found(opening.start(), place, PRIVATE_KEY)


@cache
def _detectors() -> tuple[Detector, ...]:
    """All patterns, made ready once: after Chinese characters a key begins, so borders of words are those of ASCII."""
    own = [
        Detector(kind, needles, re.compile(pattern if group else pattern + _REST, re.ASCII), group)
        for kind, needles, pattern, group in _OWN
    ]
    return (*own, *(detector for row in _LIBRARY for detector in _adapted(*row)))


def _adapted(module: str, name: str, kind: Kind, needles: tuple[str, ...]) -> Iterator[Detector]:
    """The patterns of one detector of the library. Of it only these are used: it can ask services about keys."""
    for pattern in _plugin(module, name).denylist:
        flags = re.RegexFlag(pattern.flags) & ~re.UNICODE | re.ASCII
        if pattern.pattern.startswith(_ASSIGNMENT):
            yield Detector(kind, ("aws",), re.compile(pattern.pattern, flags), 1)
            continue
        border = _BORDER if kind is TOKEN or "t3blbkfj" in needles or "pypi-" in needles else ""
        rest = _SIGNATURE if kind is TOKEN else _REST
        yield Detector(kind, needles, re.compile(f"{border}(?P<token>{pattern.pattern}){rest}", flags))


def _is_token(text: str) -> bool:
    """Whether its parts are JSON, so that no dotted path that begins alike is taken for a token."""
    return bool(_plugin("jwt", "JwtTokenDetector").is_formally_valid(text))


def _plugin(module: str, name: str) -> Any:
    # Imported by the first text: the library brings an HTTP client with it and takes a quarter of a second.
    return getattr(import_module(f"detect_secrets.plugins.{module}"), name)
