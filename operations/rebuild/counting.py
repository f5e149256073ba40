"""Waits until the workers have counted all that there is."""

import time
from collections.abc import Callable, Iterator

from operations.audit import Sources, StoreUnreachableError, cluster_stats

_POLL_SECONDS = 0.5


def behind(sources: Sources, sleep: Callable[[float], None] = time.sleep) -> Iterator[int | None]:
    """How many records the workers have still to count, again and again until there are none.

    None while no worker answers for all partitions.
    """
    while True:
        try:
            stats = cluster_stats(sources.stats_urls)
        except StoreUnreachableError:
            yield None
        else:
            lag = sum(tally["lag"] for tally in stats["partitions"].values())
            if not lag:
                return
            yield lag
        sleep(_POLL_SECONDS)
