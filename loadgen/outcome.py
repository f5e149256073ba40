"""What became of the requests: exact counts and latencies, mergeable over processes."""

import math
from collections import Counter
from typing import Any

# A latency is kept as its bucket's lower edge in units of 0.1 ms: exact to 0.1 ms below 100 ms, to 1 % above.
_FINE = 1000


def _bucket(seconds: float) -> int:
    tenths = round(seconds * 10_000)
    if tenths < _FINE:
        return tenths
    step: int = 10 ** (int(math.log10(tenths)) - 2)
    return tenths // step * step


class Outcome:
    """Counts of requests that were answered 202 or finally failed, the reasons, and how long each took."""

    def __init__(self) -> None:
        self.accepted = 0
        self.failures: Counter[str] = Counter()
        self._latencies: Counter[int] = Counter()
        self._first = math.inf
        self._last = -math.inf

    @property
    def failed(self) -> int:
        return self.failures.total()

    @property
    def requests(self) -> int:
        return self.accepted + self.failed

    @property
    def elapsed_seconds(self) -> float:
        """From the start of the first request to the end of the last one; 0 when there was none."""
        return max(0.0, self._last - self._first)

    def record(self, reason: str | None, started: float, ended: float) -> None:
        """Counts a request; `reason` is None when it was accepted. Times are seconds since the epoch."""
        if reason is None:
            self.accepted += 1
        else:
            self.failures[reason] += 1
        self._latencies[_bucket(ended - started)] += 1
        self._first = min(self._first, started)
        self._last = max(self._last, ended)

    def latency_ms(self, quantile: float) -> float:
        """The latency that the given part of the requests (0 … 1) did not exceed; 0 when there was none."""
        rank = math.ceil(quantile * self._latencies.total())
        for tenths, count in sorted(self._latencies.items()):
            rank -= count
            if rank <= 0:
                return tenths / 10
        return 0.0

    def to_message(self) -> dict[str, Any]:
        """A form that crosses process boundaries as JSON or MessagePack."""
        return {
            "accepted": self.accepted,
            "failures": dict(self.failures),
            "latencies": list(self._latencies.items()),
            "first": self._first,
            "last": self._last,
        }

    def add_message(self, message: dict[str, Any]) -> None:
        """Adds what another process recorded, as `to_message` gave it."""
        self.accepted += message["accepted"]
        self.failures.update(message["failures"])
        for bucket, count in message["latencies"]:
            self._latencies[bucket] += count
        self._first = min(self._first, message["first"])
        self._last = max(self._last, message["last"])

    def summary(self) -> dict[str, Any]:
        """Counts, rate and latency percentiles for a report; `ended_at` is when the last answer came."""
        elapsed = self.elapsed_seconds
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "failed": self.failed,
            "requests_per_second": round(self.requests / elapsed, 1) if elapsed else 0.0,
            "seconds": round(elapsed, 3),
            "ended_at": round(self._last, 3) if self.requests else None,
            "latency_ms": {f"p{q}": self.latency_ms(q / 100) for q in (50, 95, 99)},
            "failures": dict(self.failures.most_common()),
        }
