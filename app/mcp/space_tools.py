"""Tools for spaces and for sharing memories between them, with the names and arguments of the seed's (contract 12)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from app.client import Client
from app.domain.sharing import Pull, Reshare, Share
from app.domain.spaces import NewMember, NewSpace
from app.mcp.tool import MemoryId, SpaceId, Tool, as_json

RoleName = Annotated[Literal["admin", "member", "reader"], Meta(description="admin changes the space, member writes.")]
UserId = Annotated[str, Meta(description="The public user_id of the user.")]


class FirstMember(msgspec.Struct, frozen=True):
    """A member that a space begins with."""

    user_id: UserId
    role: RoleName


class SpaceCreate(Tool, frozen=True, kw_only=True):
    """Create a space, to share memories with other users and agents: a team, or an organization that publishes."""

    name: Annotated[str, Meta(description="What the space is called.")]
    space_type: Literal["team", "organization"]
    members: Annotated[list[FirstMember], Meta(description="Who belongs to it from the beginning.")] | None = None

    async def run(self, client: Client) -> str:
        members = [NewMember(member.user_id, member.role) for member in self.members or []]
        made = await client.create_space(NewSpace(name=self.name, space_type=self.space_type, members=members))
        return f"Space created:\n{as_json(made)}"


class SpaceList(Tool, frozen=True, kw_only=True):
    """List the spaces you belong to, with their members."""

    is_reading: ClassVar[bool] = True

    async def run(self, client: Client) -> str:
        return as_json((await client.list_spaces()).spaces)


class SpaceAddMember(Tool, frozen=True, kw_only=True):
    """Add a user to a space."""

    space_id: SpaceId
    user_id: UserId
    role: RoleName

    async def run(self, client: Client) -> str:
        return f"Member added:\n{as_json(await client.add_member(self.space_id, NewMember(self.user_id, self.role)))}"


class MemoryShare(Tool, frozen=True, kw_only=True):
    """Share a memory with a space: a copy that knows where it comes from."""

    memory_id: MemoryId
    target_space: SpaceId

    async def run(self, client: Client) -> str:
        copy = await client.share_memory(self.memory_id, Share(target_space=self.target_space))
        return f"Memory shared:\n{as_json(copy)}"


class MemoryPull(Tool, frozen=True, kw_only=True):
    """Copy a memory of a shared space into your own."""

    memory_id: MemoryId
    source_space: SpaceId
    visibility: Annotated[str, Meta(description="Who sees the copy: global or private.")] | None = None

    async def run(self, client: Client) -> str:
        wanted = Pull(source_space=self.source_space, visibility=self.visibility)
        return f"Memory pulled:\n{as_json(await client.pull_memory(self.memory_id, wanted))}"


class MemoryReshare(Tool, frozen=True, kw_only=True):
    """Renew a shared copy with what its origin says now."""

    memory_id: MemoryId
    target_space: SpaceId | None = None

    async def run(self, client: Client) -> str:
        copy = await client.reshare_memory(self.memory_id, Reshare(target_space=self.target_space))
        return f"Memory reshared:\n{as_json(copy)}"
