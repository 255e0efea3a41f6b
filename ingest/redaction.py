"""Takes out what a user marked as private, and secrets that have the form of one; here text becomes `SafeText`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from app.domain.errors import Invalid
from app.domain.space_settings import SecretPolicy
from app.domain.texts import SafeText
from ingest.card_numbers import find_cards
from ingest.secret_keys import Found, find_keys

Finder = Callable[[str], Iterable[Found]]

MARKER = "[REDACTED]"
# A secret that was not marked is replaced by its kind, so that a reader knows what to ask for elsewhere.
MARKERS = re.compile(r"\[REDACTED(?::[a-z-]+)?\]")
BLOCKED = "this space refuses secrets; leave it out, mark it as <private>, or change the setting `secrets` of the space"

# What shows as nothing: soft hyphen, joiners, marks of direction, byte order mark, variation selectors.
_NOTHING = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff"
_INVISIBLE = re.compile(f"[{_NOTHING}]")
_BLANKS = rf"[\s{_NOTHING}]*+"
# Letters, digits and signs of keys as a Chinese keyboard gives them in full width, and what they stand for.
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_NARROW = {code: code - 0xFEE0 for code in range(ord("！"), ord("～") + 1)}
# Full-width letters, and the brackets a Chinese keyboard gives for < and >, are the same tag to the one who typed it.
_NAME = f"[{_NOTHING}]*+".join(("[pｐ]", "[rｒ]", "[iｉ]", "[vｖ]", "[aａ]", "[tｔ]", "[eｅ]"))
# A tag of one form is not closed by the other: text in a private span may quote an escaped tag.
_FORMS = {
    "literal": ("[<＜〈《]", "[>＞〉》]"),
    "escaped": (
        r"(?:&(?:amp;)*+lt;|&(?:amp;)*+#0*+60;|&(?:amp;)*+#x0*+3c;|\\u003c)",
        r"(?:&(?:amp;)*+gt;|&(?:amp;)*+#0*+62;|&(?:amp;)*+#x0*+3e;|\\u003e)",
    ),
}


def _tag_pattern(form: str, left: str, right: str) -> str:
    """Matches an opening tag up to its name, so that one without its last bracket hides text too; a closing tag whole.

    Possessive repeats, since a text of a million brackets and blanks must not make the search go back. Chinese text
    right after the name does not make it another name.
    """
    opening = rf"(?P<{form}_opening>{_NAME}(?![A-Za-z0-9_-]))"
    closing = rf"(?P<{form}_closing>[/／]{_BLANKS}{_NAME}{_BLANKS}{right})"
    return rf"{left}{_BLANKS}(?:{opening}|{closing})"


_TAG = re.compile("|".join(_tag_pattern(form, *brackets) for form, brackets in _FORMS.items()), re.IGNORECASE)


def redact(text: str, secrets: SecretPolicy = SecretPolicy.MARK, field: str = "content") -> SafeText:
    """Puts one marker for each outermost private span and each secret, and drops closing tags that close nothing.

    An unclosed tag hides the rest of the text: better to lose text than to leak it. Where the space blocks secrets,
    raises Invalid, which names the field and the kind of secret.
    """
    return _redact(text, (find_keys, find_cards), secrets, field)


def redact_id(text: str, secrets: SecretPolicy = SecretPolicy.MARK, field: str = "id") -> SafeText:
    """As `redact`, for ids that a client chose: a long number in one is no card, and two ids must not become one."""
    return _redact(text, (find_keys,), secrets, field)


def _redact(text: str, finders: Sequence[Finder], secrets: SecretPolicy, field: str) -> SafeText:
    shown = _without_private(text)
    if secrets is SecretPolicy.OFF:
        return SafeText(shown)
    found = _find_secrets(shown, finders)
    if found and secrets is SecretPolicy.BLOCK:
        raise Invalid(f"{field} holds what looks like {found[0].kind.words}", hint=BLOCKED)
    return SafeText(_with_markers(shown, found))


def is_empty(text: SafeText) -> bool:
    """Whether nothing is left but markers and blanks."""
    return not MARKERS.sub("", text).strip()


def _without_private(text: str) -> str:
    kept: list[str] = []
    shown_from, depth, outermost = 0, 0, ""
    for tag in _TAG.finditer(text):
        form, _, kind = str(tag.lastgroup).partition("_")
        if depth == 0:
            kept.append(text[shown_from : tag.start()])
            kept.append(MARKER if kind == "opening" else "")
            outermost = form
        if form == outermost:
            depth = max(depth + (1 if kind == "opening" else -1), 0)
            shown_from = tag.end()
    return "".join(kept) + ("" if depth else text[shown_from:])


def _find_secrets(text: str, finders: Sequence[Finder]) -> list[Found]:
    """The secrets in the order of the text, also those written in full width or with invisible characters in them."""
    read = text.translate(_NARROW) if _WIDE.search(text) else text
    if not _INVISIBLE.search(read):
        return sorted(one for find in finders for one in find(read))
    kept = [place for place, character in enumerate(read) if not _INVISIBLE.match(character)]
    visible = "".join(read[place] for place in kept)
    found = sorted(one for find in finders for one in find(visible))
    return [Found(kept[one.start], kept[one.end - 1] + 1, one.kind) for one in found]


def _with_markers(text: str, found: Sequence[Found]) -> str:
    """The text with a marker for each secret; of overlapping ones one marker hides both."""
    shown: list[str] = []
    hidden_to = 0
    for one in found:
        if one.start >= hidden_to:
            shown += [text[hidden_to : one.start], f"[REDACTED:{one.kind.name}]"]
        hidden_to = max(hidden_to, one.end)
    return "".join(shown) + text[hidden_to:]
