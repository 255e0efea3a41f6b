"""What a running service says on stderr: lines of text or of JSON, never a key, never the text of a query."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

import msgspec

from app.api.context import NO_REQUEST, request_id
from app.domain.memories import timestamp
from app.domain.tenants import KEY_PREFIX

FORM = "%(asctime)s %(levelname)-7s %(name)s%(request)s: %(message)s"
KEY = re.compile(rf"{KEY_PREFIX}\w+")
OURS = ("app", "ingest")
ACCESS = "app.access"
WORDY = ("neo4j", "sentence_transformers", "transformers", "huggingface_hub")


class MaskingFormatter(logging.Formatter):
    """Lines in which every API key is replaced by its prefix, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return KEY.sub(f"{KEY_PREFIX}…", super().format(record))


class JsonFormatter(MaskingFormatter):
    """One JSON object a line, for programs that collect logs."""

    is_json = True

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": timestamp(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (given := request_id()) != NO_REQUEST:
            fields["request_id"] = given
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return KEY.sub(f"{KEY_PREFIX}…", msgspec.json.encode(fields).decode())


def name_request(record: logging.LogRecord) -> bool:
    """Gives a line the id of the request it belongs to; a filter of a handler."""
    given = request_id()
    record.request = "" if given == NO_REQUEST else f" [{given}]"
    return True


def set_up(level: str, form: str = "text") -> None:
    """Sends log lines of this level to stderr."""
    handler = logging.StreamHandler()
    handler.addFilter(name_request)
    handler.setFormatter(JsonFormatter() if form == "json" else MaskingFormatter(FORM))
    # Below warnings the driver logs queries with their parameters and httpx whole addresses, so others stay quiet.
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    # A line for each request is for programs; people ask for it.
    if form == "text" and level == "info":
        logging.getLogger(ACCESS).setLevel(logging.WARNING)
    # They warn of each attempt to reach a server or a model; what comes of it is said by us.
    for name in WORDY:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.captureWarnings(True)
