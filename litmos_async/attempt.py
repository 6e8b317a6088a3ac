"""One attempt to get an answer: how far it is, its end, and the body of the answer, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Mapping
from typing import Any, Final

from attrs import define, frozen

from litmos_async.errors import APIError, ConnectError, LitmosError, NetworkError, OutcomeUnknown
from litmos_async.hooks import Ending
from litmos_async.limits import Lease
from litmos_async.retry import Fault, GiveUp
from litmos_async.wire.codec import Request
from litmos_async.wire.inflate import PIECE, Inflater, coding_of
from litmos_async.wire.verdict import ERROR_BODY, Reply

_CONNECTING: Final = ("connect_tcp.", "start_tls.", "setup_socks5_connection.")
_ABOUT_TO_SEND: Final = frozenset({"connect_tcp.complete", "start_tls.complete"})
_CLOSING: Final = ("receive_response_body.complete", "response_closed.")


class SlotTooOld(Exception):
    """A reason to take another slot, not an error.

    Nothing was sent: the slot may have been given to another process by now.
    """


@define
class SendProgress:
    """How far httpcore is with an attempt. Other transports say nothing, and are taken to have sent it.

    Attributes:
        lease: The slot that the attempt uses.
        seconds: How old the slot may be when the request leaves.
        event: The last event, without the name of the layer that it comes from.
        to_proxy: Whether it is about what is said to a proxy before it connects us.
        too_old: Whether the slot was too old. A process that stood still finds its timeout over, too, and of the
            two errors only one arrives.
    """

    lease: Lease
    seconds: float
    event: str = ""
    to_proxy: bool = False
    too_old: bool = False
    _stream: Any = None

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow httpcore's events, such as `http11.send_request_headers.started`."""
        self.event = event.partition(".")[2]
        if "request" in info:
            self.to_proxy = getattr(info["request"], "method", b"") == b"CONNECT"
        match self.event:
            case "send_request_headers.started":
                self.about_to_send()
            case "setup_socks5_connection.started":
                self._stream = info["stream"]
            case "setup_socks5_connection.failed":
                # httpcore forgets this one, and only the garbage collector would close it.
                await self._stream.aclose()

    def about_to_send(self) -> None:
        """Look at the age of the slot, just before the bytes leave.

        A process that stood still in the meantime, paused or busy, holds a slot that a shared limiter has freed
        and given to another. A limiter of the user's own may not say when a slot was taken.

        Raises:
            SlotTooOld: The slot was taken longer ago than a request may take.
        """
        taken: object = getattr(self.lease, "taken", None)
        if isinstance(taken, int | float) and asyncio.get_running_loop().time() - taken > self.seconds:
            self.too_old = True
            raise SlotTooOld

    @property
    def connecting(self) -> bool:
        """Whether the connection is still being made, so that nothing of the request has left."""
        if self.event in _ABOUT_TO_SEND:
            return False
        return self.to_proxy or self.event.startswith(_CONNECTING)

    @property
    def indivisible(self) -> bool:
        """Between connecting and sending, or between the last byte and the return of the connection."""
        return self.event in _ABOUT_TO_SEND or self.event.startswith(_CLOSING)


def retrieve(sending: asyncio.Future[Any]) -> None:
    """Look at how an attempt ended that no caller waits for any more: else asyncio would report it."""
    if not sending.cancelled():
        sending.exception()


async def stop(sending: asyncio.Future[Any], progress: SendProgress) -> None:
    """See that an attempt that was given up leaves no connection in use.

    httpcore loses a connection for good if the request is cancelled in one of two moments, each a few turns of
    the loop long (encode/httpcore issues 1093 and 830): let them pass.
    """
    try:
        while progress.indivisible and not sending.done():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)
    finally:
        # Also where the caller is cancelled once more meanwhile.
        sending.cancel()
    if not sending.done():
        await asyncio.wait([sending])


async def read_body(
    stream: AsyncIterable[bytes], content_encoding: str, most: int, *, success: bool
) -> tuple[bytes, str]:
    """Return the decoded body of an answer, or why it cannot be read.

    Args:
        stream: The bytes as they come.
        content_encoding: The header.
        most: Decoded bytes at most.
        success: Whether all of it matters; of an error only the beginning is of interest, damaged or not.

    Raises:
        ValueError: The body is damaged.
    """
    coding = coding_of(content_encoding)
    if coding is None:
        return b"", "the answer is encoded in a way that was not asked for"
    inflater, body = Inflater(coding), bytearray()
    async for chunk in stream:
        for piece in inflater.pieces(chunk):
            if success and len(body) + len(piece) > most:
                return b"", f"the answer has more than {most:,} bytes (max_answer_bytes)"
            body += piece
            if not success and len(body) > ERROR_BODY:
                return bytes(body[:ERROR_BODY]), ""
            if len(piece) == PIECE:
                await asyncio.sleep(0)  # decoding is work, and others want to go on
    if not inflater.complete:
        raise ValueError("incomplete")
    return bytes(body), ""


async def holding(lease: Lease, work: Awaitable[None]) -> None:
    """Do something while a lease is held, and give it back if that fails."""
    try:
        await work
    except BaseException:
        lease.unused()
        raise


def final_error(error: NetworkError | APIError, facts: Mapping[str, Any], step: GiveUp) -> LitmosError:
    """Return what the caller gets."""
    describe(error, facts)
    if step is GiveUp.RAISE:
        return error
    unknown = OutcomeUnknown("no usable answer, and it may have been carried out")
    describe(unknown, facts)
    unknown.__cause__ = error
    return unknown


def facts_of(request: Request, attempts: int, host: str, region: str) -> dict[str, Any]:
    """Return what an error says of a call.

    Args:
        request: The call.
        attempts: How many were made.
        host: Where it goes.
        region: Whose host that is.
    """
    return {
        "operation": request.operation,
        "method": request.method,
        "path": request.path,
        "attempts": attempts,
        "host": host,
        "region": region,
    }


def no_young_slot(facts: Mapping[str, Any]) -> LitmosError:
    """Return the error of a call whose slots were too old, one after the other."""
    words = "this process was suspended so often that every slot was too old to be used"
    return final_error(ConnectError(words), facts, GiveUp.RAISE)


def describe(error: NetworkError | APIError | OutcomeUnknown, facts: Mapping[str, Any]) -> None:
    """Write the facts of a call into its error."""
    for name, value in facts.items():
        setattr(error, name, value)


@frozen
class Failure:
    """An attempt without success: what is known of its effect, and the error to raise if it stays so."""

    fault: Fault
    error: NetworkError | APIError
    retry_after: float | None = None


def note(ending: Ending, result: Reply | Failure | None) -> None:
    """Note how an attempt ended, for the hooks."""
    if isinstance(result, Reply):
        ending.status, ending.size = result.status, len(result.body)
    elif result is None:
        ending.sent = False
    else:
        error = result.error
        ending.status = error.status if isinstance(error, APIError) else None
        ending.error, ending.rejected = type(error).__name__, result.fault is Fault.REJECTED


def reason_of(
    kind: type[NetworkError], problem: Exception, clean: BaseException, seconds: float, *, timeout: bool
) -> str:
    """Say what went wrong, in one line, without the name of the error twice; `clean` has its words."""
    if timeout:
        return f"no {'connection' if kind is ConnectError else 'answer'} within {seconds:g} s"
    name, text = type(problem).__name__, " ".join(str(clean).split())
    text = text.removeprefix(name).removeprefix(": ") if type(clean) is not type(problem) else text
    return text if text and name == kind.__name__ else f"{name}: {text}".removesuffix(": ")
