"""Keys of services and card numbers are found by their form, whatever stands around them, and little else is."""

from __future__ import annotations

import base64
import json
import random
import time

import pytest

from app.domain.errors import Invalid
from app.domain.space_settings import SecretPolicy
from ingest.card_numbers import is_card
from ingest.redaction import is_empty, redact

# Made here and given out by nobody; in two parts, so that no scanner of repositories takes them for real ones.
RANDOM = random.Random(4711)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def drawn(length: int, characters: str = LETTERS) -> str:
    return "".join(RANDOM.choice(characters) for _ in range(length))


def token() -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "1234567890", "name": "Ann"}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, drawn(43)])


HEX = "0123456789abcdef"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
KEYS = [
    ("aws-key", "AKIA" + drawn(16, UPPER)),
    ("aws-key", "ASIA" + drawn(16, UPPER)),
    ("github-token", "ghp_" + drawn(36)),
    ("github-token", "github_pat_" + drawn(22) + "_" + drawn(59)),
    ("gitlab-token", "glpat-" + drawn(20)),
    ("slack-token", "xoxb-" + "123456789012-1234567890123-" + drawn(24)),
    ("slack-token", "https://hooks.slack.com/services/" + "T0001/B0001/" + drawn(24)),
    ("stripe-key", "sk_live_" + drawn(24)),
    ("stripe-key", "rk_live_" + drawn(99)),
    ("api-key", "sk-" + drawn(20) + "T3BlbkFJ" + drawn(20)),
    ("api-key", "sk-proj-" + drawn(74) + "T3BlbkFJ" + drawn(74)),
    ("api-key", "sk-ant-" + "api03-" + drawn(93) + "-" + drawn(6) + "AA"),
    ("api-key", "sk-" + drawn(32, HEX)),
    ("ourmem-key", "omk_" + drawn(48, HEX)),
    ("google-key", "AIza" + drawn(35)),
    ("huggingface-token", "hf_" + drawn(34)),
    ("npm-token", "npm_" + drawn(36)),
    ("pypi-token", "pypi-" + "AgEIcHlwaS5vcmc" + drawn(120)),
    ("sendgrid-key", "SG." + drawn(22) + "." + drawn(43)),
    ("mailchimp-key", drawn(32, HEX) + "-us12"),
    ("discord-token", "M" + drawn(23) + "." + drawn(6) + "." + drawn(27)),
    ("telegram-token", "123456789:" + "AA" + drawn(33)),
    ("twilio-key", "SK" + drawn(32, HEX)),
    ("square-secret", "sq0csp-" + drawn(43)),
    ("aliyun-key", "LTAI" + drawn(20)),
    ("azure-key", "AccountKey=" + drawn(86) + "=="),
    ("jwt", token()),
]
CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "3782 822463 10005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "3056 930902 5904",
    "6212345678900000003",
    "6212 3456 7890 0000 003",
    "621234 5678900000003",
    "４１１１　１１１１　１１１１　１１１１",
]


@pytest.mark.parametrize("around", ["{}", "use {}, please", "密钥是{}。", "KEY={}", '{{"key":"{}"}}', "a\n{}\nb"])
@pytest.mark.parametrize(("name", "key"), KEYS, ids=[f"{name}-{place}" for place, (name, _) in enumerate(KEYS)])
def test_a_key_becomes_a_marker_with_its_kind(name: str, key: str, around: str) -> None:
    assert redact(around.format(key)) == around.format(f"[REDACTED:{name}]")


@pytest.mark.parametrize("around", ["{}", "card {}.", "我的卡号是{}，别存", "exp 12 2027 {} 123", "2027 {}", "卡:{}\n"])
@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_becomes_a_marker(card: str, around: str) -> None:
    assert redact(around.format(card)) == around.format("[REDACTED:card-number]")


