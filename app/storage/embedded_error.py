"""The one error of the embedded Neo4j."""

from __future__ import annotations


class EmbeddedError(Exception):
    """Why the embedded Neo4j cannot run, in one sentence that ends with what to do about it."""
