from operations import settings_table
from weather_tweets.settings import ALL


def test_every_setting_has_a_variable_a_default_and_a_meaning() -> None:
    rows = [row for section in settings_table.sections() for row in section.rows]
    assert len(rows) == sum(len(group.model_fields) for group in ALL)
    assert len({row.variable for row in rows}) == len(rows)
    for row in rows:
        assert row.variable.startswith("WEATHER_")
        assert row.meaning, row.variable


def test_defaults_are_written_as_they_would_be_set() -> None:
    defaults = {row.variable: row.default for section in settings_table.sections() for row in section.rows}
    assert defaults["WEATHER_GATEWAY_PORT"] == "8000"
    assert defaults["WEATHER_STACK_USUAL_PORTS"] == "true"
    assert defaults["WEATHER_REDIS_URL"] == "redis://127.0.0.1:6379/0"
    assert defaults["WEATHER_WRITER_TOKEN"] == ""


def test_choices_are_named() -> None:
    rows = {row.variable: row for section in settings_table.sections() for row in section.rows}
    assert "one of `debug`, `info`" in rows["WEATHER_LOG_LEVEL"].meaning


def test_as_markdown_every_variable_has_a_row_of_three_cells() -> None:
    lines = settings_table.markdown().splitlines()
    rows = [line for line in lines if line.startswith("| `WEATHER_")]
    assert len(rows) == sum(len(group.model_fields) for group in ALL)
    for row in rows:
        assert row.replace("\\|", "").count("|") == 4
