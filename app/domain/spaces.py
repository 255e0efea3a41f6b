"""Spaces, their members and the invitations to them; who may do what there is decided by the role."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from app.domain.errors import Invalid, NotFound, Unauthorized
from app.domain.memories import MAX_NAME_CHARS, ShortText, parse_choice, timestamp
from app.domain.principal import Role
from app.domain.sharing_rules import Rule, RuleView, rule_view

# What the seed advertises in /v1/stats/config (contract 10.3); here they hold.
MAX_SPACES_PER_USER = 20
MAX_MEMBERS_PER_TEAM = 50
# An organization is read whole with its members, so it may not grow without bound either.
MAX_MEMBERS_PER_ORGANIZATION = 1_000


class SpaceKind(StrEnum):
    """What a space is for."""

    PERSONAL = "personal"
    TEAM = "team"
    ORGANIZATION = "organization"


# How the id of a space begins (contract 1.4).
PREFIXES = {SpaceKind.PERSONAL: "personal", SpaceKind.TEAM: "team", SpaceKind.ORGANIZATION: "org"}
MEMBER_LIMITS = {
    SpaceKind.PERSONAL: 1,
    SpaceKind.TEAM: MAX_MEMBERS_PER_TEAM,
    SpaceKind.ORGANIZATION: MAX_MEMBERS_PER_ORGANIZATION,
}


class Member(msgspec.Struct, frozen=True):
    """Somebody in a space, by the public handle."""

    user_id: str
    role: Role
    joined_at: datetime


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """A space as it is stored, with its members in the order they joined and its rules."""

    id: str
    space_key: str
    kind: SpaceKind
    name: str
    owner_id: str
    members: list[Member]
    rules: list[Rule]
    created_at: datetime
    updated_at: datetime

    def role_of(self, user_id: str) -> Role | None:
        """The role of a member; None for everybody else. The owner is an admin whatever the edge says."""
        if user_id == self.owner_id:
            return Role.ADMIN
        return next((member.role for member in self.members if member.user_id == user_id), None)

    def is_first_personal(self) -> bool:
        """Whether this is the space that was made with its tenant."""
        return self.id == f"{PREFIXES[SpaceKind.PERSONAL]}/{self.owner_id}"


class MemberView(msgspec.Struct, frozen=True):
    """A member on the wire."""

    user_id: str
    role: Role
    joined_at: str


class SpaceView(msgspec.Struct, frozen=True, kw_only=True):
    """A space on the wire (contract 2.4)."""

    id: str
    space_type: SpaceKind
    name: str
    owner_id: str
    members: list[MemberView]
    auto_share_rules: list[RuleView]
    created_at: str
    updated_at: str


class SpaceList(msgspec.Struct, frozen=True):
    """All spaces of the caller as an object, for clients that send a JSON content type (contract 8.2)."""

    spaces: list[SpaceView]
    total: int


class NewMember(msgspec.Struct, frozen=True):
    """Whom to add: a public handle or an API key, and as what."""

    user_id: ShortText
    role: str


MemberNames = Annotated[list[NewMember], Meta(max_length=MAX_MEMBERS_PER_ORGANIZATION)]


class NewSpace(msgspec.Struct, frozen=True, kw_only=True):
    """A space to create; whoever creates it owns it."""

    name: ShortText
    space_type: str
    members: MemberNames | None = None


class SpaceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What can be changed of a space."""

    name: ShortText | None = None


class RoleChange(msgspec.Struct, frozen=True):
    """The new role of a member."""

    role: str


class NewOwner(msgspec.Struct, frozen=True):
    """The member to whom a space is handed over: handle or API key."""

    user_id: ShortText


class NewOrganization(msgspec.Struct, frozen=True):
    """An organization to set up with its members (contract 9.9)."""

    name: ShortText
    members: MemberNames


class Deletion(msgspec.Struct, frozen=True):
    """What became of a space or an account, and the task that erases what lay there."""

    status: str
    task_id: str


class OrganizationMade(msgspec.Struct, frozen=True):
    """The organization; a member who is unknown or has a bad role is named, not an error."""

    space_id: str
    name: str
    members_added: int
    failed_members: list[str]


def space_view(space: Space) -> SpaceView:
    """The wire form of a space."""
    return SpaceView(
        id=space.id,
        space_type=space.kind,
        name=space.name,
        owner_id=space.owner_id,
        members=[MemberView(m.user_id, m.role, timestamp(m.joined_at)) for m in space.members],
        auto_share_rules=[rule_view(rule) for rule in space.rules],
        created_at=timestamp(space.created_at),
        updated_at=timestamp(space.updated_at),
    )


def parse_kind(given: str) -> SpaceKind:
    """The kind of a new space. Raises Invalid, which names the field."""
    return SpaceKind(parse_choice("space_type", given, SpaceKind, ""))


def parse_role(given: str) -> Role:
    """A role in any case. Raises Invalid, which names the field."""
    return Role(parse_choice("role", given, Role, ""))


def check_name(name: str) -> None:
    """Raises Invalid for a name of nothing but blanks."""
    if not name.strip():
        raise Invalid(f"name must have 1 to {MAX_NAME_CHARS} characters")


def require_admin(space: Space, user_id: str) -> None:
    """Raises NotFound for an outsider and Unauthorized for a member who is no admin."""
    role = space.role_of(user_id)
    if role is None:
        raise NotFound("no such space")
    if not role.may_administer():
        raise Unauthorized("only an admin of this space may do that")


def check_size(kind: SpaceKind, count: int) -> None:
    """Raises Invalid when a space of this kind cannot have so many members."""
    if count <= MEMBER_LIMITS[kind]:
        return
    if kind is SpaceKind.PERSONAL:
        raise Invalid("a personal space has no further members; create a team space to share")
    raise Invalid(f"a {kind} space has at most {MEMBER_LIMITS[kind]} members")


def check_owned(count: int) -> None:
    """Raises Invalid when somebody who owns so many spaces can own no further one."""
    if count >= MAX_SPACES_PER_USER:
        raise Invalid(f"a user owns at most {MAX_SPACES_PER_USER} spaces")
