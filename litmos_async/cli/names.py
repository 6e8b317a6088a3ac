"""Names that are typed, and the ids that they stand for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from litmos_async import LitmosClient
from litmos_async.bulk import Resolved
from litmos_async.errors import ConfigurationError

__all__ = ["ids_of"]


async def ids_of(litmos: LitmosClient, what: str, names: Sequence[str], option: str) -> list[str]:
    """Return the ids of things that were named.

    Args:
        litmos: The client.
        what: What they are: "course", "team", "user" or "path".
        names: Codes, names or ids.
        option: What stood before a name on the command line, for the error.

    Raises:
        ConfigurationError: A name stands for nothing, or for several things.
    """
    bulk = litmos.bulk
    resolve: dict[str, Callable[..., Awaitable[Resolved]]] = {
        "course": bulk.resolve_courses,
        "team": bulk.resolve_teams,
        "user": bulk.resolve_users,
        "path": bulk.resolve_learning_paths,
    }
    found = await resolve[what](names)
    for name in names:
        if name not in found.ids:
            raise ConfigurationError(f"{option}{name}: {found.problems[name]}")
    return [found.ids[name] for name in names]
