"""The command `install claude-code`: writes our hooks into Claude Code's settings, or takes them out again."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import msgspec

from app import claude_code
from app.cli.failures import Failure
from app.cli.terminal import echo
from app.client import address
from app.config import load_settings

# By which an entry is known as ours, whatever Python or folder it names.
OURS = "claude_code.py"
# What each hook may take, as the seed's plugin allows it (contract 12.3).
HOOKS = {"SessionStart": ("session-start", 15), "Stop": ("stop", 30), "PreCompact": ("pre-compact", 30)}
VARIABLES = ("OMEM_API_URL", "OMEM_API_KEY")

Json = dict[str, Any]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    path: Path
    url: str = ""
    key: str = ""
    uninstall: bool = False


def install_claude_code(settings: Path | None, url: str, key: str, uninstall: bool) -> None:
    """Changes the settings and says what was done. Raises Failure for a file that cannot be understood."""
    path = settings or Path("~/.claude/settings.json").expanduser()
    wanted = Wanted(path=path.resolve(), url=url or service_address(), key=key, uninstall=uninstall)
    before = read_settings(wanted.path)
    after = without_us(before) if uninstall else with_us(without_hooks(before), wanted)
    if after == before:
        echo(f"{wanted.path} is as it should be; nothing was changed.")
    else:
        backup = back_up(wanted.path)
        write_settings(wanted.path, after)
        echo(f"{wanted.path}: the hooks of ourmem were {'taken out' if uninstall else 'written'}.")
        if backup:
            echo(f"What it said before is in {backup}.")
    if not uninstall:
        for line in advice(after):
            echo(line)


def service_address() -> str:
    """Where `ourmem up` of this environment answers."""
    settings = load_settings()
    return address(settings.host, settings.port)


def advice(settings: Json) -> list[str]:
    """What is left to do."""
    lines = ["Claude Code reads it when its next session begins; `claude` → /hooks shows it."]
    if not settings["env"].get("OMEM_API_KEY"):
        lines.append("No API key is set: run this again with --key or OMEM_API_KEY (`ourmem tenant create` makes one).")
    return lines


def read_settings(path: Path) -> Json:
    """The settings, {} where there is no file. Raises Failure, and nothing was changed then."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise Failure(f"{path} cannot be read ({error}); nothing was changed") from error
    try:
        settings = msgspec.json.decode(text, type=dict[str, Any]) if text.strip() else {}
    except msgspec.MsgspecError as error:
        raise Failure(f"{path} is no JSON object ({error}); mend it first, nothing was changed") from error
    if not isinstance(settings.get("hooks", {}), dict) or not isinstance(settings.get("env", {}), dict):
        raise Failure(f"{path}: hooks and env must be objects; mend it first, nothing was changed")
    return settings


def with_us(settings: Json, wanted: Wanted) -> Json:
    """The settings with our hooks behind those of others, and with address and key for them."""
    hooks: Json = {event: list(groups) for event, groups in settings.get("hooks", {}).items()}
    for event, (name, seconds) in HOOKS.items():
        entry = {"type": "command", "command": command(name), "timeout": seconds}
        hooks[event] = [*hooks.get(event, []), {"hooks": [entry]}]
    given = {name: value for name, value in zip(VARIABLES, (wanted.url, wanted.key), strict=True) if value}
    return settings | {"hooks": hooks, "env": settings.get("env", {}) | given}


def without_us(settings: Json) -> Json:
    """The settings as they are for somebody without ourmem: neither hooks nor address and key."""
    cleared = without_hooks(settings)
    others = {name: value for name, value in cleared.get("env", {}).items() if name not in VARIABLES}
    kept = {name: value for name, value in cleared.items() if name != "env"}
    return kept | ({"env": others} if others else {})


def without_hooks(settings: Json) -> Json:
    """The settings without our hooks; what others wrote stays as it is."""
    cleared = {event: others_of(groups) for event, groups in settings.get("hooks", {}).items()}
    left = {event: groups for event, groups in cleared.items() if groups}
    kept = {name: value for name, value in settings.items() if name != "hooks"}
    return kept | ({"hooks": left} if left else {})


def others_of(groups: object) -> list[Any]:
    """The groups of an event without our commands, and without groups that have no command left."""
    found: list[Any] = []
    for group in cast("list[Any]", groups) if isinstance(groups, list) else [groups]:
        named = cast("Json", group) if isinstance(group, dict) else {}
        commands: object = named.get("hooks")
        if not isinstance(commands, list):
            found.append(group)
            continue
        left = [entry for entry in cast("list[object]", commands) if OURS not in str(entry)]
        if left:
            found.append(named | {"hooks": left})
    return found


def command(name: str) -> str:
    """The command of a hook: this Python with nothing but its standard library, so that it starts at once."""
    return shlex.join([sys.executable, "-I", "-S", str(Path(claude_code.__file__).resolve()), name])


def back_up(path: Path) -> Path | None:
    """A copy beside the file, under a name that is free; None where there is no file."""
    if not path.exists():
        return None
    number = 1
    while (backup := path.with_name(f"{path.name}.before-ourmem-{number}")).exists():
        number += 1
    backup.write_bytes(path.read_bytes())
    backup.chmod(path.stat().st_mode & 0o777)
    return backup


def write_settings(path: Path, settings: Json) -> None:
    """Replaces the file at once; it holds a key, so only its owner may read a new one. Raises Failure."""
    text = msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(text)
        os.replace(file.name, path)  # noqa: PTH105 - both are paths here
    except OSError as error:
        raise Failure(f"{path} cannot be written ({error.strerror}); its folder must be yours") from error
