from collections.abc import Iterator

import pytest

from tests.observability.transformations import VERSIONS, Grafana


# Not for the session: pytest would group all tests by version, and start a module's stack again for each.
@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: f"grafana-{version}")
def grafana(request: pytest.FixtureRequest) -> Iterator[Grafana]:
    """Grafana's own transformations, in one major version after the other."""
    library = Grafana(request.param)
    yield library
    library.close()
