"""The figures of the stage `kafka`."""

import msgspec

from bench.stages.kafka import TRIALS, figures, longest_pause
from bench.trials import Trial
from tests.bench.results import TIMELINE, row


def test_the_longest_pause_lies_between_two_busy_seconds() -> None:
    assert longest_pause([0, 5, 0, 0, 3, 0, 2, 0]) == 2
    assert longest_pause([0, 0]) == 0


def test_the_figures_compare_the_trials() -> None:
    rates = {"under way: 1": 200.0, "under way: 2,000": 50_000.0, "acks: 0": 80_000.0, "acks: all": 40_000.0}
    rows = [row(trial.name, rate=rates.get(trial.name, 1000)) for trial in TRIALS]
    found = figures(rows, TIMELINE, msgspec.structs.replace(TIMELINE, processed=[5, 0, 0, 5]))
    assert found["kafka_rate_over_one_at_a_time"] == 250
    assert found["kafka_acks_all_rate_over_acks_0"] == 0.5
    assert found["kafka_broker_killed_seconds_without_answers"] == 1
    assert found["kafka_rebalance_seconds_without_counts"] == 2


def test_a_group_of_trials_changes_one_thing_only() -> None:
    def differences(first: Trial, second: Trial) -> set[str]:
        names = [field for field in first.__struct_fields__ if field != "name"]
        return {name for name in names if getattr(first, name) != getattr(second, name)}

    groups: dict[str, list[Trial]] = {}
    for trial in TRIALS:
        groups.setdefault(trial.name.partition(":")[0], []).append(trial)
    assert groups.keys() == {"under way", "acks", "batches", "linger", "batch", "compression", "partitions"}
    for name, trials in groups.items():
        changed = set().union(*(differences(trials[0], trial) for trial in trials))
        # Kafka's idempotence needs acks=all.
        assert len(changed - {"idempotent"}) == 1, name
