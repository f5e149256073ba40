"""The whole way of a tweet, many times over: a swarm, and then every store counted for this run alone."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from operations import audit, swarm_run
from weather_tweets import processed

PATIENCE_SECONDS = 60.0
"""How long the stores may stand still before they are taken to have stopped short of agreeing."""

_LIVE_SECONDS = 2.0
_WATCH_SECONDS = 0.01


class Report(msgspec.Struct, frozen=True):
    """One demo in numbers; every count is of this run alone."""

    users: int
    requests: int
    accepted: int
    """Requests answered 202."""
    failed: int
    kafka: int
    """Records that the topic got."""
    dead: int
    mongo: int
    redis_total: int
    redis_countries: int
    tables: int
    live: int
    """Tweets that the live view got; best effort, and no part of `agree`."""
    requests_per_second: float
    latency_ms: dict[str, float]
    """`p50`, `p95`, `p99`: from a request to its answer, Kafka's acknowledgement included."""
    catch_up_seconds: float
    """From the last answer to the last store's agreeing."""
    agree: bool
    """Nothing failed, every store has exactly what was accepted, and the audit agrees."""


def run(
    sources: audit.Sources,
    gateway: str,
    *,
    tweets: int,
    users: int,
    data: Path,
    options: tuple[str, ...] = (),
    on_progress: Callable[[int], None] = lambda _: None,
    on_sent: Callable[[], None] = lambda: None,
) -> Report:
    """Sends the tweets and waits until the stores have them.

    `on_progress` is told how many are answered, `on_sent` when all are. Raises `audit.StoreUnreachableError`
    and `swarm_run.SwarmFailedError`.
    """
    before = audit.audit(sources)
    with _RedisTotal(sources) as total:
        summary = swarm_run.run(
            gateway, tweets=tweets, users=users, data=data, on_progress=on_progress, options=options
        )
        on_sent()
        caught_up_at = total.wait_for(before.redis_total + summary["accepted"], PATIENCE_SECONDS)
    after = _with_live(sources, before.live + summary["accepted"])
    return report(summary, before, after, caught_up_at)


def report(summary: dict[str, Any], before: audit.Counts, after: audit.Counts, caught_up_at: float) -> Report:
    """What the run made of the counts before it. `caught_up_at` is in seconds since the epoch."""
    accepted: int = summary["accepted"]
    grown = {
        name: getattr(after, name) - getattr(before, name)
        for name in ("kafka", "dead", "mongo", "redis_total", "redis_countries", "tables", "live")
    }
    of_stores = (grown[name] for name in ("kafka", "mongo", "redis_total", "redis_countries", "tables"))
    return Report(
        users=summary["users"],
        requests=summary["requests"],
        accepted=accepted,
        failed=summary["failed"],
        requests_per_second=summary["requests_per_second"],
        latency_ms=summary["latency_ms"],
        catch_up_seconds=round(max(0.0, caught_up_at - (summary["ended_at"] or caught_up_at)), 3),
        agree=after.agree and not summary["failed"] and all(count == accepted for count in of_stores),
        **grown,
    )


def _with_live(sources: audit.Sources, live: int) -> audit.Counts:
    """The audit; the live view, which promises nothing, gets a moment to catch up."""
    deadline = time.monotonic() + _LIVE_SECONDS
    while (counts := audit.audit(sources)).live < live and time.monotonic() < deadline:
        pass
    return counts


class _RedisTotal:
    """Watches the processed total in Redis, which a batch reaches after every other store."""

    def __init__(self, sources: audit.Sources) -> None:
        self._client: Redis = Redis.from_url(
            sources.redis.url.get_secret_value(), socket_timeout=audit.STORE_SECONDS
        )
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._total = 0
        self._since = time.time()
        self._thread = threading.Thread(target=self._watch, name="redis total", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._client.close()

    def wait_for(self, total: int, patience_seconds: float) -> float:
        """When the total got so high, in seconds since the epoch; now, if it has stood still for too long."""
        with self._changed:
            while self._total < total:
                if not self._changed.wait(patience_seconds):
                    return time.time()
            return self._since

    def _watch(self) -> None:
        while not self._over.wait(_WATCH_SECONDS):
            try:
                total = processed.total(self._client)
            except RedisError:
                continue
            if total != self._total:
                with self._changed:
                    self._total, self._since = total, time.time()
                    self._changed.notify_all()
