"""The image and the compose file: what they name exists, and they ask for no more rights than they need."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings, variable_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_FILE = ROOT / "docker" / "compose.yaml"
COMPOSE_TEXT = COMPOSE_FILE.read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)["services"]

SETTINGS = {variable_name(field) for field in Settings.__struct_fields__}
BUILD_ARGUMENTS = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
# What the image tells Python and its tools, not the service.
OTHERS_VARIABLES = {
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "PIP_NO_CACHE_DIR",
    "PIP_DISABLE_PIP_VERSION_CHECK",
}


def instructions(name: str) -> list[str]:
    """What follows `name` in each such instruction of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return re.findall(rf"^{name} (.*)", joined, re.MULTILINE)


def docker_compose() -> list[str]:
    """The client's compose command; empty where there is none, since tests need no Docker."""
    docker = shutil.which("docker")
    found = docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    return [str(docker), "compose", "-f", str(COMPOSE_FILE)] if found else []


def test_compose_file_is_accepted_by_the_client() -> None:
    command = docker_compose()
    environment = {**os.environ, "NEO4J_PASSWORD": "long-enough"}

    accepted = not command or not subprocess.run([*command, "config", "-q"], env=environment, check=False).returncode

    assert accepted
    assert set(SERVICES) == {"neo4j", "service", "worker"}


def test_compose_refuses_to_start_without_a_password() -> None:
    uses = re.findall(r"\$\{NEO4J_PASSWORD(.*?)\}", COMPOSE_TEXT)

    assert uses
    assert all(use.startswith(":?") and "NEO4J_PASSWORD" in use for use in uses)


def test_compose_uses_only_settings_and_build_arguments() -> None:
    passed_on = {name for service in ("service", "worker") for name in SERVICES[service]["environment"]}
    asked_for = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE_TEXT))

    assert passed_on <= SETTINGS
    assert asked_for <= SETTINGS | BUILD_ARGUMENTS


def test_image_sets_only_settings() -> None:
    assigned = {name for line in instructions("ENV") for name in re.findall(r"(\w+)=", line)}

    assert assigned - OTHERS_VARIABLES <= SETTINGS


def test_example_environment_names_every_setting() -> None:
    named = re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(named) == sorted(SETTINGS)


@pytest.mark.parametrize("name", ["service", "worker"])
def test_service_and_worker_run_without_rights(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "/tmp" in service["tmpfs"]


def test_ports_are_bound_on_loopback_by_default() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert all(re.match(r"(\$\{OMEM_HOST:-)?127\.0\.0\.1\b", port) for port in ports)


def test_image_runs_as_a_fixed_user_and_keeps_data_in_a_volume() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert instructions("VOLUME") == ["/data"]
    assert "OMEM_HOME=/data" in DOCKERFILE


def test_image_is_built_on_a_pinned_minor_version_of_python() -> None:
    assert {line.split()[0] for line in instructions("FROM")} == {"python:3.11-slim"}


def test_build_copies_what_the_context_lets_through() -> None:
    let_through = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {source for line in instructions("COPY") if "--from" not in line for source in line.split()[:-1]}

    assert copied == let_through
    assert {"app", "ingest", "cypher"} <= copied


@pytest.mark.parametrize("index", ["", "https://torch.example/cpu"])
def test_build_installs_the_lock_without_tools_and_torch_from_its_index(tmp_path: Path, index: str) -> None:
    """Runs the build's own install step with a `pip` that only writes down what it is asked for."""
    step = next(line for line in instructions("RUN") if "requirements.lock" in line)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    (tmp_path / "pip").write_text('#!/bin/sh\necho "$@" >> asked\n')
    (tmp_path / "pip").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TORCH_INDEX": index}

    subprocess.run(["sh", "-c", step], cwd=tmp_path, env=environment, check=True)

    kept = set(re.findall(r"^([a-z0-9.-]+)==", (tmp_path / "image.lock").read_text(), re.MULTILINE))
    assert {"litestar", "neo4j", "sentence-transformers", "pystemmer"} <= kept
    assert not kept & {"pytest", "pyright", "ruff"}
    assert {"torch", "nvidia-cublas", "cuda-toolkit", "triton"} & kept == (
        set() if index else {"torch", "nvidia-cublas", "cuda-toolkit", "triton"}
    )
    from_index = [line for line in (tmp_path / "asked").read_text().splitlines() if "--index-url" in line]
    assert [line.split()[-1].split("==")[0] for line in from_index] == (["torch"] if index else [])


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_health_check_follows_readiness(status: int, code: int) -> None:
    command = json.loads(re.findall(r"CMD (\[.*\])", instructions("HEALTHCHECK")[0])[0])
    asked: list[str] = []

    class Readiness(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keeps the test run quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Readiness)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    answer = subprocess.run([sys.executable, *command[1:]], env={"OMEM_PORT": str(server.server_port)}, check=False)
    server.shutdown()
    server.server_close()

    assert answer.returncode == code
    assert asked == ["/health/ready"]
