import pytest

from operations.energy import grid, report
from operations.energy.power import EstimateMeter, Work
from operations.energy.report import Run
from operations.energy.uncertainty import Range
from weather_tweets.settings import EnergySettings

SETTINGS = EnergySettings()


def run(joules: float, cpu_seconds: float = 4.0, tweets: int = 10_000) -> Run:
    return Run(
        tweets,
        5.0,
        {"kafka": joules * 0.75, "redis": joules * 0.25},
        {"kafka": Work(cpu_seconds * 0.75, 400e6), "redis": Work(cpu_seconds * 0.25, 20e6)},
    )


@pytest.fixture
def reported() -> report.Report:
    return report.of_runs(
        [run(100), run(90), run(98)],
        ways={"unary": [run(200), run(220)], "stream": [run(105), run(105)]},
        meter=EstimateMeter(SETTINGS),
        here=grid.of_country("GT"),
        settings=SETTINGS,
    )


def test_it_says_by_what_method_and_by_whose_figures(reported: report.Report) -> None:
    assert reported.is_estimate
    assert "ESTIMATE" in reported.method
    assert any("codecarbon" in source for source in reported.sources)
    assert any("ISO/IEC 21031:2024" in source for source in reported.sources)
    assert (reported.country, reported.grid_year) == ("Guatemala", 2022)


def test_the_figures_are_those_of_the_run_in_the_middle_with_the_spread_of_all(
    reported: report.Report,
) -> None:
    assert reported.total.joules == pytest.approx(98)
    assert reported.per_million_tweets.joules == pytest.approx(9800)
    assert reported.spread_percent == pytest.approx(100 * 10 / 98)
    assert reported.run_joules == pytest.approx([100, 90, 98])


def test_grams_are_joules_by_the_countrys_grid(reported: report.Report) -> None:
    unit = reported.per_million_tweets
    assert unit.gco2e == pytest.approx(9800 / 3.6e6 * 328.268)
    assert unit.sci_gco2e == pytest.approx(unit.gco2e + unit.embodied_gco2e)
    assert unit.embodied_gco2e == pytest.approx(1e6 * 400 / (4 * 365 * 24 * 3600 * 48))


def test_the_range_is_of_the_same_runs(reported: report.Report) -> None:
    (work,) = [each for each in reported.uncertainty.inputs if each.kind == "measured"]
    assert work.value == Range(9000.0, 9800.0, 10000.0)
    assert reported.uncertainty.gco2e.best == pytest.approx(
        reported.uncertainty.joules.best / 3.6e6 * 328.268
    )


def test_the_services_add_up_the_costliest_first(reported: report.Report) -> None:
    assert [service.name for service in reported.services] == ["kafka", "redis"]
    assert [service.share_percent for service in reported.services] == pytest.approx([75, 25])
    for field in ("joules", "gco2e", "embodied_gco2e", "sci_gco2e"):
        parts = sum(getattr(service.run, field) for service in reported.services)
        assert parts == pytest.approx(getattr(reported.total, field))


def test_the_same_tweets_elsewhere_have_another_grid_but_the_same_servers(reported: report.Report) -> None:
    by_name = {place.country: place for place in reported.elsewhere}
    assert by_name["Guatemala"].sci_gco2e_per_million_tweets == pytest.approx(
        reported.per_million_tweets.sci_gco2e
    )
    assert by_name["Suecia"].sci_gco2e_per_million_tweets < by_name["India"].sci_gco2e_per_million_tweets
    intensities = [place.gco2e_per_kwh for place in reported.elsewhere]
    assert intensities == sorted(intensities)


def test_batching_saves_what_unary_calls_cost_more(reported: report.Report) -> None:
    unary, stream = reported.ways
    assert unary.saves_percent == 0
    assert stream.saves_percent == pytest.approx(47.5)
    assert unary.joules_per_million_tweets == pytest.approx(20_000)
    assert unary.spread_percent == pytest.approx(100 * 20 / 200)
