"""What commands say: what was asked for on standard output, everything else on stderr."""

from __future__ import annotations

import logging

import click
from rich.console import Console

LOG = logging.getLogger(__name__)
# In a pipe or a file nothing is narrow, and what reads it wants whole ids and lines.
PIPE_WIDTH = 140


def output() -> Console:
    """Standard output; colours and lines of its width only where it is a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def echo(text: str) -> None:
    """A line beside the output, on stderr; where log lines are for programs, one of those."""
    if logs_json():
        LOG.info(text)
    else:
        click.echo(text, err=True)


def logs_json() -> bool:
    """Whether log lines are JSON in this process."""
    return any(getattr(handler.formatter, "is_json", False) for handler in logging.getLogger().handlers)
