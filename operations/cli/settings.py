"""`weather-tweets settings`."""

from typing import Annotated

import typer
from rich.table import Table

from operations.cli.context import out


def run(
    markdown: Annotated[bool, typer.Option("--markdown", help="As a Markdown table.")] = False,
) -> None:
    """Show every environment variable that the services read, with its default and meaning."""
    # Here and not above: other commands need not wait for the import.
    from operations import settings_table

    if markdown:
        typer.echo(settings_table.markdown())
        return
    for section in settings_table.sections():
        table = Table(title=section.title, title_justify="left")
        # A name that is cut off cannot be set.
        table.add_column("Variable", no_wrap=True)
        table.add_column("Default", overflow="fold")
        table.add_column("Meaning")
        for row in section.rows:
            table.add_row(row.variable, row.default, row.meaning)
        out.print(table)
