"""Who asks: tenant, agent, scopes, spaces with roles; and the one predicate of who may read and write."""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from app.domain.errors import InsufficientScope, Invalid, NotFound, Unauthorized
from app.domain.quotas import Quotas
from app.domain.space_settings import SpaceSettings

# What a filter token looks like: lower case, alphanumeric, ending in a digit, so that no analyzer splits or stems it.
ALL_AGENTS = "all0"


class Role(StrEnum):
    """What a member may do in a space."""

    ADMIN = "admin"
    MEMBER = "member"
    READER = "reader"

    def may_write(self) -> bool:
        """Whether the role may add or change memories."""
        return self is not Role.READER

    def may_administer(self) -> bool:
        """Whether the role may change the space itself."""
        return self is Role.ADMIN


class Scope(StrEnum):
    """What a key may be used for."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class SpaceAccess(msgspec.Struct, frozen=True):
    """A space the principal belongs to."""

    id: str
    space_key: str
    kind: str
    role: Role
    settings: SpaceSettings = SpaceSettings()


class AgentGroup(msgspec.Struct, frozen=True):
    """A named set of agents of one tenant; what is `shared:<name>` is visible to them."""

    name: str
    agents: list[str]


class Principal(msgspec.Struct, frozen=True):
    """Who asks; every query takes its spaces and its visibility tokens."""

    tenant_id: str
    key_id: str
    key_hashes: list[str]
    scopes: list[Scope]
    spaces: list[SpaceAccess]
    groups: list[AgentGroup]
    agent_id: str = ""
    # The one agent a key was made for; nobody can act as another one with it.
    bound_agent: str = ""
    # What an account may keep that has no quotas of its own.
    quotas: Quotas = Quotas()

    def acting_as(self, agent_id: str) -> Principal:
        """The same principal as a named agent, as far as the key allows; '' changes nothing."""
        return msgspec.structs.replace(self, agent_id=self.bound_agent or agent_id or self.agent_id)

    @property
    def space_keys(self) -> list[str]:
        """The keys of all spaces the principal may read."""
        return [space.space_key for space in self.spaces]

    @property
    def writable_keys(self) -> list[str]:
        """The keys of all spaces the principal may write to."""
        return [space.space_key for space in self.spaces if space.role.may_write()]

    @property
    def visible(self) -> list[str]:
        """The visibility tokens of what this agent may see: everybody's, its own, its groups'."""
        own = agent_token(self.tenant_id, self.agent_id)
        groups = [group_token(self.tenant_id, group.name) for group in self.groups if self.agent_id in group.agents]
        return [ALL_AGENTS, own, *groups]

    def personal_space(self) -> SpaceAccess:
        """The space made with the tenant. Raises NotFound if the tenant has none."""
        for space in self.spaces:
            if space.id == f"personal/{self.tenant_id}":
                return space
        raise NotFound("no personal space")

    def canonical_space_id(self, given: str) -> str:
        """A space id in the form we store: slash instead of colon, the public handle instead of a key of the tenant."""
        kind, slash, name = given.replace(":", "/", 1).partition("/")
        if kind == "personal" and key_hash(name) in self.key_hashes:
            name = self.tenant_id
        return f"{kind}{slash}{name}"

    def space(self, given: str) -> SpaceAccess:
        """The space with this id. Raises NotFound when there is none or the principal is no member: the same answer."""
        wanted = self.canonical_space_id(given)
        for space in self.spaces:
            if space.id == wanted:
                return space
        raise NotFound("no such space")

    def space_id(self, space_key: str) -> str:
        """The id of a space of the principal. Raises NotFound when it is none."""
        for space in self.spaces:
            if space.space_key == space_key:
                return space.id
        raise NotFound("no such space")

    def writable_space(self, given: str | None) -> SpaceAccess:
        """The named space, or the personal one. Raises NotFound for a foreign space, Unauthorized for a reader."""
        space = self.space(given) if given else self.personal_space()
        self.require_writable(space.space_key)
        return space

    def settings_of(self, space_key: str) -> SpaceSettings:
        """The settings of a space by its key; the defaults for one the principal is not in."""
        return next((space.settings for space in self.spaces if space.space_key == space_key), SpaceSettings())

    def require_writable(self, space_key: str) -> None:
        """Raises Unauthorized when the role in this space does not allow writing."""
        if space_key not in self.writable_keys:
            raise Unauthorized("your role in this space does not allow writing")

    def readable_spaces(self, given: str | None) -> list[str]:
        """The keys of the spaces a comma list names, without foreign ones; none or `all` means every one."""
        if not given or given.strip() == "all":
            return self.space_keys
        wanted = {self.canonical_space_id(part.strip()) for part in given.split(",")}
        return [space.space_key for space in self.spaces if space.id in wanted]

    def require(self, scope: Scope) -> None:
        """Raises InsufficientScope when the key was made without this scope."""
        if scope not in self.scopes:
            raise InsufficientScope(f"this key lacks the scope {scope}")


class Visibility(msgspec.Struct, frozen=True):
    """Which agents of a space see a memory: the words on the wire and the token that queries compare."""

    words: str
    token: str


def parse_visibility(principal: Principal, words: str | None) -> Visibility:
    """`global`, `private` or `shared:<group>`. Raises Invalid for anything else and for an unknown group."""
    match (words or "global").partition(":"):
        case ("global", "", ""):
            return Visibility("global", ALL_AGENTS)
        case ("private", "", ""):
            return Visibility("private", agent_token(principal.tenant_id, principal.agent_id))
        case ("shared", ":", name) if name in {group.name for group in principal.groups}:
            return Visibility(f"shared:{name}", group_token(principal.tenant_id, name))
        case ("shared", ":", name):
            raise Invalid(f"visibility names the agent group {name!r}, which does not exist")
        case _:
            raise Invalid("visibility must be global, private or shared:<group>")


def key_hash(key: str) -> str:
    """SHA-256 of a key in hexadecimal; keys have 192 random bits, so no salt is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def agent_token(tenant_id: str, agent_id: str) -> str:
    """The visibility token of one agent of one tenant."""
    return "a" + _digest(tenant_id, agent_id) + "0"


def group_token(tenant_id: str, name: str) -> str:
    """The visibility token of one agent group of one tenant."""
    return "g" + _digest(tenant_id, name) + "0"


def filter_token(prefix: str, value: str) -> str:
    """A value as one token of the text index: letters of the field, a digest, a final digit."""
    return prefix + _digest(prefix, value) + "0"


def _digest(*parts: str) -> str:
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]
