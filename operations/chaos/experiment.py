"""A chaos run: load → faults → settle → proof."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from pymongo import MongoClient

from operations import audit
from operations.chaos.client import Client, Ledger
from operations.chaos.faults import strike
from operations.chaos.monitor import Monitor
from operations.chaos.report import FaultReport, Report
from operations.chaos.schedule import Fault, draw
from operations.local.folder import Folder
from weather_tweets.settings import MongoSettings

CLIENTS = 24
RATE_PER_SECOND = 240.0
"""Enough that every partition gets tweets all the time, little enough that two cores are not the fault."""

_SETTLE_SECONDS = 90.0
_WARM_UP_SECONDS = 2.0


class _Struck(NamedTuple):
    fault: Fault
    target: str
    began_at: float
    """Of the load, not of the machine: seconds since it began."""
    moment: float


def run(
    folder: Folder,
    sources: audit.Sources,
    gateway: str,
    *,
    seconds: float,
    seed: int,
    on_fault: Callable[[Fault], None] = lambda _: None,
) -> Report:
    """Lets the faults of `seed` strike a running stack for `seconds`, under load, and proves the promise.

    Takes up to two minutes more until everything has settled. Raises `audit.StoreUnreachableError` if the
    stores do not agree to be read before or after, `ControlError` if the supervisor cannot do its share.
    """
    # It reports every attempt to reach a broker that we ourselves have killed.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    before = audit.audit(sources, wait_seconds=_SETTLE_SECONDS)
    known = _stored_ids(sources.mongo)
    ledger, monitor, struck = asyncio.run(_under_load(folder, sources, gateway, seconds, seed, on_fault))
    after = audit.audit(sources, wait_seconds=_SETTLE_SECONDS)
    stored = Counter(_stored_ids(sources.mongo))
    stored.subtract(known)
    ids = {id_ for id_, count in stored.items() if count > 0}
    counted = after.redis_total - before.redis_total
    return Report(
        seed=seed,
        acknowledged=len(ledger.acknowledged),
        stored=len(ids),
        lost=len(ledger.acknowledged - ids),
        duplicated=sum(count - 1 for count in stored.values() if count > 1) + max(0, counted - len(ids)),
        never_sent=len(ids - ledger.sent),
        wrong_ids=ledger.wrong_ids,
        unsettled=len(ledger.sent - ledger.acknowledged),
        repeats=after.repeats - before.repeats,
        agree=before.agree and after.agree,
        refusals=ledger.refusals,
        faults=[_recovery(one, ledger, monitor) for one in struck],
    )


async def _under_load(
    folder: Folder,
    sources: audit.Sources,
    gateway: str,
    seconds: float,
    seed: int,
    on_fault: Callable[[Fault], None],
) -> tuple[Ledger, Monitor, list[_Struck]]:
    client = Client(f"{gateway}/input", clients=CLIENTS, rate_per_second=RATE_PER_SECOND, seed=seed)
    monitor = Monitor(sources.kafka, sources.redis)
    watching = asyncio.create_task(monitor.run())
    sending = asyncio.create_task(client.run(_SETTLE_SECONDS))
    struck: list[_Struck] = []
    try:
        await asyncio.sleep(_WARM_UP_SECONDS)
        began = time.monotonic()
        for fault in draw(seed, seconds):
            await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
            on_fault(fault)
            target, moment = await strike(folder, fault)
            struck.append(_Struck(fault, target, moment - began, moment))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        client.stop()
        await sending
        await _all_settled(monitor)
    finally:
        for task in (sending, watching):
            task.cancel()
        await asyncio.gather(sending, watching, return_exceptions=True)
    return client.ledger, monitor, struck


async def _all_settled(monitor: Monitor) -> None:
    """Returns when all that was written is counted, so that the last faults' recovery has been seen too."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        await asyncio.sleep(0.5)
        if monitor.samples and monitor.samples[-1].ends == monitor.samples[-1].settled:
            return


def _recovery(struck: _Struck, ledger: Ledger, monitor: Monitor) -> FaultReport:
    def after(moment: float | None) -> float | None:
        return None if moment is None else round(moment - struck.moment, 2)

    return FaultReport(
        at=round(struck.began_at, 1),
        kind=struck.fault.kind,
        target=struck.target,
        seconds=struck.fault.seconds,
        accepting_after_seconds=after(ledger.accepting_since(struck.moment)),
        processing_after_seconds=after(monitor.processing_since(struck.moment)),
    )


def _stored_ids(settings: MongoSettings) -> list[str]:
    with MongoClient[dict[str, Any]](settings.url.get_secret_value()) as client:
        collection = client[settings.database][settings.collection]
        return [document["_id"] for document in collection.find({}, {"_id": 1}, batch_size=10_000)]
