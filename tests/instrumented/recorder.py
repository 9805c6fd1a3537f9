"""Spans and metrics kept in memory, and one server whose answer two clients read: ours and the peer's."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

__all__ = ('Recorder', 'answering')

_SECONDS = 'gen_ai.client.operation.time_to_first_chunk'
_AS_JSON = ('gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.system_instructions', 'gen_ai.tool.definitions')


@dataclass
class Recorder:
    """What was recorded, in plain values that can be compared: no ids and no times."""

    sampler: Sampler | None = None
    spans: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracer_provider = TracerProvider(self.sampler) if self.sampler else TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.meter_provider = MeterProvider([self.reader])

    @property
    def providers(self) -> dict[str, Any]:
        return {'tracer_provider': self.tracer_provider, 'meter_provider': self.meter_provider}

    def traced(self) -> list[dict[str, Any]]:
        """The spans in the order of their ends, each as a dict."""
        return [_span(span, self._names()) for span in self.spans.get_finished_spans()]

    def _names(self) -> dict[int, str]:
        return {span.context.span_id: span.name for span in self.spans.get_finished_spans() if span.context}

    def metrics(self) -> dict[str, Any]:
        """The metrics by name; of a time only that there is one."""
        data = self.reader.get_metrics_data()
        found = [m for r in (data.resource_metrics if data else ()) for s in r.scope_metrics for m in s.metrics]
        return {metric.name: _metric(metric) for metric in found}

    def everything(self) -> str:
        """All that was recorded, as one text to search."""
        data = self.reader.get_metrics_data()
        return '\n'.join(
            [*(span.to_json() for span in self.spans.get_finished_spans()), data.to_json() if data else '']
        )


def _span(span: Any, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        'name': span.name,
        'kind': span.kind.name,
        'parent': names.get(span.parent.span_id, 'another') if span.parent else None,
        'status': (span.status.status_code.name, span.status.description),
        'attributes': {name: _value(name, value) for name, value in span.attributes.items()},
        'events': [(event.name, _event(event.attributes)) for event in span.events],
    }


def _value(name: str, value: Any) -> Any:
    if name in (_SECONDS, 'server.port'):  # which differ with every run
        return value > 0
    is_json = name in _AS_JSON or name in ('logfire.json_schema', 'model_request_parameters')
    return json.loads(value) if is_json else value


def _event(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An exception without the words and the lines of whoever raised it, and without its module."""
    kept = {name: value for name, value in attributes.items() if name != 'exception.stacktrace'}
    trace = attributes.get('exception.stacktrace')
    return {**kept, 'exception.type': kept['exception.type'].rpartition('.')[2], 'has_stacktrace': bool(trace)}


def _metric(metric: Any) -> dict[str, Any]:
    points = [
        {
            'attributes': dict(point.attributes),
            'sum': point.sum if metric.name != _SECONDS else point.sum > 0,
            'count': point.count,
            'bounds': list(point.explicit_bounds),
        }
        for point in metric.data.data_points
    ]
    kind = type(metric.data).__name__
    key = repr  # the order of points is the SDK's own business
    return {
        'unit': metric.unit,
        'description': metric.description,
        'kind': kind,
        'points': sorted(points, key=lambda point: key(sorted(point['attributes'].items()))),
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    status: int
    kind: str
    content: bytes
    holds: bool

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get('content-length') or 0))
        self.send_response(self.status)
        self.send_header('content-type', self.kind)
        if not self.holds:
            self.send_header('content-length', str(len(self.content)))
            self.end_headers()
            self.wfile.write(self.content)
            return
        # In chunks as providers do: a client that waits for a whole buffer would else wait for more than there is.
        self.send_header('transfer-encoding', 'chunked')
        self.end_headers()
        self.wfile.write(b'%x\r\n%s\r\n' % (len(self.content), self.content))
        select.select([self.connection], [], [], 20)  # until the client closes it
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def answering(content: bytes, kind: str = 'text/event-stream', status: int = 200, holds: bool = False) -> Iterator[str]:
    """The address of a server on loopback that answers every POST with these bytes, and perhaps stays open."""
    handler = type('Handler', (_Handler,), {'status': status, 'kind': kind, 'content': content, 'holds': holds})
    server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_address[1]}'
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
