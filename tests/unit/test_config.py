"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import CHOICES, Settings, SettingsError, load_settings, variable_name


def test_without_variables_everything_has_its_default() -> None:
    settings = load_settings({})

    assert settings == Settings(home=Path("~/.ourmem").expanduser().resolve())
    assert (settings.host, settings.port, settings.signup) == ("127.0.0.1", 8080, "open")


@pytest.mark.parametrize("value", ["", "  "])
def test_empty_variable_counts_as_absent(value: str) -> None:
    assert load_settings({variable_name(field): value for field in Settings.__struct_fields__}) == load_settings({})


def test_each_variable_sets_its_field() -> None:
    settings = load_settings(
        {
            "OMEM_PORT": " 8081 ",
            "OMEM_HOST": "0.0.0.0",
            "OMEM_SIGNUP": "CLOSED",
            "OMEM_EMBED_DIM": "1024",
            "NEO4J_URI": "neo4j://db:7687",
            "NEO4J_PASSWORD": "秘密",
        }
    )

    assert (settings.port, settings.host, settings.signup) == (8081, "0.0.0.0", "closed")
    assert (settings.embed_dim, settings.neo4j_uri, settings.neo4j_password) == (1024, "neo4j://db:7687", "秘密")


def test_variables_of_others_are_ignored() -> None:
    assert load_settings({"OMEM_LLM_NOISE": "x", "PORT": "1", "omem_port": "2"}) == load_settings({})


def test_home_is_an_absolute_path(tmp_path: Path) -> None:
    assert load_settings({"OMEM_HOME": f"{tmp_path}/a/../b"}).home == tmp_path.resolve() / "b"
    assert load_settings({"OMEM_HOME": "~/x"}).home == Path.home().resolve() / "x"


@pytest.mark.parametrize("field", ["port", "embed_dim", "embed_timeout_secs", "llm_timeout_secs"])
@pytest.mark.parametrize("value", ["-1", "eighty", "80.5", "0x50", "65536", "²", "9" * 30])
def test_number_that_is_none_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable_name(field)} must be a whole number from 0 to 65535"):
        load_settings({variable_name(field): value})


@pytest.mark.parametrize("field", sorted(CHOICES))
def test_unknown_choice_is_refused_with_those_there_are(field: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable_name(field)} must be one of {CHOICES[field][0]}, .*'maybe'"):
        load_settings({variable_name(field): "maybe"})


def test_endpoint_without_an_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="OMEM_EMBED_BASE_URL is needed"):
        load_settings({"OMEM_EMBED_PROVIDER": "openai-compatible"})


def test_language_model_without_an_address_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="OMEM_LLM_BASE_URL or OMEM_LLM_API_KEY is needed"):
        load_settings({"OMEM_LLM_PROVIDER": "openai-compatible"})


def test_sign_up_by_token_without_a_token_is_refused() -> None:
    with pytest.raises(SettingsError, match="OMEM_SIGNUP_TOKEN is needed"):
        load_settings({"OMEM_SIGNUP": "token"})


def test_variables_are_named_after_their_fields() -> None:
    assert variable_name("port") == "OMEM_PORT"
    assert variable_name("neo4j_uri") == "NEO4J_URI"
