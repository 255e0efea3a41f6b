"""The command `export`: everything a tenant owns as JSON lines, page by page."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

import msgspec

from app.cli.failures import Failure
from app.cli.offline import on_graph
from app.cli.tenants import Named, get_principal
from app.cli.terminal import echo
from app.domain.principal import Principal
from app.services.exports import lines_of
from app.services.parts import Parts


def export(named: Named, output: Path | None) -> None:
    """Writes the lines to a file, or to standard output, and says how many on stderr."""

    async def write(parts: Parts) -> Counter[str]:
        principal = await get_principal(parts, named)
        # Opened only now, so that a wrong key leaves an earlier export as it is.
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            return await write_all(file, parts, principal)

    try:
        counts = on_graph(write)
    except OSError as error:
        raise Failure(f"{output or 'standard output'} cannot be written: {error.strerror}") from error
    echo(", ".join(f"{count} {kind} lines" for kind, count in counts.items()) or "nothing to export")


async def write_all(file: BinaryIO, parts: Parts, principal: Principal) -> Counter[str]:
    """Writes each line as it comes; how many of each kind."""
    counts: Counter[str] = Counter()
    async for line in lines_of(parts.graph, principal, parts.clock()):
        file.write(msgspec.json.encode(line) + b"\n")
        counts[str(line.__struct_config__.tag)] += 1
    return counts
