"""kubectl and helm, for one release in one namespace."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tests.e2e.options import HERE, ROOT, Options
from tests.helm.chart import helm

CHART = str(ROOT / "helm" / "weather-tweets")


class CheckFailedError(Exception):
    """A promise does not hold; the text says which and what was seen."""


def call(*command: str, stdin: str | None = None) -> str:
    """Standard output. Raises `CheckFailedError` with what the command said."""
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if result.returncode:
        said = (result.stderr.strip() or result.stdout.strip())[-1500:]
        raise CheckFailedError(f"{' '.join(command[:6])}: {said}")
    return result.stdout


def until(what: str, condition: Callable[[], Any], *, seconds: float, pause: float = 1.0) -> float:
    """Seconds until the condition held. Raises `CheckFailedError` when it does not in time."""
    began = time.monotonic()
    seen: Any = None
    while time.monotonic() - began < seconds:
        seen = condition()
        if seen:
            return time.monotonic() - began
        time.sleep(pause)
    raise CheckFailedError(f"not within {seconds:.0f} s: {what}")


class Cluster:
    """The release under test."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._audits = 0

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return call("kubectl", "--namespace", self.options.namespace, *arguments, stdin=stdin)

    def objects(self, *arguments: str) -> list[Any]:
        """What `kubectl get` has to say."""
        items: list[Any] = json.loads(self.kubectl("get", *arguments, "--output", "json"))["items"]
        return items

    def helm(self, *arguments: str) -> str:
        return call(helm(), "--namespace", self.options.namespace, *arguments)

    def upgrade(self, *arguments: str) -> None:
        """Installs or upgrades the release and waits until all of it is ready."""
        values = ["--values", str(HERE / "values.yaml")]
        if self.options.images == "stand-ins":
            values += ["--values", str(HERE / "stand-ins.yaml")]
        wait = ["--wait", "--timeout", f"{self.options.ready_seconds}s"]
        self.helm("upgrade", "--install", self.options.release, CHART, *values, *wait, *arguments)

    def name(self, component: str) -> str:
        return f"{self.options.release}-{component}"

    def pods(self, component: str) -> list[Any]:
        """Pods of a component that are not on their way out."""
        selector = (
            f"app.kubernetes.io/instance={self.options.release},app.kubernetes.io/component={component}"
        )
        return [
            pod
            for pod in self.objects("pods", "--selector", selector)
            if "deletionTimestamp" not in pod["metadata"]
        ]

    def available(self, component: str) -> bool:
        """All replicas that the Deployment wants are ready, and no other."""
        deployment = json.loads(self.kubectl("get", "deployment", self.name(component), "--output", "json"))
        wanted, status = deployment["spec"]["replicas"], deployment["status"]
        return bool(
            status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
            and wanted == status.get("availableReplicas", 0) == status.get("replicas", 0)
        )

    def workers(self) -> tuple[int, int]:
        """Stream workers wanted, and ready."""
        deployment = json.loads(self.kubectl("get", "deployment", self.name("streams"), "--output", "json"))
        return deployment["spec"]["replicas"], deployment["status"].get("readyReplicas", 0)

    def scaler(self) -> Any:
        return json.loads(self.kubectl("get", "hpa", self.name("streams"), "--output", "json"))

    def audit(self) -> dict[str, Any]:
        """The audit's counts, made inside the cluster. Raises `CheckFailedError` when the stores disagree."""
        self._audits += 1
        job = f"{self.name('audit')}-{self._audits}-{int(time.time())}"
        self.kubectl("create", "job", job, f"--from=cronjob/{self.name('audit')}")

        def ended() -> bool:
            status = json.loads(self.kubectl("get", "job", job, "--output", "json"))["status"]
            return bool(status.get("succeeded") or status.get("failed"))

        until("the audit ends", ended, seconds=180)
        output = self.kubectl("logs", f"job/{job}")
        self.kubectl("delete", "job", job)
        try:
            counts: dict[str, Any] = json.loads(output[output.index("{") :])
        except ValueError:
            raise CheckFailedError(f"the audit says: {output[-600:]}") from None
        if not counts["agree"]:
            raise CheckFailedError(f"the stores disagree: {counts['differences']}")
        return counts
