"""Traces and metrics of OpenTelemetry: needs `pip install "litmos-async[otel]"`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from litmos_async.events import Attempt, Event, JobEnded, PageRead, Pause, SlotWait
from litmos_async.version import __version__

try:
    from opentelemetry import trace
    from opentelemetry.metrics import MeterProvider, get_meter_provider
    from opentelemetry.trace import SpanKind, StatusCode, TracerProvider
except ModuleNotFoundError as problem:
    if (problem.name or "").partition(".")[0] != "opentelemetry":
        raise
    raise ModuleNotFoundError(
        'telemetry needs opentelemetry-api: pip install "litmos-async[otel]"', name=problem.name
    ) from problem

__all__ = ["Telemetry"]

_NAME: Final = "litmos_async"
_NANOSECONDS: Final = 1_000_000_000

# The boundaries that the semantic conventions give for `http.client.request.duration`.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
# Those who wait for the limit wait for up to a window of 60 s, and bulk work for minutes.
_WAIT_BUCKETS: Final = (0.005, 0.05, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)

_WAIT_SPAN: Final = "litmos.slot"

Attributes = dict[str, str | int]


class Telemetry:
    """Makes spans and metrics of events: a hook for `LitmosClient(on_event=...)`.

    ```python
    async with LitmosClient(on_event=Telemetry()) as litmos:
        ...
    ```

    Each attempt is a span, named by its operation ("users.get"), a child of the span in which the call was made,
    with the wait for its slot inside as "litmos.slot". Its attributes, and those of `http.client.request.duration`,
    are of the semantic conventions for HTTP clients; what these have no name for begins with `litmos.`:
    `litmos.slot.wait.duration`, `litmos.slot.used`, `litmos.pause.duration`, `litmos.list.rows`,
    `litmos.job.duration`, `litmos.job.items`. A job is a span named by its helper.

    There is no `url.full`, `url.path` or `url.query`: they hold ids and names.

    Spans are made when what they are about has ended, so nothing can be a child of them.

    Args:
        tracer_provider: Who makes the spans; the global one if None.
        meter_provider: Who makes the metrics; the global one if None.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = (tracer_provider or trace.get_tracer_provider()).get_tracer(_NAME, __version__)
        meter = (meter_provider or get_meter_provider()).get_meter(_NAME, __version__)
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._waits = meter.create_histogram(
            "litmos.slot.wait.duration",
            "s",
            "How long calls waited for a slot of the limit.",
            explicit_bucket_boundaries_advisory=_WAIT_BUCKETS,
        )
        self._slots = meter.create_gauge("litmos.slot.used", "{slot}", "Slots of the window that are taken.")
        self._pauses = meter.create_histogram(
            "litmos.pause.duration", "s", "Pauses after the server rejected a request."
        )
        self._rows = meter.create_counter("litmos.list.rows", "{row}", "Rows of lists that were read.")
        self._jobs = meter.create_histogram("litmos.job.duration", "s", "How long bulk jobs took.")
        self._items = meter.create_counter("litmos.job.items", "{item}", "Items of bulk jobs.")

    def __call__(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Attempt():
                self._attempt(event)
            case SlotWait():
                self._wait(event)
            case Pause():
                self._pauses.record(event.seconds)
            case PageRead():
                self._rows.add(event.rows, {"litmos.operation": event.operation})
            case JobEnded():
                self._job(event)

    def _attempt(self, event: Attempt) -> None:
        attributes: Attributes = {
            "http.request.method": event.method,
            "server.address": event.host,
            "server.port": event.port,
        }
        if event.status is not None:
            attributes["http.response.status_code"] = event.status
        error = "" if not event.error else str(event.status or event.error)
        if error:
            attributes["error.type"] = error
        self._requests.record(event.taken, attributes)
        self._slots.set(event.slots_used)
        of_span = attributes | {"litmos.lane": event.lane, "litmos.slot.used": event.slots_used}
        if event.attempt > 1:
            of_span["http.request.resend_count"] = event.attempt - 1
        self._span(
            event.operation,
            SpanKind.CLIENT,
            of_span,
            waited=event.waited,
            taken=event.taken,
            error=event.error,
        )

    def _wait(self, event: SlotWait) -> None:
        attributes: Attributes = {"litmos.lane": event.lane}
        if event.error:
            attributes["error.type"] = event.error
        self._waits.record(event.waited, attributes)
        if event.error:
            # No attempt follows, so this is all that there is of the call.
            self._span(
                event.operation,
                SpanKind.CLIENT,
                attributes,
                waited=event.waited,
                taken=0.0,
                error=event.error,
            )

    def _job(self, event: JobEnded) -> None:
        self._jobs.record(event.taken, {"litmos.job": event.job})
        counts = {
            "done": event.done,
            "failed": event.failed,
            "skipped": event.skipped,
            "unknown": event.unknown,
        }
        for status, number in counts.items():
            if number:
                self._items.add(number, {"litmos.job": event.job, "litmos.status": status})
        attributes: Attributes = {f"litmos.items.{status}": number for status, number in counts.items()}
        end = time.time_ns()
        span = self._tracer.start_span(
            event.job, attributes=attributes, start_time=end - _nanoseconds(event.taken)
        )
        if not event.complete:
            span.set_status(StatusCode.ERROR, "stopped")
        span.end(end)

    def _span(
        self,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, str | int],
        *,
        waited: float,
        taken: float,
        error: str,
    ) -> None:
        """Make a span that ends now, with the wait inside."""
        end = time.time_ns()
        sent = end - _nanoseconds(taken)
        begun = sent - _nanoseconds(waited)
        span = self._tracer.start_span(name, kind=kind, attributes=attributes, start_time=begun)
        within = trace.set_span_in_context(span)
        self._tracer.start_span(_WAIT_SPAN, context=within, start_time=begun).end(sent)
        if error:
            span.set_status(StatusCode.ERROR, error)
        span.end(end)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * _NANOSECONDS)
