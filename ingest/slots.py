"""Who has which value of which attribute: what the readings of both languages give."""

from __future__ import annotations

import re
from typing import NamedTuple

# The subject of who speaks, before it becomes a name.
SELF = "I"


class Slot(NamedTuple):
    """A subject (`I` for the speaker, '' when the clause has none), an attribute and its value as it is written."""

    subject: str
    attribute: str
    value: str


class Reading(NamedTuple):
    """A way to state an attribute; the pattern has the groups `s` and `v`."""

    attribute: str
    pattern: re.Pattern[str]