@pytest.mark.parametrize("word", ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA ", ""])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\\n"])
def test_a_private_key_is_taken_out_from_begin_to_end(word: str, line_end: str) -> None:
    lines = [f"-----BEGIN {word}PRIVATE KEY-----", drawn(64), drawn(64), "abc=", f"-----END {word}PRIVATE KEY-----"]

    text = f"私钥：{line_end.join(lines)} and {line_end.join(lines)}!"

    assert redact(text) == "私钥：[REDACTED:private-key] and [REDACTED:private-key]!"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a -----BEGIN PRIVATE KEY-----\n{drawn(64)}\nabc", "a [REDACTED:private-key]"),
        (
            f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{drawn(32, HEX)}\n\n"
            f"{drawn(64)}\n-----END RSA PRIVATE KEY-----",
            "[REDACTED:private-key]",
        ),
        (
            f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{drawn(64)}\n=abcd\n"
            "-----END PGP PRIVATE KEY BLOCK-----",
            "[REDACTED:private-key]",
        ),
        (
            f"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: x\nPublic-Lines: 1\n{drawn(64)}\n"
            f"Private-Lines: 1\n{drawn(64)}\nPrivate-MAC: {drawn(40, HEX)} end",
            "[REDACTED:private-key] end",
        ),
        ("https://ann:p$ss!w@example.org/x", "https://ann:[REDACTED:password]@example.org/x"),
        ("数据库是postgres://root:秘密@db:5432/x。", "数据库是postgres://root:[REDACTED:password]@db:5432/x。"),
        (f"aws_secret_access_key = {'w' * 40}", "aws_secret_access_key = [REDACTED:aws-key]"),
        (f'AWS key "{"w/" * 20}"', 'AWS key "[REDACTED:aws-key]"'),
        (f"AccessKeySecret: {'w' * 30}", "AccessKeySecret: [REDACTED:aliyun-key]"),
        (
            "//registry/:_authToken=01234567-89ab-cdef-0123-456789abcdef",
            "//registry/:_authToken=[REDACTED:npm-token]",
        ),
        (f"AKIA{'A' * 8}\u200b{'B' * 8} x", "[REDACTED:aws-key] x"),
        (f"ＡＫＩＡ{'Ａ' * 16}，好", "[REDACTED:aws-key]，好"),
        (f"AKIA</private>{'A' * 16}", "[REDACTED:aws-key]"),
        (f"<private>x</private> AKIA{'A' * 16}", "[REDACTED] [REDACTED:aws-key]"),
    ],
)
def test_other_forms_of_secrets_are_found(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "A PEM file begins with -----BEGIN RSA PRIVATE KEY----- and is read by the server.",
        f"-----BEGIN CERTIFICATE-----\n{'A' * 64}\n-----END CERTIFICATE-----",
        f"-----BEGIN PUBLIC KEY-----\n{'A' * 64}\n-----END PUBLIC KEY-----",
        f"commit {'4' * 40}",
        "d670460b4b4aece5915caf5c68d12f560a9fe3e4 7c640b4",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "cb3cae7f-9e4b-491e-a9e0-d02f68486779",
        "41111111-1111-4111-1111-111111111111",
        "ISBN 978-7-111-07575-4, 9787111075754, 4006381333931",
        "1732480000000 1732480000000000 1732480000000000000",
        "20241124220845 2024-11-24 22:08:45.411111",
        "+86 138 1234 5678, 8613812345678, +1 (415) 555-2671, 0086-138-1234-5678",
        "4111111111111112",  # a wrong check digit
        "9111111111111118",  # no issuer
        "0.4111111111111111 and 4111111111111111.5",
        "order number 4111111111111111",
        "订单号：4111111111111111，已发货",
        "id_4111111111111111 4111111111111111abc",
        "11010519491231002X 440524188001010014",
        "62052419880101001X",
        "GB29 NWBK 6016 1331 9268 19, DE89 3704 0044 0532 0130 00",
        "10.0.0.1:8080 and http://localhost:8080/a@b and http://localhost:8080?to=ann@example.org",
        "mail ann@example.org or https://example.org/@ann",
        "sk-learn, sk-learn-contrib-and-other-packages, risk-averse, omk_5c2b19, AKIA, ghp_x, hf_hub",
        "我的密钥在保险箱里，密码问王小明。",
        "eyJhbGciOi.x and eyJ.eyJ.eyJ",
        "com.example.Main.MainMainMainMainMainMain.method",
        "2 000 000 000 000 000 yuan, 1111 2222 3333 4444",
        "v1.2.3 build 20241124.1 in 3.11.7",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_few_random_ids_are_taken_for_cards() -> None:
    ids = [drawn(length, "0123456789") for length in (14, 15, 16, 17, 18, 19) for _ in range(2_000)]

    assert sum(map(is_card, ids)) <= 0.01 * len(ids)


def test_a_text_is_not_changed_by_another_redaction() -> None:
    once = redact(" ".join([*(key for _, key in KEYS), *CARDS, "<private>x"]))

    assert redact(once) == once


def test_a_text_of_markers_is_empty() -> None:
    assert is_empty(redact(f"{KEYS[0][1]} <private>x</private>\n{CARDS[0]}"))
    assert not is_empty(redact(f"key {KEYS[0][1]}"))


def test_a_space_may_keep_secrets_but_no_private_text() -> None:
    assert redact(f"<private>x</private>{KEYS[0][1]}", SecretPolicy.OFF) == f"[REDACTED]{KEYS[0][1]}"


@pytest.mark.parametrize(
    ("text", "words"), [(KEYS[0][1], "an AWS key"), (CARDS[1], "a card number"), (f"中文{KEYS[9][1]}", "an API key")]
)
def test_a_space_may_refuse_secrets(text: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        redact(text, SecretPolicy.BLOCK, "label")

    assert refused.value.message == f"validation error: label holds what looks like {words}"
    assert text not in refused.value.message + refused.value.hint


def test_a_marked_secret_is_not_refused() -> None:
    assert redact(f"key <private>{KEYS[0][1]}</private>", SecretPolicy.BLOCK) == "key [REDACTED]"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "The release is on 2026-03-01 at 10:30, said Mara. ",
            "发布在周一上午十点，负责人是王小明。",
            "a(b, 'c') // d\n",
        ),
        *("eyJ", "eyJ.", "sk-", "sk-aaaaaaaaaaaaaaaaaaaaT3BlbkFJ-", "pypi-AgEIcHlwaS5vcmc", "glagent-", "glpat-"),
        *("://a:", "M", "MNO_", "4", "4 ", "4111 ", "4111-", "secret_access_key ", "aws key '", "xoxb-1-"),
        *("-----BEGIN PRIVATE KEY-----", "PuTTY-User-Key-File-2:", "a" * 40 + "-us", "a\u200b", "Ａ", "12345678:"),
        *("/", "//:_authToken=", "&amp;", "<\u200b", "<p\u200b"),
    ],
)
def test_no_text_takes_longer_than_its_length_explains(piece: str) -> None:
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    started = time.process_time()

    redact(text)

    # A search that goes back for each piece would take minutes.
    assert time.process_time() - started < 6


def test_a_long_text_is_read_at_once() -> None:
    redact("The library is imported by the first text.")
    text = ("Mara told us that the release is on 2026-03-01 at 10:30. 王小明住在上海，版本号是 2.3.1。" * 2_000)[
        :100_000
    ]

    def seconds() -> float:
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.05
