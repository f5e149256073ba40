from weather_tweets.chaos.monitor import Monitor, Sample
from weather_tweets.settings import KafkaSettings, RedisSettings


def _monitor(*samples: Sample) -> Monitor:
    monitor = Monitor(KafkaSettings(), RedisSettings())
    monitor.samples.extend(samples)
    return monitor


def test_processing_resumes_when_every_partition_is_beyond_what_was_written_before_the_fault() -> None:
    monitor = _monitor(
        Sample(1.0, ends=(10, 20), settled=(10, 18)),
        Sample(2.0, ends=(12, 22), settled=(12, 20)),
        Sample(3.0, ends=(14, 24), settled=(14, 20)),
        Sample(4.0, ends=(16, 26), settled=(16, 21)),
    )
    assert monitor.processing_since(1.5) == 4.0


def test_a_partition_that_stands_still_has_not_resumed() -> None:
    monitor = _monitor(
        Sample(1.0, ends=(10, 20), settled=(10, 20)), Sample(9.0, ends=(99, 99), settled=(99, 20))
    )
    assert monitor.processing_since(1.5) is None


def test_without_a_sample_before_the_fault_nothing_is_claimed() -> None:
    assert _monitor(Sample(2.0, ends=(1,), settled=(2,))).processing_since(1.0) is None
