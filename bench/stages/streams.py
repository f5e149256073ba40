"""Stage `streams`: a backlog, worked off by our worker and by others who parse and count it, too."""

from collections import defaultdict

from bench import backlog, consumption
from bench.baselines import run as baselines
from bench.baselines.run import CONFLUENT, FAUST, QUIX, Baseline
from bench.bench import Bench
from bench.parts import Parts
from bench.rows import Result, Row, Run, row

BACKLOG = 1_000_000
QUICK_BACKLOG = 100_000

# The slow ones take as much of it as they do in some seconds.
_MESSAGES: dict[Baseline, int] = {CONFLUENT: BACKLOG, QUIX: 300_000, FAUST: 100_000}
_QUICK_MESSAGES: dict[Baseline, int] = {CONFLUENT: QUICK_BACKLOG, QUIX: QUICK_BACKLOG, FAUST: 20_000}

_MEASURED_SHARE = 0.8
"""Of what falls to one of several runs with stores over one backlog: each finishes what it has in hand."""

_ALL_STORES = "all stores"
_NO_STORES = "parse and tally only"


def run(bench: Bench) -> Result:
    """Raises `PartFailedError`, `StoresDisagreeError`, `BaselineFailedError`, `StuckError`."""
    messages = QUICK_BACKLOG if bench.quick else BACKLOG
    share = _QUICK_MESSAGES if bench.quick else _MESSAGES
    there = [baseline for baseline in share if baseline.available]
    if len(there) < len(share):
        bench.say("streams: `make setup-bench` installs what is missing to compare with.")
    runs: dict[str, list[Run]] = defaultdict(list)
    with bench.parts() as parts:
        bench.step("starting the parts")
        parts.start("kafka", "redis", "mongo")
        kafka = parts.stack.kafka_settings()
        bench.step(f"filling the topic with {messages:,} records")
        backlog.fill(kafka, messages)
        for number in range(bench.repeats):
            last = number == bench.repeats - 1
            bench.step(f"{_NO_STORES}, {number + 1} of {bench.repeats}")
            runs[_NO_STORES].append(_without_stores(parts, number, messages))
            for baseline in there:
                bench.step(f"{baseline.title}, {number + 1} of {bench.repeats}")
                runs[baseline.title].append(
                    baselines.consume(
                        baseline,
                        kafka,
                        group=f"{baseline.module}-{number}",
                        messages=share[baseline],
                        log_file=parts.folder.log(baseline.module),
                    ).run
                )
            bench.step(f"{_ALL_STORES}, {number + 1} of {bench.repeats}")
            runs[_ALL_STORES].append(_with_stores(parts, messages // bench.repeats, audited=last))
    rows = {name: row(name, of_name, counting={"streams", baselines.PART}) for name, of_name in runs.items()}
    return Result(list(rows.values()), _figures(rows))


def _without_stores(parts: Parts, number: int, messages: int) -> Run:
    worker = parts.start_worker(
        WEATHER_STREAMS_STORES="false", WEATHER_STREAMS_APP_ID=f"weather-streams-bare-{number}"
    )
    measured = consumption.window(parts, 1, messages)
    parts.stop(worker)
    return measured


def _with_stores(parts: Parts, messages: int, *, audited: bool) -> Run:
    """One of several runs over the same backlog, each going on where the one before has stopped."""
    worker = parts.start_worker()
    measured = consumption.window(parts, 1, int(messages * _MEASURED_SHARE))
    if audited:
        # Counting what is stored would get in the way of storing.
        consumption.caught_up(parts.workers)
        parts.audit()
    parts.stop(worker)
    return measured


def _figures(rows: dict[str, Row]) -> dict[str, float]:
    bare, stored = rows[_NO_STORES], rows[_ALL_STORES]
    figures = {
        "streams_all_stores_cpu_us": stored.cpu_us_per_tweet,
        "streams_peak_rss_mb": max(bare.peak_rss_mb, stored.peak_rss_mb),
    }
    for baseline, name in (
        (FAUST, "streams_parse_messages_per_cpu_second_over_faust_take"),
        (QUIX, "streams_parse_messages_per_cpu_second_over_quixstreams"),
    ):
        if baseline.title in rows:
            figures[name] = rows[baseline.title].cpu_us_per_tweet / bare.cpu_us_per_tweet
    if CONFLUENT.title in rows:
        figures["streams_parse_cpu_over_confluent_loop"] = (
            bare.cpu_us_per_tweet / rows[CONFLUENT.title].cpu_us_per_tweet
        )
    return figures
