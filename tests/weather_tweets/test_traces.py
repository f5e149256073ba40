"""What is traced, and what is not even loaded."""

import subprocess
import sys

import pytest

from weather_tweets import traceparent, traces
from weather_tweets.sampling import SamplerError, sampler
from weather_tweets.traceparent import Parent

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (f"00-{TRACE}-{SPAN}-01", Parent(int(TRACE, 16), int(SPAN, 16), sampled=True)),
        (f"00-{TRACE}-{SPAN}-00", Parent(int(TRACE, 16), int(SPAN, 16), sampled=False)),
        (f"00-{TRACE}-{SPAN}-03", Parent(int(TRACE, 16), int(SPAN, 16), sampled=True)),
        (f"cc-{TRACE}-{SPAN}-01-more", Parent(int(TRACE, 16), int(SPAN, 16), sampled=True)),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}-1", None),
        (f"00-{TRACE[1:]}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}-01\n", None),
        ("", None),
        ("\xff" * 55, None),
    ],
)
def test_a_header_is_read_as_the_recommendation_has_it(value: str, read: Parent | None) -> None:
    assert traceparent.parse(value) == read


def test_what_is_written_is_read() -> None:
    assert traceparent.parse(traceparent.of(1, 2)) == Parent(1, 2, sampled=True)


LOW, HIGH = Parent(1, 1, sampled=False), Parent(2**64 - 1, 1, sampled=True)


@pytest.mark.parametrize(
    ("name", "argument", "without", "low", "high"),
    [
        ("", "", True, False, True),
        ("always_on", "", True, True, True),
        ("always_off", "", False, False, False),
        ("parentbased_always_off", "", False, False, True),
        ("traceidratio", "0.5", None, True, False),
        ("parentbased_traceidratio", "0", False, False, True),
        ("traceidratio", "0", False, False, False),
        ("traceidratio", "1", True, True, True),
    ],
)
def test_a_sampler_decides_by_the_parent_or_the_share(
    name: str, argument: str, without: bool | None, low: bool, high: bool
) -> None:
    decide = sampler({"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument})
    assert (decide(LOW), decide(HIGH)) == (low, high)
    if without is not None:
        assert {decide(None) for _ in range(100)} == {without}


def test_a_share_of_the_requests_begins_a_trace() -> None:
    decide = sampler({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"})
    # 2,500 expected; ten standard deviations are 433.
    assert 2067 < sum(decide(None) for _ in range(10_000)) < 2933


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTEL_TRACES_SAMPLER": "jaeger_remote"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "1 %"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "nan"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
    ],
)
def test_a_sampler_that_is_none_means_no_traces_and_is_said(
    wrong: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SamplerError):
        sampler(wrong)
    assert traces.tracing("gateway", {"OTEL_TRACES_EXPORTER": "otlp", **wrong}) is None
    assert "OTEL_TRACES_SAMPLER" in caplog.text


@pytest.mark.parametrize(
    "off",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    ],
)
def test_they_are_off_unless_asked_for(off: dict[str, str]) -> None:
    assert traces.tracing("gateway", off) is None


def test_another_protocol_is_refused_in_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    grpc = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    assert traces.tracing("gateway", grpc) is None
    assert "http/protobuf" in caplog.text
    assert "4318" in caplog.text


def test_off_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys, gateway.app, grpc_producer.server, weather_tweets.traces as t; "
        "assert t.tracing('gateway', {}) is None; "
        "sys.exit(any(name.partition('.')[0] == 'opentelemetry' for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
