"""The built page that is committed: current, complete and small."""

import gzip
import hashlib
import json
from pathlib import Path

import gateway
from weather_tweets import countries

GATEWAY = Path(gateway.__file__).parent
SOURCES = GATEWAY.parent / "page"
PAGE = GATEWAY / "page"
NOT_ON_THE_MAP = {countries.UNKNOWN.code}


def test_it_was_built_from_these_sources() -> None:
    files = sorted(
        file.relative_to(SOURCES).as_posix()
        for file in SOURCES.rglob("*")
        if file.is_file() and "node_modules" not in file.parts and file.name != "built.sha256"
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.encode() + b"\0" + (SOURCES / file).read_bytes() + b"\0")
    built = (SOURCES / "built.sha256").read_text().strip()
    assert digest.hexdigest() == built, "run `make page` and commit what it builds"


def test_it_weighs_less_than_500_kb_compressed() -> None:
    weight = sum(len(gzip.compress(file.read_bytes())) for file in PAGE.rglob("*") if file.is_file())
    assert weight < 500_000


def test_every_country_is_on_the_map_once() -> None:
    world = json.loads((PAGE / "world.json").read_text())
    shapes = [each.get("id") for each in world["topology"]["objects"]["countries"]["geometries"]]
    codes = [code for code in [*shapes, *(dot["code"] for dot in world["dots"])] if code]
    assert sorted(codes) == sorted(countries.by_code().keys() - NOT_ON_THE_MAP)


def test_the_licence_of_everything_in_it_is_served_with_it() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    licences = (PAGE / "LICENSES.txt").read_text()
    for path, package in lock["packages"].items():
        if path and not package.get("dev"):
            name = path.rpartition("node_modules/")[2]
            assert f"{name} {package['version']} ({package['license']})" in licences


def test_it_loads_nothing_from_elsewhere() -> None:
    page = (PAGE / "index.html").read_text()
    assert "//" not in page.replace("<!doctype", "")
    assert "style=" not in page
    assert "<script>" not in page
    lock = (SOURCES / "package-lock.json").read_text()
    assert '"resolved"' not in lock
