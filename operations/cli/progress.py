"""The bar of work that takes a while."""

from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from operations.cli.context import err


def bars() -> Progress:
    """On standard error, and only where somebody looks."""
    columns = (*Progress.get_default_columns(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal)
