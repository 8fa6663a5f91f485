"""Metrics for Prometheus: requests, times, rows, categories never seen, models read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from madaline._base.extras import load_extra

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of latencies."""

_BATCH_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)  # upper bounds of the histogram of batches

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_COUNTERS = {
    "requests": ("Requests by their HTTP status.", "endpoint", "status"),
    "rows": ("Rows predicted.", "model"),
    "unseen": (
        "Rows with a category, or only words, that training did not have.",
        *("model", "column"),
    ),
    "watched": ("Rows that the monitor of a model observed.", "model"),
    "unwatched": (
        "Rows that were not observed: they came too fast, or their key waits already.",
        "model",
    ),
    "alarms": ("Alarms of the monitor of a model, by what changed.", "model", "what"),
    "loads": ("Times that a model's file was read, by outcome.", "model", "outcome"),
}
"""What each counter counts, and its labels."""


@final
class Metrics:
    """What a server counts."""

    def __init__(self) -> None:
        library = load_extra("prometheus_client", extra="serve", purpose="madaline serve")
        registry = library.CollectorRegistry()
        self.unanswered = 0  # requests that had begun and were given up without an answer
        self._labeled: dict[tuple[Any, tuple[str, ...]], Any] = {}
        self._text: Callable[[], bytes] = lambda: library.generate_latest(registry)
        library.ProcessCollector(registry=registry)

        def made(kind: Any, name: str, text: str, *labels: str, **settings: Any) -> Any:
            return kind(f"madaline_{name}", text, labels, registry=registry, **settings)

        self._counters = {name: made(library.Counter, name, *of) for name, of in _COUNTERS.items()}
        text = "Seconds until a request was answered."
        self._seconds = made(
            library.Histogram, "request_seconds", text, "endpoint", buckets=_SECONDS
        )
        text = "Rows that were predicted together."
        self._batches = made(library.Histogram, "batch_rows", text, "model", buckets=_BATCH_ROWS)
        text = "1 where the newest file is broken, refused or gone, and an older model answers."
        self._outdated = made(library.Gauge, "outdated", text, "model")

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """Count something: the name is a key of `_COUNTERS`."""
        self._of(self._counters[name], *labels).inc(by)

    def request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.count("requests", endpoint, str(status))
        self._of(self._seconds, endpoint).observe(seconds)

    def predicted(self, model: str, n_rows: int, unseen: Mapping[str, int]) -> None:
        """Count rows that were predicted."""
        self.count("rows", model, by=n_rows)
        for column, number in unseen.items():
            self.count("unseen", model, column, by=number)

    def loaded(self, model: str, *, done: bool) -> None:
        """Count that a file was read, or could not be."""
        self.count("loads", model, "done" if done else "refused")
        self.outdated(model, not done)

    def outdated(self, model: str, is_outdated: bool) -> None:
        """Tell whether a model is older than its file, or has none."""
        self._outdated.labels(model).set(int(is_outdated))

    def batch_counter(self, model: str) -> Callable[[int], None]:
        """Return what counts the rows of each batch of a model."""
        observe: Callable[[int], None] = self._batches.labels(model).observe
        return observe

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return self._text()

    def _of(self, metric: Any, *labels: str) -> Any:
        """Return what counts under labels; to find it anew takes long beside one row."""
        key = (metric, labels)
        if key not in self._labeled:
            self._labeled[key] = metric.labels(*labels)
        return self._labeled[key]
