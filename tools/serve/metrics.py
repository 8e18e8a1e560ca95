"""The service's Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class ServiceMetrics:
    """Counts of one application, in a registry of its own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter("requests", "Requests by path and status", ["path", "status"], registry=registry)
        self.seconds = Histogram("request_seconds", "Time from request to response", ["path"], registry=registry)
        self.batch = Histogram("batch_texts", "Texts in a pass", buckets=[1, 2, 4, 8, 16, 32, 64], registry=registry)
        self.waiting = Gauge("waiting_texts", "Texts that wait for a pass", registry=registry)
        self._registry = registry

    def observe(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(path, status).inc()
        self.seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all in Prometheus' text form."""
        return generate_latest(self._registry)
