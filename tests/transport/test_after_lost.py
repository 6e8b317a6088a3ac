"""An error says whether an earlier attempt of its call may have been carried out."""

from __future__ import annotations

from typing import Any

import pytest

from litmos_async import RetryPolicy
from litmos_async.errors import ConfigurationError, LimiterUnavailable, LitmosError, NotFound, RateLimited
from litmos_async.sandbox import Fault
from litmos_async.testing import run_virtual
from tests.support.refusing import Away
from tests.support.sandboxes import bare, client


@pytest.mark.parametrize("error", [LimiterUnavailable, RateLimited, ConfigurationError])
@pytest.mark.parametrize(
    ("first", "after_lost"),
    [
        ({"after": True, "drop": True}, True),
        ({"drop": True}, True),  # these two cannot be told apart
        ({"status": 503}, False),
    ],
)
def test_where_there_is_no_slot_for_another_attempt(
    first: dict[str, Any], error: type[LitmosError], *, after_lost: bool
) -> None:
    """It is no answer to the attempt before."""
    sandbox = bare(users=1)
    sandbox.faults.add(Fault(**first))

    async def main() -> None:
        async with client(sandbox, limiter=Away({1}, error)) as litmos:
            (user,) = sandbox.tenant.users
            with pytest.raises(error) as caught:
                await litmos.users.delete(user)
            assert caught.value.after_lost == after_lost

    run_virtual(main())


def test_a_removal_that_was_repeated() -> None:
    """The 404 to the second attempt can mean that the first one removed it."""
    sandbox = bare(users=1)
    sandbox.faults.add(Fault(after=True, drop=True))

    async def main() -> None:
        async with client(sandbox, retry=RetryPolicy()) as litmos:
            (user,) = sandbox.tenant.users
            for after_lost in (True, False):
                with pytest.raises(NotFound) as caught:
                    await litmos.users.delete(user)
                assert caught.value.after_lost == after_lost

    run_virtual(main())
