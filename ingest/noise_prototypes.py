"""Typical noise in English by family: what a short message is compared with by meaning when no pattern knows it.

There are none in Chinese: to the bundled model everything Chinese is alike, and facts came as close to noise as noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from app.domain.texts import SafeText, is_mostly_cjk
from ingest.noise import is_anchored, is_asserting

# The model that the cosines below were measured with; another one has another scale.
MEASURED_MODEL = "all-MiniLM-L6-v2"
# Greetings and thanks are like little that is worth remembering: of 600 lines worth keeping, without those that name
# something or speak of their speaker, none came above 0.51. Families with a topic are like facts about that:
# "Heartbeat checks are too frequent" is 0.78 to a heartbeat.
SOCIAL_COSINE, TOPICAL_COSINE = 0.60, 0.85
SOCIAL = ("greeting", "ack", "refusal", "meta")

_PHRASES = {
    "greeting": """
        Hello, how are you today? | Good morning everyone | Hi there, nice to meet you | Good night, talk to you later
        Goodbye, see you soon | Long time no see, how have you been? | Hey, what's up? | Welcome back!
        Have a great weekend, everyone | I'm heading out, take care
    """,
    "ack": """
        Thank you very much for your help | Okay, that sounds good to me | Great, that works perfectly
        Got it, that makes sense | Yes, please go ahead | Perfect, that's exactly what I wanted
        No problem, don't worry about it | I agree, let's do it | Awesome, thanks a lot | Never mind, it's fine
    """,
    "heartbeat": """
        Are you still there? | This is just a connection test, please ignore it | Ping, are you alive?
        Can you hear me? | Heartbeat check, everything is running | Just testing whether you respond
        Keep-alive message, no reply needed | Test message, one two three
    """,
    "refusal": """
        I'm sorry, I don't have any information about that | I have no record of that in my memory
        I don't know anything about this topic | I could not find anything about it in my notes
        Unfortunately I have no details about that | I don't recall you mentioning that
    """,
    "meta": """
        What do you remember about me? | Do you remember what I told you before? | Did you save what I said?
        Show me all the memories you have stored | What do you know about me? | How does your memory work?
        Can you recall our last conversation? | How much do you remember of our chats?
    """,
    "diagnostic": """
        The search returned no results | No matching entries were found | Query finished, zero matches
        The memory store is connected and healthy | The index is up to date | Lookup finished without results
    """,
    "smalltalk": """
        The weather is so nice today | It's raining again outside | I'm so tired today | I can't wait for the weekend
        Haha, that's so funny | I'm really hungry right now | Time flies so fast | I could sleep all day
    """,
}
PROTOTYPES = [
    (family, phrase.strip())
    for family, table in _PHRASES.items()
    for line in table.strip().splitlines()
    for phrase in line.split("|")
]


def may_resemble(text: SafeText, model: str) -> bool:
    """Whether a text may be compared with prototypes: short, with nothing of its own, by a model that was measured."""
    return model == MEASURED_MODEL and not (is_mostly_cjk(text) or is_anchored(text) or is_asserting(text))


def prototype_family(embedding: Sequence[float], prototypes: Sequence[Sequence[float]]) -> str | None:
    """The family of the closest prototype, given the vectors of all in order; None when none is close enough."""
    cosines = [sum(map(mul, embedding, prototype)) for prototype in prototypes]
    closest = max(range(len(cosines)), key=cosines.__getitem__)
    family = PROTOTYPES[closest][0]
    return family if cosines[closest] >= (SOCIAL_COSINE if family in SOCIAL else TOPICAL_COSINE) else None
