from collections.abc import Iterator

import pytest

from tests.observability.transformations import VERSIONS, Grafana


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"grafana-{version}")
def grafana(request: pytest.FixtureRequest) -> Iterator[Grafana]:
    """Grafana's own transformations, in one major version after the other."""
    library = Grafana(request.param)
    yield library
    library.close()
