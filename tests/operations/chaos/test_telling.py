"""What the metrics say is asked of a real Prometheus; here, only whether it is asked rightly."""

import re

import pytest

from observability import metrics_page
from operations.chaos.telling import signs

OUR_METRIC = re.compile(r"\bweather_(?:gateway|producer|streams|writer)_[a-z_]+")


@pytest.mark.parametrize(("name", "expression"), signs(20).items())
def test_every_sign_is_read_from_a_metric_of_ours(name: str, expression: str) -> None:
    defined = {
        metrics_page.exposed_name(metric) + suffix
        for service in metrics_page.SERVICES
        for metric in metrics_page.metrics(service)
        for suffix in ("", "_sum", "_count")
    }
    used = set(OUR_METRIC.findall(expression))
    assert used <= defined, name
    assert used or "up" in expression
