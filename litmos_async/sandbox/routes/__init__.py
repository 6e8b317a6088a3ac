"""The operations of the service, one module a family."""

from __future__ import annotations

from typing import Final

from litmos_async.sandbox.routes import (
    activities,
    bulk_imports,
    collections,
    courses,
    listings,
    modules,
    org,
    results,
    session_people,
    sessions,
    team_learning,
    teams,
    tokens,
    user_learning,
    users,
)

# A route with a fixed word must stand before one that takes anything in its place.
TABLES: Final = (
    user_learning.routes,
    users.routes,
    courses.routes,
    team_learning.routes,
    teams.routes,
    results.routes,
    bulk_imports.routes,
    modules.routes,
    session_people.routes,
    sessions.routes,
    org.routes,
    activities.routes,
    tokens.routes,
    collections.routes,
    listings.routes,
)
"""The tables of all operations, in the order in which they are tried."""
