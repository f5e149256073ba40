import shutil
import subprocess

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from observability import metrics_page
from weather_tweets.metrics import StreamsMetrics

HISTOGRAM_UNITS = ("_seconds", "_tweets", "_records")

everyone = pytest.mark.parametrize("service", metrics_page.SERVICES)


def test_the_page_of_the_metrics_is_current() -> None:
    written = metrics_page.PAGE.read_text(encoding="utf-8")
    assert written == metrics_page.page(), "run `python -m observability.metrics_page`"


@everyone
def test_names_say_whose_they_are_and_in_which_unit(service: str) -> None:
    for metric in metrics_page.metrics(service):
        name = metrics_page.exposed_name(metric)
        (family,) = metric.describe()
        assert name.startswith(f"weather_{service}_")
        if family.type == "histogram":
            assert name.endswith(HISTOGRAM_UNITS)


@everyone
def test_prometheus_finds_nothing_to_improve(service: str) -> None:
    registry = CollectorRegistry()
    metrics_page.SERVICES[service](registry)
    checked = subprocess.run(
        [shutil.which("promtool") or "promtool", "check", "metrics"],
        input=generate_latest(registry),
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_tallies_are_read_when_prometheus_asks_and_what_is_given_away_is_told_no_more() -> None:
    registry = CollectorRegistry()
    tallies = {0: {"GT": 2}, 1: {"GT": 5, "??": 1}}
    StreamsMetrics(registry).tweets.read = lambda: tallies

    def told() -> list[str]:
        lines = generate_latest(registry).decode().splitlines()
        return [line for line in lines if line.startswith("weather_streams_tweets_total")]

    assert told() == [
        'weather_streams_tweets_total{code="GT",country="Guatemala",partition="0"} 2.0',
        'weather_streams_tweets_total{code="GT",country="Guatemala",partition="1"} 5.0',
        'weather_streams_tweets_total{code="??",country="??",partition="1"} 1.0',
    ]
    del tallies[1]
    tallies[0]["GT"] += 1
    assert told() == ['weather_streams_tweets_total{code="GT",country="Guatemala",partition="0"} 3.0']


def test_the_first_dead_letter_is_a_rise_from_zero() -> None:
    registry = CollectorRegistry()
    StreamsMetrics(registry)
    assert registry.get_sample_value("weather_streams_records_processed_total", {"outcome": "dead"}) == 0
