"""A small organisation with known ids, and a client to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import (
    ADA,
    BEN,
    FIRE_DRILL,
    LOGIN_KEY,
    NORTH,
    NOW,
    ONBOARDING,
    SAFETY,
    SALES,
    WELCOME,
    Client,
    reach,
)


@pytest.fixture
def tenant() -> Tenant:
    """Two people, two teams, two courses, one learning path."""
    tenant = Tenant(now=lambda: NOW)
    tenant.add_user(
        Id=ADA,
        UserName="ada.example@example.com",
        FirstName="Ada",
        LastName="Example",
        Email="ada.example@example.com",
        LastLogin=datetime(2024, 9, 20, 13, 0, 55, tzinfo=UTC),
        LoginKey=LOGIN_KEY,
        SkipFirstLogin=True,
        TimeZone="GMT Standard Time",
        JobTitle="R&D <lead>",
    )
    tenant.add_user(
        Id=BEN,
        UserName="b.sample",
        FirstName="Ben",
        LastName="O'Sample",
        Active=False,
        AccessLevel="Team_Leader",
        IsCustomUsername=True,
    )
    tenant.add_team(Id=SALES, Name="Sales", Description="All of sales")
    tenant.add_team(Id=NORTH, Name="Sales North", ParentTeamId=SALES)
    tenant.add_course(
        Id=SAFETY, Code="SAFE-01", Name="Safety & you", Description="How to leave a building", Tags="safety"
    )
    tenant.add_course(Id=WELCOME, Name="Welcome")
    tenant.add_module(SAFETY, Id=FIRE_DRILL, Name="Fire drill")
    tenant.add_learning_path(SAFETY, WELCOME, Id=ONBOARDING, Name="Onboarding")
    return tenant


@pytest.fixture
def sandbox(tenant: Tenant) -> Sandbox:
    """A sandbox around the small organisation, with no quota in the way."""
    return Sandbox(tenant, requests=10_000)


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    """A client that reaches the sandbox in process."""
    async with reach(sandbox) as client:
        yield client
