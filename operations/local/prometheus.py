"""Prometheus beside the stack, the `prometheus` on PATH."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from operations.local.part import Part

SCRAPE_SECONDS = 5
PROBE_SECONDS = 2.0

Targets = Mapping[str, Sequence[str]]
"""Job → its `host:port`s; the jobs are called as in the chart and the compose file."""


class Prometheus(Part):
    """Scrapes the services' `/metrics`, and evaluates the rules that it is given."""

    name = "prometheus"

    def __init__(
        self,
        data_dir: Path,
        targets: Targets,
        *,
        rules: Sequence[Path] = (),
        scrape_seconds: int = SCRAPE_SECONDS,
        port: int | None = None,
        log_file: Path | None = None,
    ) -> None:
        super().__init__(data_dir, port=port, log_file=log_file)
        self._targets = targets
        self._rules = rules
        self._scrape_seconds = scrape_seconds

    @property
    def url(self) -> str:
        """Where its API and its own page are."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        """Listens on the loopback interface only, and keeps a day."""
        return [
            shutil.which("prometheus") or "prometheus",
            f"--config.file={self.data_dir / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data_dir / 'tsdb'}",
            "--storage.tsdb.retention.time=1d",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def prepare(self) -> None:
        """Writes the configuration, and the targets where Prometheus watches for them."""
        every = f"{self._scrape_seconds}s"
        config = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": [str(path) for path in self._rules],
            "scrape_configs": [
                {"job_name": job, "file_sd_configs": [{"files": [str(self._targets_file(job))]}]}
                for job in self._targets
            ],
        }
        # JSON is YAML.
        (self.data_dir / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        self.watch(self._targets)

    def watch(self, targets: Targets) -> None:
        """Other addresses for the jobs; a running Prometheus sees them within a moment."""
        self._targets = targets
        for job, addresses in targets.items():
            path = self._targets_file(job)
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps([{"targets": list(addresses)}]), encoding="utf-8")
            fresh.replace(path)

    def answers(self) -> bool:
        """Whether it is ready to be asked."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=PROBE_SECONDS) as reply:  # noqa: S310
                return bool(reply.status == 200)
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def _targets_file(self, job: str) -> Path:
        return self.data_dir / f"{job}.json"
