"""What `make e2e` can be told, by environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


class Options(BaseSettings):
    """Names as they stand, in capitals; the cluster is the one that `KUBECONFIG` names."""

    model_config = SettingsConfigDict(env_prefix="")

    image_loader: str = Field(
        "kind load docker-image", description="Command that copies the images named after it into the cluster"
    )
    images: Literal["official", "stand-ins"] = Field(
        "official",
        description="Kafka's, Redis' and MongoDB's images; stand-ins are built where none can be pulled",
    )
    ingress_url: str = Field(
        "http://127.0.0.1.nip.io", description="How the ingress is reached from here; the host is the chart's"
    )
    namespace: str = Field("project", description="Made for the test, and deleted after it")
    release: str = Field("weather", description="Name of the release")
    tweets: int = Field(10_000, description="Tweets that the swarm sends through the ingress")
    users: int = Field(10, description="Clients of the swarm")
    ready_seconds: int = Field(180, description="How long until every pod must be ready")
    scale_seconds: int = Field(300, description="How long the scaler may take, each way")
    rows: str = Field("", description="Names of the rows to prove, comma-separated; empty: all")
    rebuild: bool = Field(
        True, description="Build and load the images; else those of the run before are used"
    )
    keep: bool = Field(False, description="Leave the release where it is after the last row")
