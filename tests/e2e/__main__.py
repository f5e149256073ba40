"""`make e2e`: installs the chart into the cluster that KUBECONFIG names and proves its promises there.

Prints a table at the end; the exit status is 1 when a row failed. Settings: `tests/e2e/options.py`.
"""

import functools
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from tests.e2e import builds
from tests.e2e.cluster import CheckFailedError, Cluster, call
from tests.e2e.options import Options
from tests.e2e.rows import ROWS, STRIMZI_ROWS


def main() -> int:
    """Every row is tried, also after one that failed, but none without an installation."""
    options = Options()
    console = Console(width=150)
    own_namespace = {"namespace": f"{options.namespace}-strimzi"}
    modes = ((Cluster(options), ROWS), (Cluster(options.model_copy(update=own_namespace)), STRIMZI_ROWS))
    chosen = [name for name in options.rows.split(",") if name] or [*ROWS, *STRIMZI_ROWS]
    table = Table("Row", "Result", "Seconds", "What was seen", title="End to end", show_lines=True)
    failed = False

    def prove(name: str, row: Callable[[], str]) -> bool:
        nonlocal failed
        began = time.monotonic()
        console.print(f"{time.strftime('%X')} {name} …", style="dim")
        try:
            seen, good = row(), True
        except CheckFailedError as error:
            seen, good, failed = str(error), False, True
        except Exception as error:  # noqa: BLE001 (whatever it is: the table is always printed)
            console.print_exception()
            seen, good, failed = repr(error), False, True
        seconds = f"{time.monotonic() - began:.0f}"
        table.add_row(name, "[green]ok" if good else "[red]FAILED", seconds, seen)
        console.print(f"  {'ok' if good else 'FAILED'} ({seconds} s) {seen}", markup=False, highlight=False)
        return good

    def images() -> str:
        if not options.rebuild and builds.present():
            return f"as they were; MB (beyond base): {builds.sizes()}"
        builds.ours(options)
        if options.images == "stand-ins":
            builds.stand_ins(options)
        return f"MB (beyond base): {builds.sizes()}"

    call("kubectl", "get", "--raw", "/readyz")
    if prove("images", images):
        for cluster, rows in modes:
            for name in (name for name in chosen if name in rows):
                if (
                    not prove(name, functools.partial(rows[name], cluster))
                    and name.endswith("install")
                    and not name.endswith("uninstall")
                ):
                    break
    console.print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
