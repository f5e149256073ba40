from operations.chaos.monitor import Monitor, Sample
from weather_tweets.settings import KafkaSettings, RedisSettings


def _monitor(*samples: Sample) -> Monitor:
    monitor = Monitor(KafkaSettings(), RedisSettings())
    monitor.samples.extend(samples)
    return monitor


def _sample(at: float, *, ends: tuple[int, ...], settled: tuple[int, ...]) -> Sample:
    return Sample(begun=at - 0.1, at=at, ends=ends, settled=settled)


def test_processing_resumes_when_something_written_after_the_fault_is_settled_in_every_partition() -> None:
    monitor = _monitor(
        _sample(1.0, ends=(10, 20), settled=(10, 18)),
        _sample(2.0, ends=(12, 22), settled=(12, 20)),
        _sample(3.0, ends=(14, 24), settled=(14, 22)),
        _sample(4.0, ends=(16, 26), settled=(16, 23)),
    )
    assert monitor.processing_since(1.5) == 4.0


def test_what_was_settled_before_the_fault_does_not_count() -> None:
    monitor = _monitor(
        _sample(1.0, ends=(10,), settled=(10,)),
        # Written and settled between the sample before and the fault.
        _sample(2.0, ends=(12,), settled=(12,)),
        _sample(3.0, ends=(30,), settled=(12,)),
        _sample(4.0, ends=(40,), settled=(40,)),
    )
    assert monitor.processing_since(1.5) == 4.0


def test_a_sample_in_which_the_fault_struck_is_none_of_those_after_it() -> None:
    monitor = _monitor(
        Sample(begun=1.0, at=2.0, ends=(10,), settled=(10,)),
        _sample(3.0, ends=(12,), settled=(12,)),
        _sample(4.0, ends=(14,), settled=(13,)),
    )
    assert monitor.processing_since(1.5) == 4.0


def test_a_partition_that_stands_still_has_not_resumed() -> None:
    monitor = _monitor(
        _sample(2.0, ends=(10, 20), settled=(10, 20)), _sample(9.0, ends=(99, 99), settled=(99, 20))
    )
    assert monitor.processing_since(1.5) is None


def test_without_a_sample_after_the_fault_nothing_is_claimed() -> None:
    assert _monitor(_sample(1.0, ends=(1,), settled=(2,))).processing_since(1.5) is None


def test_a_gap_is_the_longest_time_in_which_nothing_is_seen_to_be_counted() -> None:
    monitor = _monitor(
        _sample(1.0, ends=(10,), settled=(10,)),
        _sample(2.0, ends=(20,), settled=(20,)),
        _sample(3.0, ends=(30,), settled=(20,)),
        _sample(8.0, ends=(30,), settled=(30,)),
        _sample(9.0, ends=(40,), settled=(40,)),
    )
    assert monitor.longest_gap(1.5, 10.0) == 6.0


def test_a_partition_that_was_added_meanwhile_is_no_hindrance() -> None:
    monitor = _monitor(_sample(2.0, ends=(10,), settled=(10,)), _sample(3.0, ends=(12, 1), settled=(12, 0)))
    assert monitor.processing_since(1.5) == 3.0


def test_of_a_topic_made_anew_only_the_present_life_is_counted_whatever_epochs_its_partitions_have() -> None:
    monitor = _monitor()
    assert monitor.of_this_life([(0, 99), (3, 49)]) == (100, 50)
    monitor.made_anew()
    assert monitor.of_this_life([(0, 99), (3, 49)]) == (0, 0)
    assert monitor.of_this_life([(1, 4), (3, 49)]) == (5, 0)
    # One that is added begins with its first epoch.
    assert monitor.of_this_life([(1, 9), (4, 1), (0, 7)]) == (10, 2, 8)
