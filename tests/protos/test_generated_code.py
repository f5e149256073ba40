import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = ("tweets_pb2.py", "tweets_pb2.pyi", "tweets_pb2_grpc.py", "tweets_pb2_grpc.pyi")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make protos` would write now."""
    out = tmp_path_factory.mktemp("protos")
    bin_folder = Path(sys.executable).parent
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={out}",
            f"--grpc_python_out={out}", f"--mypy_out={out}", f"--mypy_grpc_out={out}",
            f"--plugin=protoc-gen-mypy={bin_folder}/protoc-gen-mypy",
            f"--plugin=protoc-gen-mypy_grpc={bin_folder}/protoc-gen-mypy_grpc",
            "protos/tweets.proto",
        ],
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    return out / "protos"


@pytest.mark.parametrize("name", GENERATED)
def test_the_generated_code_is_current(fresh: Path, name: str) -> None:
    assert (ROOT / "protos" / name).read_text() == (fresh / name).read_text(), "run `make protos`"
