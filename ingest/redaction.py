"""Takes out what a user marked as private; the only module that makes `SafeText`."""

from __future__ import annotations

import re

from app.domain.texts import SafeText

MARKER = "[REDACTED]"

# Full-width letters, and the brackets a Chinese keyboard gives for < and >, are the same tag to the one who typed it.
_NAME = "[pｐ][rｒ][iｉ][vｖ][aａ][tｔ][eｅ]"
# A tag of one form is not closed by the other: text in a private span may quote an escaped tag.
_FORMS = {
    "literal": ("[<＜〈《]", "[>＞〉》]"),
    "escaped": (r"(?:&lt;|&#0*+60;|&#x0*+3c;|\\u003c)", r"(?:&gt;|&#0*+62;|&#x0*+3e;|\\u003e)"),
}


def _tag_pattern(form: str, left: str, right: str) -> str:
    """Matches an opening tag up to its name, so that one without its last bracket hides text too; a closing tag whole.

    Possessive repeats, since a text of a million brackets and blanks must not make the search go back.
    """
    opening = rf"(?P<{form}_opening>{_NAME}(?![\w-]))"
    closing = rf"(?P<{form}_closing>[/／]\s*+{_NAME}\s*+{right})"
    return rf"{left}\s*+(?:{opening}|{closing})"


_TAG = re.compile("|".join(_tag_pattern(form, *brackets) for form, brackets in _FORMS.items()), re.IGNORECASE)


def redact(text: str) -> SafeText:
    """Puts one marker for each outermost private span, and drops closing tags that close nothing.

    An unclosed tag hides the rest of the text: better to lose text than to leak it.
    """
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
    return SafeText("".join(kept) + ("" if depth else text[shown_from:]))


def is_empty(text: SafeText) -> bool:
    """Whether nothing is left but markers and blanks."""
    return not text.replace(MARKER, "").strip()
