"""The leaders and admins of a team: who is one, and who becomes one or ends to be one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, Literal, TypeAlias

from attrs import frozen

from litmos_async.jobs.steps import ItemRequests
from litmos_async.models import UserSummary
from litmos_async.paging import Pages
from litmos_async.resources import Resources

__all__ = ["ROLES", "Role", "RoleChange", "RoleName", "carry_out", "holders", "requests"]

RoleName: TypeAlias = Literal["leaders", "admins"]

_ADD: Final = "POST /teams/{team_id}/users"


@frozen
class Role:
    """What a person can be in a team.

    Attributes:
        name: What those who are it are called.
        listed: Lists them.
        promote: Makes a member one.
        demote: Makes one a plain member again.
    """

    name: RoleName
    listed: Callable[[Resources, str], Pages[UserSummary]]
    promote: Callable[[Resources, str, str], Awaitable[None]]
    demote: Callable[[Resources, str, str], Awaitable[None]]

    @property
    def path(self) -> str:
        """The path of one of them."""
        return f"/teams/{{team_id}}/{self.name}/{{user_id}}"


ROLES: Final = (
    Role(
        "leaders",
        lambda litmos, team_id: litmos.teams.list_leaders(team_id),
        lambda litmos, team_id, user_id: litmos.teams.promote_leader(team_id, user_id),
        lambda litmos, team_id, user_id: litmos.teams.demote_leader(team_id, user_id),
    ),
    Role(
        "admins",
        lambda litmos, team_id: litmos.teams.list_admins(team_id),
        lambda litmos, team_id, user_id: litmos.teams.promote_admin(team_id, user_id),
        lambda litmos, team_id, user_id: litmos.teams.demote_admin(team_id, user_id),
    ),
)


@frozen
class RoleChange:
    """How the holders of a role in a team are to change.

    Attributes:
        role: The role.
        promoted: Ids of the people who become one.
        demoted: Ids of those who are one no longer.
    """

    role: Role
    promoted: tuple[str, ...] = ()
    demoted: tuple[str, ...] = ()


async def holders(litmos: Resources, role: Role, team_id: str) -> set[str]:
    """Return the ids of the people who have a role in a team; inactive people are never listed."""
    return {row.id async for row in role.listed(litmos, team_id)}


def requests(changes: tuple[RoleChange, ...]) -> tuple[str, ...]:
    """Return the requests that changes take, by verb and path."""
    return tuple(_requests(changes))


def _requests(changes: tuple[RoleChange, ...]) -> Iterator[str]:
    if any(change.promoted for change in changes):
        yield _ADD
    for change in changes:
        yield from [f"PUT {change.role.path}"] * len(change.promoted)
        yield from [f"DELETE {change.role.path}"] * len(change.demoted)


async def carry_out(
    requests: ItemRequests, team_id: str, changes: tuple[RoleChange, ...], so_far: str
) -> None:
    """Make people members, then what they are to be; those who are there already are passed over by the server.

    Args:
        requests: Makes the requests.
        team_id: The team.
        changes: What is to change.
        so_far: What was done of the item before, for the reason of its outcome.
    """
    newcomers = list(dict.fromkeys(user_id for change in changes for user_id in change.promoted))
    if newcomers:

        async def are_members(litmos: Resources) -> bool:
            members = {row.id async for row in litmos.teams.list_users(team_id)}
            return members.issuperset(newcomers)

        await requests.write(
            lambda litmos: litmos.teams.add_users(team_id, newcomers), are_members, so_far=so_far
        )
    for change in changes:
        for user_id in change.promoted:
            await _write(requests, change.role, team_id, user_id, so_far, held=True)
        for user_id in change.demoted:
            await _write(requests, change.role, team_id, user_id, so_far, held=False)


async def _write(
    requests: ItemRequests, role: Role, team_id: str, user_id: str, so_far: str, *, held: bool
) -> None:
    async def is_done(litmos: Resources) -> bool:
        return (user_id in await holders(litmos, role, team_id)) is held

    send = role.promote if held else role.demote
    await requests.write(lambda litmos: send(litmos, team_id, user_id), is_done, so_far=so_far)
