"""Answers from an OpenAI-compatible endpoint, constrained to a schema as far as the endpoint can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from time import monotonic
from typing import TypeVar

import msgspec
from openai import APIStatusError, AsyncOpenAI, BadRequestError, OpenAIError, omit
from openai.types.chat import ChatCompletionMessageParam
from openai.types.chat.completion_create_params import ResponseFormat

from app.config import Settings
from app.domain.prompts import Prompt
from app.domain.texts import estimate_tokens
from app.providers.breaker import CircuitBreaker
from app.providers.completions import AnswerCut, Completion, ModelAway, ModelFailed
from app.providers.endpoints import explain, is_outage, normalize_base_url
from app.providers.model_answers import Unreadable, read_answer, strict_schema

Shape = TypeVar("Shape")
Messages = list[ChatCompletionMessageParam]

OPENAI = "https://api.openai.com"
# Facts are read off, not invented (contract, appendix C).
TEMPERATURE = 0.1
RETRIES = 2
REPAIRS = 1
# Small local servers answer one request after the other; more would only wait there and run into the timeout.
CALLS_AT_A_TIME = 4
# Work in the background can wait longer than a search may.
PAUSE_SECONDS = 30.0
# How much of an unreadable answer the model is shown again.
_SHOWN_ANSWER = 8_000
# What endpoints say to a form of answer that they do not know.
_REFUSALS = (400, 404, 422)
_NO_ROOM = "length"
_ENDPOINT = "language model"
_PREFIX = "OMEM_LLM"


class Form(StrEnum):
    """How an endpoint is made to write JSON, best first: by our schema, as any object, by asking for it."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    PLAIN = "text"


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    total_tokens: int = 0


class _Answer(msgspec.Struct):
    """What we read of an answer to POST /v1/chat/completions."""

    choices: list[_Choice]
    usage: _Usage | None = None


class _Reply(msgspec.Struct, frozen=True):
    text: str
    tokens: int


class OpenAIModel:
    """The chat route of an endpoint; which form of answer it can give is found out once."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = monotonic) -> None:
        self.name = settings.llm_model
        self._timeout_seconds = settings.llm_timeout_secs
        self._client = AsyncOpenAI(
            base_url=normalize_base_url(settings.llm_base_url or OPENAI),
            # The client insists on a key, local servers have none.
            api_key=settings.llm_api_key or "none",
            timeout=settings.llm_timeout_secs,
            max_retries=RETRIES,
        )
        self._clock = clock
        self._breaker = CircuitBreaker(PAUSE_SECONDS)
        self._slots = asyncio.Semaphore(CALLS_AT_A_TIME)
        self._form = Form.SCHEMA
        self._temperature = TEMPERATURE

    async def complete(self, prompt: Prompt, shape: type[Shape]) -> Completion[Shape]:
        """The answer, or that to a second question which says what was wrong with the first. Raises ModelFailed."""
        messages: Messages = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        tokens = 0
        for _ in range(1 + REPAIRS):
            try:
                reply = await self._ask(messages, shape)
            except ModelFailed as error:
                error.tokens += tokens
                raise
            tokens += reply.tokens
            try:
                return Completion(read_answer(reply.text, shape), tokens)
            except Unreadable as error:
                messages = [*messages, *_repair(reply.text, error, shape)]
        raise ModelFailed("the language model's answer cannot be read, nor can its second one", tokens)

    async def close(self) -> None:
        await self._client.close()

    async def _ask(self, messages: Messages, shape: type[object]) -> _Reply:
        async with self._slots:
            if not self._breaker.may_call(self._clock()):
                raise ModelAway("the language model failed several times in a row and is left alone for half a minute")
            try:
                body = await self._post(messages, shape)
            except (OpenAIError, TimeoutError) as error:
                reason = explain(error, _ENDPOINT, _PREFIX)
                if not is_outage(error):
                    raise ModelFailed(reason) from error
                self._breaker.record_failure(self._clock())
                raise ModelAway(reason) from error
            self._breaker.record_success()
        return _read(body, messages)

    async def _post(self, messages: Messages, shape: type[object]) -> bytes:
        """The body of the answer in the best form that the endpoint does not refuse."""
        forms = list(Form)
        for form in forms[forms.index(self._form) :]:
            try:
                body = await self._send(messages, shape, form)
            except APIStatusError as error:
                if error.status_code not in _REFUSALS or form is forms[-1]:
                    raise
            else:
                self._form = form
                return body
        raise AssertionError("the last form returns or raises")

    async def _send(self, messages: Messages, shape: type[object], form: Form) -> bytes:
        try:
            return await self._create(messages, shape, form)
        except BadRequestError as error:
            # Some reasoning models take no temperature but their own.
            if error.param != "temperature" or not self._temperature:
                raise
            self._temperature = 0
            return await self._create(messages, shape, form)

    async def _create(self, messages: Messages, shape: type[object], form: Form) -> bytes:
        """One request; the client itself retries 408, 409, 429, 5xx and lost connections, as Retry-After says."""
        schema = strict_schema(shape)
        told = messages if form is Form.SCHEMA else _with_schema(messages, schema)
        async with asyncio.timeout(self._timeout_seconds * (1 + RETRIES)):
            answer = await self._client.chat.completions.with_raw_response.create(
                model=self.name,
                messages=told,
                temperature=self._temperature or omit,
                response_format=_response_format(form, shape, schema) or omit,
            )
        return answer.content


def _response_format(form: Form, shape: type[object], schema: dict[str, object]) -> ResponseFormat | None:
    if form is Form.SCHEMA:
        return {
            "type": "json_schema",
            "json_schema": {"name": shape.__name__.strip("_"), "schema": schema, "strict": True},
        }
    return {"type": "json_object"} if form is Form.OBJECT else None


def _with_schema(messages: Messages, schema: dict[str, object]) -> Messages:
    system, *rest = messages
    rule = f"Answer with one JSON object of this JSON schema and nothing else: {msgspec.json.encode(schema).decode()}"
    return [{"role": "system", "content": f"{system.get('content')}\n\n{rule}"}, *rest]


def _repair(text: str, error: Unreadable, shape: type[object]) -> Messages:
    schema = msgspec.json.encode(strict_schema(shape)).decode()
    wish = f"This cannot be read ({error}). Answer again, with one JSON object of this JSON schema and nothing else: "
    return [
        {"role": "assistant", "content": text[:_SHOWN_ANSWER] or "(nothing)"},
        {"role": "user", "content": wish + schema},
    ]


def _read(body: bytes, messages: Messages) -> _Reply:
    """What the model wrote. Raises AnswerCut when it had to stop, ModelFailed when the body is no answer."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        choice = answer.choices[0]
    except (msgspec.DecodeError, IndexError, RecursionError) as error:
        raise ModelFailed("the answer of the language model's endpoint is not as OpenAI's are") from error
    text = choice.message.content or ""
    told = answer.usage.total_tokens if answer.usage else 0
    tokens = told if told > 0 else _estimate(messages) + estimate_tokens(text)
    if choice.finish_reason == _NO_ROOM:
        raise AnswerCut("the language model ran out of room for its answer", tokens)
    return _Reply(text, tokens)


def _estimate(messages: Messages) -> int:
    return sum(estimate_tokens(str(message.get("content"))) for message in messages)
