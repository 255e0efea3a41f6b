"""A language model over HTTP, against a local server that is right, wrong, partial, slow, busy, failing and down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from app.config import Settings
from app.domain.prompts import Prompt
from app.domain.texts import SafeText, estimate_tokens
from app.providers.breaker import MAX_FAILURES
from app.providers.completions import AnswerCut, ModelAway, ModelFailed
from app.providers.llm import make_llm
from app.providers.openai_llm import CALLS_AT_A_TIME, PAUSE_SECONDS, OpenAIModel
from tests.servers.openai_api import (
    Answer,
    OpenAIServer,
    Reply,
    Request,
    chat,
    malformed,
    slow,
    status,
    to_reply,
    unable,
    without,
)

BASIC = Settings(home=Path("unused"), llm_model="test-model")
PROMPT = Prompt("You list animals.", SafeText("一只猫 and a dog"))


class Animal(msgspec.Struct):
    """One animal."""

    name: str
    legs: Annotated[int | None, msgspec.Meta(description="how many")] = None


class Zoo(msgspec.Struct):
    """All animals of a text."""

    animals: list[Animal]


RIGHT = {"animals": [{"name": "猫", "legs": 4}]}
CAT = Zoo([Animal("猫", 4)])


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@asynccontextmanager
async def model_at(
    url: str, seconds: int = 10, key: str = "", clock: Clock | None = None
) -> AsyncGenerator[OpenAIModel]:
    settings = msgspec.structs.replace(BASIC, llm_base_url=url, llm_timeout_secs=seconds, llm_api_key=key)
    model = OpenAIModel(settings, clock or Clock())
    yield model
    await model.close()


async def test_an_answer_comes_as_the_shape_with_its_tokens(server: OpenAIServer) -> None:
    server.always(chat(RIGHT, tokens=42))

    async with model_at(server.url, key="secret") as model:
        completion = await model.complete(PROMPT, Zoo)

    assert (completion.value, completion.tokens) == (CAT, 42)
    [request] = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer secret"
    assert (request.body["model"], request.body["temperature"]) == ("test-model", 0.1)
    assert request.body["messages"] == [
        {"role": "system", "content": "You list animals."},
        {"role": "user", "content": "一只猫 and a dog"},
    ]


async def test_the_schema_is_strict(server: OpenAIServer) -> None:
    server.always(chat(RIGHT))

    async with model_at(server.url) as model:
        await model.complete(PROMPT, Zoo)

    form = server.requests[0].body["response_format"]
    assert (form["type"], form["json_schema"]["name"], form["json_schema"]["strict"]) == ("json_schema", "Zoo", True)
    schema = form["json_schema"]["schema"]
    assert schema["type"] == "object"
    assert (schema["required"], schema["additionalProperties"]) == (["animals"], False)
    assert schema["$defs"]["Animal"] == {
        "description": "One animal.",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "legs": {"anyOf": [{"type": "integer"}, {"type": "null"}], "description": "how many"},
        },
        "required": ["name", "legs"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("unknown", "asked"),
    [
        (["json_schema"], ["json_schema", "json_object", "json_object"]),
        (["json_schema", "json_object"], ["json_schema", "json_object", None, None]),
    ],
)
async def test_the_form_that_works_is_found_once(
    server: OpenAIServer, unknown: list[str], asked: list[str | None]
) -> None:
    server.always(without(*unknown, answer=chat(RIGHT)))

    async with model_at(server.url) as model:
        first = await model.complete(PROMPT, Zoo)
        second = await model.complete(PROMPT, Zoo)

    assert first.value == second.value == CAT
    assert [request.body.get("response_format", {}).get("type") for request in server.requests] == asked
    assert '"animals"' in server.requests[-1].body["messages"][0]["content"]


async def test_a_model_that_takes_no_temperature_is_asked_without(server: OpenAIServer) -> None:
    server.always(unable("temperature", chat(RIGHT)))

    async with model_at(server.url) as model:
        await model.complete(PROMPT, Zoo)
        await model.complete(PROMPT, Zoo)

    assert ["temperature" in request.body for request in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    "said",
    [
        '```json\n{"animals": [{"name": "猫", "legs": 4}]}\n```',
        'Sure! Here it is: {"animals": [{"name": "猫", "legs": "4"}]} Anything else?',
        '<think>{"animals": []} would be wrong</think>{"animals": [{"name": "猫", "legs": 4, "color": "red"}]}',
        'The example {"name": "x"} is no zoo, but {"animals": [{"name": "猫", "legs": 4.0}]} is.',
    ],
)
async def test_an_answer_with_something_around_it_is_read(server: OpenAIServer, said: str) -> None:
    server.always(chat(said))

    async with model_at(server.url) as model:
        assert (await model.complete(PROMPT, Zoo)).value == CAT

    assert len(server.requests) == 1


@pytest.mark.parametrize("said", ["no idea", '{"animals": [{"legs": 4}]}', '{"animals": [{"na', "", "[]", "[" * 9999])
async def test_an_answer_that_does_not_fit_is_asked_for_once_more(server: OpenAIServer, said: str) -> None:
    server.script(chat(said, tokens=30), chat(RIGHT, tokens=12))

    async with model_at(server.url) as model:
        completion = await model.complete(PROMPT, Zoo)

    assert (completion.value, completion.tokens) == (CAT, 42)
    assert [message["role"] for message in server.requests[1].body["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


async def test_the_second_question_says_what_was_wrong(server: OpenAIServer) -> None:
    server.script(chat({"animals": [{"legs": 4}]}), chat(RIGHT))

    async with model_at(server.url) as model:
        await model.complete(PROMPT, Zoo)

    assert "missing required field `name`" in server.prompts()[1]


async def test_an_answer_that_is_wrong_twice_is_a_failure_that_has_cost_tokens(server: OpenAIServer) -> None:
    server.always(chat("no idea", tokens=30))

    async with model_at(server.url) as model:
        with pytest.raises(ModelFailed, match="cannot be read") as failure:
            await model.complete(PROMPT, Zoo)

    assert failure.value.tokens == 60
    assert not isinstance(failure.value, ModelAway)
    assert len(server.requests) == 2


async def test_an_answer_without_room_is_told_apart(server: OpenAIServer) -> None:
    server.always(chat('{"animals": [{"na', finish_reason="length", tokens=500))

    async with model_at(server.url) as model:
        with pytest.raises(AnswerCut) as failure:
            await model.complete(PROMPT, Zoo)

    assert failure.value.tokens == 500


async def test_tokens_are_estimated_where_the_endpoint_does_not_count(server: OpenAIServer) -> None:
    said = '{"animals": [{"name": "猫", "legs": 4}]}'
    server.always(chat(said, tokens=None))

    async with model_at(server.url) as model:
        completion = await model.complete(PROMPT, Zoo)

    assert completion.tokens == sum(map(estimate_tokens, [PROMPT.system, PROMPT.user, said]))


@pytest.mark.parametrize("failure", [status(429, ("Retry-After", "0.1")), status(500), status(503), status(408)])
async def test_a_passing_failure_is_tried_again(server: OpenAIServer, failure: Answer) -> None:
    server.script(failure, chat(RIGHT))

    async with model_at(server.url) as model:
        assert (await model.complete(PROMPT, Zoo)).value == CAT

    assert len(server.requests) == 2


async def test_retry_after_is_waited_for(server: OpenAIServer) -> None:
    server.script(status(429, ("Retry-After", "1")), chat(RIGHT))
    started = time.monotonic()

    async with model_at(server.url) as model:
        await model.complete(PROMPT, Zoo)

    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize(
    ("answer", "reason", "passes"),
    [
        (status(500, ("x-should-retry", "false")), "status 500", True),
        (status(429, ("x-should-retry", "false")), "status 429", True),
        (status(401), "status 401", False),
        (status(404), "status 404", False),
        (malformed, "not as OpenAI's are", False),
        (lambda _: to_reply({"choices": []}), "not as OpenAI's are", False),
        (lambda _: Reply(b"<html>"), "not as OpenAI's are", False),
    ],
)
async def test_a_failure_tells_whether_it_passes_and_not_what_was_answered(
    server: OpenAIServer, answer: Answer, reason: str, passes: bool
) -> None:
    server.always(answer)

    async with model_at(server.url, key="secret") as model:
        with pytest.raises(ModelFailed, match=reason) as failure:
            await model.complete(PROMPT, Zoo)

    assert isinstance(failure.value, ModelAway) is passes
    assert "scripted" not in str(failure.value)
    assert "secret" not in str(failure.value)


async def test_a_slow_endpoint_is_given_up_in_time(server: OpenAIServer) -> None:
    server.always(slow(30, chat(RIGHT)))
    started = time.monotonic()

    async with model_at(server.url, seconds=1) as model:
        with pytest.raises(ModelAway, match="in time; OMEM_LLM_TIMEOUT_SECS"):
            await model.complete(PROMPT, Zoo)

    assert time.monotonic() - started < 10


async def test_an_endpoint_that_is_down_is_named(server: OpenAIServer) -> None:
    server.stop()

    async with model_at(server.url) as model:
        with pytest.raises(ModelAway, match="cannot be reached; check OMEM_LLM_BASE_URL"):
            await model.complete(PROMPT, Zoo)


async def test_after_failures_in_a_row_one_call_a_pause_tries_again(server: OpenAIServer) -> None:
    server.always(status(500, ("x-should-retry", "false")))
    clock = Clock()

    async with model_at(server.url, clock=clock) as model:
        for _ in range(MAX_FAILURES):
            with pytest.raises(ModelAway, match="status 500"):
                await model.complete(PROMPT, Zoo)
        with pytest.raises(ModelAway, match="left alone"):
            await model.complete(PROMPT, Zoo)
        assert len(server.requests) == MAX_FAILURES

        clock.now = PAUSE_SECONDS
        server.always(chat(RIGHT))
        assert (await model.complete(PROMPT, Zoo)).value == CAT
        assert (await model.complete(PROMPT, Zoo)).value == CAT


async def test_few_calls_run_at_a_time(server: OpenAIServer) -> None:
    under_way: set[int] = set()
    most = 0

    def answer(request: Request) -> Reply:
        nonlocal most
        under_way.add(id(request))
        most = max(most, len(under_way))
        time.sleep(0.05)
        under_way.discard(id(request))
        return chat(RIGHT)(request)

    server.always(answer)

    async with model_at(server.url) as model:
        answers = await asyncio.gather(*(model.complete(PROMPT, Zoo) for _ in range(2 * CALLS_AT_A_TIME)))

    assert [answer.value for answer in answers] == [CAT] * (2 * CALLS_AT_A_TIME)
    assert 1 < most <= CALLS_AT_A_TIME


@pytest.mark.parametrize(
    ("changes", "is_on"),
    [
        ({}, False),
        ({"llm_api_key": "k"}, False),
        ({"llm_base_url": "http://localhost:1"}, True),
        ({"llm_provider": "openai-compatible", "llm_api_key": "k"}, True),
    ],
)
def test_settings_turn_it_on(changes: dict[str, str], is_on: bool) -> None:
    made = make_llm(msgspec.structs.replace(BASIC, **changes))

    assert (made is not None) is is_on
    assert made is None or made.name == "test-model"
