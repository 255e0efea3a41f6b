"""Any text is a valid query, and every bad parameter is refused by its name."""

from __future__ import annotations

import httpx
import pytest

from tests.clients import Client

STRANGE = [
    '+ - && || ! ( ) { } [ ] ^ " ~ * ? : \\ /',
    "harbour AND OR NOT office",
    "AND",
    "NOT harbour",
    '"harbour office',
    'harbour"office"',
    "(harbour",
    "harbour) OR (*:*",
    "[harbour TO",
    "harbour\\",
    "\\\\\\",
    "**",
    "harb*r offic?",
    "?",
    "content:harbour",
    "space_key:*",
    "facets:x OR *:*",
    "harbour~2 office^10",
    "^^^",
    "/harb.*/",
    "harbour && office || !x",
    "{harbour}",
    "$query `harbour` // office /* x */",
    "'; MATCH (n) DETACH DELETE n; //",
    "harbour 🚢👩‍👩‍👧‍👦 office",
    "🚢",
    "港口办公室在哪里？！",
    "「港口」：办公室（二楼）",
    "مكتب الميناء",
    "ﾊｰﾊﾞｰ ｈａｒｂｏｕｒ",
    "harbour\x00office",
    "\x00",
    "harbour\n\r\toffice",
    "\u200b\ufeff\u2028",
    "\u202eruobrah",
    "\ud7ff\uffff\U0010ffff",
    "é\u0301" * 50,
    "a",
    "的",
    "the of and",
    "%00 %s {0}",
    "<script>alert(1)</script>",
    "null",
    "NaN",
]
LONG = {
    "words": "harbour office " * 666,
    "distinct words": " ".join(f"w{number}" for number in range(1_600))[:10_000],
    "one word": "h" * 10_000,
    "Chinese": "港口办公室" * 2_000,
    "distinct Chinese": "".join(chr(0x4E00 + number) for number in range(10_000)),
    "emoji": "🚢" * 10_000,
    "brackets": "(" * 10_000,
    "quotes": '"\\' * 5_000,
    "blanks": " " * 10_000,
}
BAD_PARAMETERS = [
    *(("limit", value) for value in ("-1", "abc", "1.5", "٣x")),
    *(("min_score", value) for value in ("-0.1", "1.1", "nan", "inf", "much")),
    *(("include_trace", value) for value in ("1", "0", "True", "yes")),
    ("include_superseded", "yes"),
    ("include", "evidence,everything"),
]
WRONG_TYPES: list[tuple[str, object]] = [
    *(("q", value) for value in (None, 5, ["harbour"], True)),
    *(("limit", value) for value in ("5", 1.5, True, [1])),
    *(("min_score", value) for value in (2, "0.5")),
    *(("include_trace", value) for value in ("true", 1)),
    *(("tags", value) for value in ([1], 5, {"a": 1})),
    ("space", ["a"]),
]


async def test_any_text_is_a_valid_query(harbour: Client) -> None:
    for query in [*STRANGE, *LONG.values()]:
        answer = await harbour.post("/v1/memories/search", json={"q": query})

        assert answer.status_code == 200, (query[:50], answer.text)
        assert answer.json()["degraded"] == [], query[:50]


# Longer ones than the client takes in a URL are left to the test above.
async def test_a_query_in_the_url_means_the_same_as_in_json(harbour: Client) -> None:
    for query in [*STRANGE, LONG["words"], LONG["brackets"]]:
        by_query = await harbour.get("/v1/memories/search", params={"q": query})
        by_json = await harbour.post("/v1/memories/search", json={"q": query})

        assert by_query.status_code == 200, (query[:50], by_query.text)
        assert ids(by_query) == ids(by_json), query[:50]


async def test_signs_around_a_word_do_not_keep_it_from_being_found(harbour: Client) -> None:
    for query in [query for query in STRANGE if "harbour" in query and "content:" not in query]:
        assert "The harbour office is on the pier" in await harbour.found(query, min_score=0), query


async def test_no_query_reaches_beyond_its_space(stranger: Client, harbour: Client) -> None:
    assert await harbour.found("harbour")

    for query in ("space_key:*", "facets:x OR *:*", "harbour) OR (*:*", "harbour"):
        assert await stranger.found(query, min_score=0) == [], query


async def test_bytes_that_are_no_text_do_no_harm(harbour: Client) -> None:
    for raw in ("%ED%A0%80", "%FF%FE", "%", "%zz", "harbour%00"):
        answer = await harbour.get(f"/v1/memories/search?q={raw}")

        assert answer.status_code in (200, 400), answer.text


async def test_half_a_character_in_json_is_refused(harbour: Client) -> None:
    headers = {"Content-Type": "application/json"}

    answer = await harbour.post("/v1/memories/search", content=b'{"q": "\\ud83d"}', headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_error"


@pytest.mark.parametrize("letter", ["x", "港"])
async def test_the_first_ten_thousand_characters_of_a_query_are_read(alice: Client, letter: str) -> None:
    await alice.store("The heron stands at the gate")

    asked = f"Where does the heron stand? {letter * 100_000}"

    answer = await alice.post("/v1/memories/search", json={"q": asked, "min_score": 0})
    assert [result["memory"]["content"] for result in answer.json()["results"]] == ["The heron stands at the gate"]


async def test_a_bad_parameter_is_refused_by_its_name(alice: Client) -> None:
    for field, value in BAD_PARAMETERS:
        answer = await alice.get("/v1/memories/search", params={"q": "harbour", field: value})

        assert answer.status_code == 400, (field, value)
        assert answer.json()["error"]["code"] == "validation_error"
        assert field in answer.json()["error"]["message"]


async def test_a_query_must_be_there(alice: Client) -> None:
    answer = await alice.get("/v1/memories/search", params={"limit": 3})

    assert answer.status_code == 400
    assert "`q`" in answer.json()["error"]["message"]


async def test_a_wrong_type_in_json_is_refused_by_its_name(alice: Client) -> None:
    for field, value in WRONG_TYPES:
        answer = await alice.post("/v1/memories/search", json={"q": "harbour", field: value})

        assert answer.status_code == 422, (field, value)
        assert field in answer.json()["error"]["message"]


async def test_the_answer_says_which_limit_was_used(alice: Client) -> None:
    await alice.say(*(f"the harbour office, note {number}" for number in range(205)))

    for query in ("", "harbour"):
        for asked, used in ((0, 0), (3, 3), (200, 200), (201, 200), (500, 200), (10**20, 200)):
            answer = await alice.search(query, limit=asked)

            assert (answer["limit"], len(answer["results"])) == (used, used)


async def test_a_search_for_no_results_did_not_find_nothing(harbour: Client) -> None:
    answer = await harbour.search("harbour office", limit=0)

    assert (answer["results"], answer["abstained"]) == ([], False)


async def test_unknown_parameters_are_ignored(harbour: Client) -> None:
    found = await harbour.found("harbour office", check_stale="true", colour="blue")

    assert found == ["The harbour office is on the pier"]


async def test_of_repeated_parameters_the_last_one_counts(harbour: Client) -> None:
    answer = await harbour.get("/v1/memories/search?q=harbour&limit=0&limit=1")

    assert answer.json()["limit"] == 1


@pytest.fixture
async def harbour(alice: Client) -> Client:
    await alice.store("The harbour office is on the pier")
    await alice.store("港口办公室在二楼")
    return alice


def ids(answer: httpx.Response) -> list[str]:
    return [result["memory"]["id"] for result in answer.json()["results"]]
