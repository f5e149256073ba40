"""`python -m bench.steady_process ORDER FILE`: runs the load (`steady`), writes its course to FILE."""

import asyncio
import itertools
import sys
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import uvloop
from pydantic import SecretStr

from bench.open_loop import OpenLoop
from bench.sample import TEXT
from bench.steady import Course, Order
from bench.watchers import Tallies, Viewer, places
from weather_tweets import countries
from weather_tweets.settings import KafkaSettings, MongoSettings

# More than the gateway's deadline for Kafka.
_ANSWER_SECONDS = 15.0
_COUNT_SECONDS = 60.0
_LAST_SECONDS = 1.0


class _Tweet(NamedTuple):
    id: str
    code: str
    request: bytes


async def _run(order: Order) -> Course:
    address = urlsplit(order.gateway)
    tweets = _tweets(order.per_second * order.seconds, address.netloc)
    client = OpenLoop(address.hostname or "", address.port or 80, [tweet.request for tweet in tweets])
    tallies = Tallies(order.redis, KafkaSettings().partitions)
    viewer = Viewer(order.live) if order.live else None
    async with asyncio.TaskGroup() as watchers:
        tasks = [watchers.create_task(tallies.watch())]
        if viewer:
            tasks.append(watchers.create_task(viewer.watch()))
            await viewer.ready.wait()
        before = await tallies.total()
        begin = max(order.begins_at, time.monotonic())
        due = [begin + number / order.per_second for number in range(len(tweets))]
        await client.send(due, patience_seconds=_ANSWER_SECONDS)
        client.close()
        accepted = len(tweets) - client.accepted.count(None)
        with suppress(TimeoutError):
            await asyncio.wait_for(tallies.wait_for(before + accepted), _COUNT_SECONDS)
        # What was not accepted, but is in Kafka nevertheless, may come before what was.
        await asyncio.sleep(_LAST_SECONDS)
        for task in tasks:
            task.cancel()
    place_of = places(MongoSettings(url=SecretStr(order.mongo)))
    counted = [tallies.counted_at(*place) if (place := place_of.get(tweet.id)) else None for tweet in tweets]
    shown = _shown(tweets, client.accepted, viewer) if viewer else [None] * len(tweets)

    def since_begin(moments: Sequence[float | None]) -> list[float | None]:
        return [None if moment is None else moment - order.begins_at for moment in moments]

    return Course(
        due=[at - order.begins_at for at in due],
        accepted=since_begin(client.accepted),
        counted=since_begin(counted),
        shown=since_begin(shown),
        refusals=dict(client.refusals),
    )


def _tweets(count: float, host: str) -> list[_Tweet]:
    """Of all countries in turn: so few of one are under way at once that its counts tell them apart."""
    known = itertools.cycle(
        country for country in countries.by_code().values() if country != countries.UNKNOWN
    )
    return [_tweet(country, host) for country in itertools.islice(known, int(count))]


def _tweet(country: countries.Country, host: str) -> _Tweet:
    own_id = str(uuid.uuid4())
    body = msgspec.json.encode({"texto": TEXT, "país": country.name})
    head = (
        f"POST /input HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {own_id}\r\n\r\n"
    )
    return _Tweet(own_id, country.code, head.encode() + body)


def _shown(tweets: Sequence[_Tweet], accepted: Sequence[float | None], viewer: Viewer) -> list[float | None]:
    """A country's tweets are counted in the order in which they were accepted."""
    shown: list[float | None] = [None] * len(tweets)
    before: Counter[str] = Counter()
    order = sorted((at, number) for number, at in enumerate(accepted) if at is not None)
    for _, number in order:
        code = tweets[number].code
        shown[number] = viewer.shown_at(code, before[code])
        before[code] += 1
    return shown


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What failed, out of the groups in which tasks put it."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    else:
        yield error


def main() -> None:
    order = msgspec.json.decode(sys.argv[1], type=Order)
    try:
        course = uvloop.run(_run(order))
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
        traceback.print_exc()
        # The last line is what the stage tells.
        sys.exit("; ".join(f"{type(cause).__name__}: {cause}" for cause in _causes(error)))
    Path(sys.argv[2]).write_bytes(msgspec.json.encode(course))


if __name__ == "__main__":
    main()
