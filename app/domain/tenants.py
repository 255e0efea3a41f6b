"""Tenants, their API keys and their agent groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.memories import Instant, ShortText
from app.domain.principal import Scope

KEY_PREFIX = "omk_"
# So much of a key is shown in lists: enough to recognise it, too little to guess it.
SHOWN_KEY_CHARS = 10


class NewTenant(msgspec.Struct, frozen=True):
    """A sign-up; the name is optional, as hooks call it with `{}`."""

    name: ShortText = ""


class CreatedTenant(msgspec.Struct, frozen=True):
    """The only answer that carries the first key; `id` equals it, as the seed's clients expect."""

    id: str
    api_key: str
    status: str
    user_id: str


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A further key: what it may do, for which agent, until when."""

    scopes: list[str] | None = None
    agent_id: ShortText | None = None
    expires_at: Instant | None = None


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is stored, without its hash."""

    id: str
    prefix: str
    scopes: list[Scope]
    agent_id: str
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key in a list: its prefix only."""

    id: str
    prefix: str
    scopes: list[Scope]
    agent_id: str | None
    created_at: str
    last_used_at: str | None
    expires_at: str | None


class CreatedKey(KeyView, frozen=True, kw_only=True):
    """The only answer that carries this key."""

    api_key: str


class KeyList(msgspec.Struct, frozen=True):
    """All keys of a tenant that still work."""

    keys: list[KeyView]


class GroupMembers(msgspec.Struct, frozen=True):
    """The agents of a group."""

    agents: Annotated[list[ShortText], Meta(max_length=1000)]


class KeyUse(msgspec.Struct, frozen=True):
    """When a key was last used."""

    key_id: str
    at: datetime
