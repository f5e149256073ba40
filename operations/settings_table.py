"""Every environment variable with its default and meaning, as `weather_tweets.settings` has them."""

from typing import Literal, NamedTuple, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from weather_tweets import settings


class Row(NamedTuple):
    variable: str
    default: str
    meaning: str


class Section(NamedTuple):
    """The variables of one class of settings."""

    title: str
    rows: list[Row]


def sections() -> list[Section]:
    """In the order in which the settings are written."""
    return [
        Section(
            (group.__doc__ or "").split("\n")[0].rstrip("."),
            [
                Row(f"{group.model_config['env_prefix']}{name.upper()}", _default(field), _meaning(field))
                for name, field in group.model_fields.items()
            ],
        )
        for group in settings.ALL
    ]


def markdown() -> str:
    """One table for each section."""
    lines = []
    for section in sections():
        lines += [f"**{section.title}**", "", "| Variable | Default | Meaning |", "|---|---|---|"]
        lines += [
            f"| `{row.variable}` | {f'`{row.default}`' if row.default else '—'} | {_cell(row.meaning)} |"
            for row in section.rows
        ]
        lines.append("")
    return "\n".join(lines).rstrip()


def _default(field: FieldInfo) -> str:
    default = field.default
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None else str(default)


def _meaning(field: FieldInfo) -> str:
    meaning = field.description or ""
    if get_origin(field.annotation) is Literal:
        choices = ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
        meaning = f"{meaning}; one of {choices}"
    return meaning


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
