from typing import Any

from operations.chaos.report import FaultReport, Report, recovery_medians


def _fault(**changes: Any) -> FaultReport:
    fields: dict[str, Any] = {
        "at": 1.0, "kind": "silence", "target": "worker-redis up", "seconds": 14.0,
        "accepting_after_seconds": 0.1, "processing_after_seconds": 14.2, "noticeable": True,
    }  # fmt: skip
    return FaultReport(**(fields | changes))


def _report(*faults: FaultReport, **changes: Any) -> Report:
    counts = dict.fromkeys(
        (
            "seed",
            "acknowledged",
            "stored",
            "lost",
            "duplicated",
            "never_sent",
            "wrong_ids",
            "unsettled",
            "repeats",
        ),
        0,
    )
    fields: dict[str, Any] = {
        **counts, "agree": True, "deep_differences": [], "watched": True, "guards": {}, "refusals": {},
    }  # fmt: skip
    return Report(faults=list(faults), **(fields | changes))


def test_a_noticeable_fault_of_which_nobody_was_told_is_a_failure() -> None:
    silent = _fault()
    assert _report(silent).untold == [silent]
    assert not _report(silent).is_clean


def test_one_of_the_three_ways_to_be_told_is_enough() -> None:
    for told in (
        {"metrics": ["up is 0"]},
        {"health": ["writer/healthz: 503"]},
        {"alerts": ["Some (pending)"]},
    ):
        assert _report(_fault(**told)).is_clean


def test_a_short_fault_may_pass_unsaid() -> None:
    assert _report(_fault(noticeable=False)).is_clean


def test_where_no_metrics_were_watched_nothing_is_claimed_of_them() -> None:
    assert _report(_fault(), watched=False).is_clean


def test_a_difference_of_the_deep_audit_is_a_failure() -> None:
    assert not _report(deep_differences=["partition 3 misses offset 7"]).is_clean


def test_medians_are_of_one_kind_and_target_whatever_its_number_and_direction() -> None:
    rows = recovery_medians(
        [
            _fault(processing_after_seconds=10.0),
            _fault(target="worker-redis down", processing_after_seconds=20.0),
            _fault(kind="kill", target="streams-2", seconds=0.0),
        ]
    )
    assert [(name, times, processing) for name, times, _, processing in rows] == [
        ("kill streams", 1, 14.2),
        ("silence worker-redis for 14 s", 2, 15.0),
    ]
