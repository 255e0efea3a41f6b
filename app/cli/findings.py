"""What a check found: it is right, it is worth knowing, or it is a problem with a way out."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(msgspec.Struct, frozen=True):
    """One line of the report."""

    status: Status
    subject: str
    text: str


def ok(subject: str, text: str) -> Finding:
    """What is as it should be."""
    return Finding(Status.OK, subject, text)


def warning(subject: str, text: str) -> Finding:
    """What works, but not as well as it could."""
    return Finding(Status.WARNING, subject, text)


def problem(subject: str, text: str) -> Finding:
    """What does not work, and what to do."""
    return Finding(Status.PROBLEM, subject, text)
