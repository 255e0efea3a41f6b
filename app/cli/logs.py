"""What a running service says on stderr: plain lines, never a key, never the text of a query."""

from __future__ import annotations

import logging
import re

from app.domain.tenants import KEY_PREFIX

FORM = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
KEY = re.compile(rf"{KEY_PREFIX}\w+")
OURS = ("app", "ingest")
WORDY = ("neo4j", "sentence_transformers", "transformers", "huggingface_hub")


class MaskingFormatter(logging.Formatter):
    """Lines in which every API key is replaced by its prefix, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return KEY.sub(f"{KEY_PREFIX}…", super().format(record))


def set_up(level: str) -> None:
    """Sends log lines of this level to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter(FORM))
    # Below warnings the driver logs queries with their parameters and httpx whole addresses, so others stay quiet.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    # They warn of each attempt to reach a server or a model; what comes of it is said by us.
    for name in WORDY:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.captureWarnings(True)
