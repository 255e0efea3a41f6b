"""Settings from the environment, one frozen struct; the only module that reads `os.environ` for the service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the service can be told from outside; `docs/settings.md` explains each field."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8080
    log_level: str = "info"
    log_format: str = "text"
    trusted_proxies: str = "127.0.0.1"
    cors_origins: str = "*"
    metrics: str = "local"
    worker_metrics_port: int = 0
    requests_per_min: int = 0
    key_failures_per_min: int = 60
    llm_requests_per_min: int = 300
    share_rate_per_min: int = 0
    quota_memories: int = 0
    quota_text_bytes: int = 0
    quota_llm_tokens_a_day: int = 0
    signup: str = "open"
    signup_token: str = ""
    embed_provider: str = "local"
    embed_model: str = "all-MiniLM-L6-v2"
    embed_base_url: str = ""
    embed_api_key: str = ""
    embed_dim: int = 0
    embed_timeout_secs: int = 10
    llm_provider: str = ""
    llm_base_url: str = ""
    llm_api_key: str = ""
    llm_model: str = "gpt-4o-mini"
    llm_timeout_secs: int = 30
    nli_model: str = ""
    reranker_model: str = ""
    worker_tasks: int = 2
    worker_grace_secs: int = 5
    github_api_url: str = "https://api.github.com"
    github_timeout_secs: int = 10
    lifecycle_minutes: int = 60
    tasks_kept_days: int = 30
    neo4j_uri: str = ""
    neo4j_user: str = "neo4j"
    neo4j_password: str = ""
    neo4j_database: str = "neo4j"


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says what is accepted."""


# The largest port, and more than any dimension or timeout needs.
LARGEST_NUMBER = 65535
NUMBERS = (
    "port", "requests_per_min", "key_failures_per_min", "llm_requests_per_min", "share_rate_per_min", "embed_dim",
    "embed_timeout_secs", "llm_timeout_secs", "worker_tasks", "worker_grace_secs",
    "worker_metrics_port", "github_timeout_secs", "lifecycle_minutes", "tasks_kept_days",
)  # fmt: skip
# What an account keeps and spends: more than any has, and small enough for the integers of the database.
QUOTAS = ("quota_memories", "quota_text_bytes", "quota_llm_tokens_a_day")
LARGEST_QUOTA = 10**15
CHOICES: dict[str, tuple[str, ...]] = {
    "embed_provider": ("local", "openai-compatible"),
    "llm_provider": ("openai-compatible",),
    "signup": ("open", "token", "closed"),
    "log_format": ("text", "json"),
    "metrics": ("local", "open", "off"),
    "log_level": ("debug", "info", "warning", "error"),
}


def variable_name(field: str) -> str:
    """The environment variable of a field: `port` is `OMEM_PORT`, `neo4j_uri` is `NEO4J_URI`."""
    return field.upper() if field.startswith("neo4j_") else f"OMEM_{field.upper()}"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment, where empty counts as absent. Raises SettingsError, which names the variable."""
    given = {
        field: environ[variable_name(field)].strip()
        for field in Settings.__struct_fields__
        if environ.get(variable_name(field), "").strip()
    }
    values: dict[str, object] = {field: _parse(field, text) for field, text in given.items()}
    values["home"] = Path(given.get("home", "~/.ourmem")).expanduser().resolve()
    settings = msgspec.convert(values, Settings, strict=False)
    _check(settings)
    return settings


def _parse(field: str, text: str) -> object:
    if field in CHOICES:
        if text.lower() not in CHOICES[field]:
            raise SettingsError(f"{variable_name(field)} must be one of {', '.join(CHOICES[field])}, not {text!r}")
        return text.lower()
    if field in NUMBERS or field in QUOTAS:
        largest = LARGEST_QUOTA if field in QUOTAS else LARGEST_NUMBER
        if not text.isdecimal() or int(text) > largest:
            raise SettingsError(f"{variable_name(field)} must be a whole number from 0 to {largest}, not {text!r}")
        return int(text)
    return text


def _check(settings: Settings) -> None:
    if settings.embed_provider == "openai-compatible" and not settings.embed_base_url:
        raise SettingsError("OMEM_EMBED_BASE_URL is needed when OMEM_EMBED_PROVIDER is openai-compatible")
    if settings.llm_provider and not settings.llm_base_url and not settings.llm_api_key:
        raise SettingsError("OMEM_LLM_BASE_URL or OMEM_LLM_API_KEY is needed when OMEM_LLM_PROVIDER is set")
    if settings.worker_tasks == 0:
        raise SettingsError("OMEM_WORKER_TASKS must be at least 1; `ourmem serve --no-worker` serves without a worker")
    if not settings.github_api_url.startswith(("http://", "https://")):
        raise SettingsError("OMEM_GITHUB_API_URL must begin with https:// or http://")
    if settings.signup == "token" and not settings.signup_token:
        raise SettingsError("OMEM_SIGNUP_TOKEN is needed when OMEM_SIGNUP is token")
