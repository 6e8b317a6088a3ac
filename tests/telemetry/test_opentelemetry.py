"""Spans and metrics, read back from memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from litmos_async import LitmosClient, RateLimit, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.telemetry import Telemetry
from litmos_async.testing import run_virtual
from litmos_async.transport import mounted

KEY = "marker-key-71c9"
NAME = "marker.person@example.com"


class Collector:
    """Keeps spans and metrics in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.hook = Telemetry(tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All spans that have ended."""
        return self.exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    def metrics(self) -> dict[str, list[Any]]:
        """Return the points of each metric."""
        data = self.reader.get_metrics_data()
        assert data is not None
        [resource] = data.resource_metrics
        [scope] = resource.scope_metrics
        return {metric.name: list(metric.data.data_points) for metric in scope.metrics}


def run(collector: Collector, work: Any, faults: tuple[Fault, ...] = ()) -> Sandbox:
    """Run calls against a sandbox with 2 requests in a minute."""
    tenant = Tenant.example(users=5)
    tenant.add_user(UserName=NAME, FirstName="Marker", LastName="Person")
    sandbox = Sandbox(tenant, api_key=KEY, requests=2)
    for fault in faults:
        sandbox.faults.add(fault)

    async def main() -> None:
        async with LitmosClient(
            KEY,
            "tests",
            base_url="http://127.0.0.1/v1.svc",
            transport=mounted(sandbox.app),
            rate_limit=RateLimit(requests=2),
            on_event=collector.hook,
        ) as litmos:
            with collector.tracers.get_tracer("tests").start_as_current_span("visit"):
                await work(litmos)

    run_virtual(main())
    return sandbox


def test_spans_are_named_by_operation_with_the_wait_inside() -> None:
    """Three calls on two slots: the third waits for a minute, which its span shows."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        for _ in range(3):
            await litmos.users.get(NAME)

    run(collector, work)
    [visit] = collector.named("visit")
    calls = collector.named("users.get")
    waits = collector.named("litmos.slot")
    assert len(calls) == len(waits) == 3
    for call, wait in zip(sorted(calls, key=_length), sorted(waits, key=_length), strict=True):
        assert call.kind is SpanKind.CLIENT
        assert call.parent is not None
        assert call.parent.span_id == visit.context.span_id
        assert wait.parent is not None
        assert wait.start_time >= call.start_time
        assert wait.end_time <= call.end_time
        assert call.attributes is not None
        assert call.attributes["http.request.method"] == "GET"
        assert call.attributes["http.response.status_code"] == 200
        assert (call.attributes["server.address"], call.attributes["server.port"]) == ("127.0.0.1", 80)
        assert "error.type" not in call.attributes
    assert {wait.parent.span_id for wait in waits if wait.parent} == {call.context.span_id for call in calls}
    assert _length(max(waits, key=_length)) >= 59.9


def _length(span: ReadableSpan) -> float:
    assert span.end_time is not None
    assert span.start_time is not None
    return (span.end_time - span.start_time) / 1e9


def test_repeats_and_errors() -> None:
    """Each attempt is a span; one that failed says so, and a later one how many went before."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        await litmos.users.get(NAME)
        with pytest.raises(errors.NotFound):
            await litmos.users.get("marker.nobody@example.com")

    run(collector, work, (Fault(drop=True),))
    lost, good, missing = collector.named("users.get")
    assert lost.attributes is not None
    assert lost.attributes["error.type"] == "NetworkError"
    assert lost.status.status_code is StatusCode.ERROR
    assert good.attributes is not None
    assert good.attributes["http.request.resend_count"] == 1
    assert good.status.status_code is StatusCode.UNSET
    assert missing.attributes is not None
    assert missing.attributes["error.type"] == "404"


def test_metrics_by_the_semantic_conventions() -> None:
    """The duration of requests has the name, unit and attributes of the conventions."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        await litmos.users.get(NAME)
        courses = await litmos.courses.list().collect()
        users = [user.id async for user in litmos.users.list()]
        pairs = [(user, courses[0].id) for user in users]
        await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run()

    sandbox = run(collector, work, (Fault(status=503),))
    metrics = collector.metrics()
    requests = metrics["http.client.request.duration"]
    assert sum(point.count for point in requests) == len(sandbox.requests)
    assert {frozenset(point.attributes) for point in requests} == {
        frozenset(("http.request.method", "http.response.status_code", "server.address", "server.port")),
        frozenset(
            (
                "http.request.method",
                "http.response.status_code",
                "server.address",
                "server.port",
                "error.type",
            )
        ),
    }
    assert requests[0].explicit_bounds[0] == 0.005
    assert sum(point.count for point in metrics["litmos.slot.wait.duration"]) == len(sandbox.requests)
    assert [point.count for point in metrics["litmos.pause.duration"]] == [1]
    rows = {point.attributes["litmos.operation"]: point.value for point in metrics["litmos.list.rows"]}
    assert rows == {"courses.list": 12, "users.list": 6}
    [items] = metrics["litmos.job.items"]
    assert (items.value, items.attributes["litmos.status"]) == (6, "done")
    [job] = collector.named("assign_courses_to_users")
    assert _length(job) > 60


def test_a_call_that_gets_no_slot() -> None:
    """There is no attempt: the call is a span all the same, which says why."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        await litmos.users.get(NAME)
        await litmos.users.get(NAME)
        waiting = asyncio.ensure_future(litmos.courses.list())
        await asyncio.sleep(5)
        waiting.cancel()
        await asyncio.wait([waiting])

    run(collector, work)
    [call] = collector.named("courses.list")
    assert call.attributes is not None
    assert call.attributes["error.type"] == "CancelledError"
    assert "http.request.method" not in call.attributes
    assert call.status.status_code is StatusCode.ERROR
    assert _length(call) == pytest.approx(5)
    waits = {
        point.attributes.get("error.type"): point
        for point in collector.metrics()["litmos.slot.wait.duration"]
    }
    assert waits["CancelledError"].sum == pytest.approx(5)


def test_a_job_that_is_stopped() -> None:
    """Its span is an error."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        [course] = (await litmos.courses.list(page_size=1)).items
        pairs = [(f"nobody{number}", course) for number in range(3)]
        job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, stop_after_failures=1)
        assert (await job.run()).stopped

    run(collector, work)
    [job] = collector.named("assign_courses_to_users")
    assert (job.status.status_code, job.status.description) == (StatusCode.ERROR, "stopped")


def test_an_event_that_it_does_not_know() -> None:
    """More kinds may come: it passes over them."""
    collector = Collector()
    unknown: Any = object()
    collector.hook(unknown)
    assert not collector.spans


def test_nothing_secret() -> None:
    """No key, id, name or query is in any span or metric."""
    collector = Collector()

    async def work(litmos: LitmosClient) -> None:
        await litmos.users.list(search=NAME).collect()
        await litmos.users.get(NAME)
        with pytest.raises(errors.NotFound):
            await litmos.request("GET", "/users/marker.nobody")

    sandbox = run(collector, work)
    text = "".join(span.to_json() for span in collector.spans) + repr(collector.metrics())
    assert "users.list" in text
    assert "marker" not in text.lower()
    assert not [id for id in sandbox.tenant.users if id in text]
