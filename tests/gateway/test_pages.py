"""What browsers get."""

import gzip
import json
import re
from typing import Any

import msgspec
import pytest

from gateway.pages import OPENAPI_FILE, PAGE_FOLDER, page_policy
from tests.gateway.doors import Door, opened
from tests.gateway.producers import FakeProducer
from weather_tweets import tweet


async def test_the_page_may_load_its_own_files_and_the_live_feed_only(producer: FakeProducer) -> None:
    live_url = "wss://live.example:8443/live"
    async with opened(producer_target=producer.target, live_url=live_url) as door:
        answer = await door.get("/")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "connect-src 'self' wss://live.example:8443;" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (await door.get("/config.json")).json() == {"live_url": live_url, "reads": False}


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "https://elsewhere/"])
def test_only_a_websocket_address_gets_into_the_policy(url: str) -> None:
    assert "connect-src 'self';" in page_policy(url)


async def test_each_file_of_the_page_is_served_with_its_type(door: Door) -> None:
    for file in PAGE_FOLDER.rglob("*"):
        name = file.relative_to(PAGE_FOLDER).as_posix()
        if file.is_file() and name != "index.html":
            answer = await door.get(f"/static/{name}")
            assert answer.status == 200, name
            assert answer.body == file.read_bytes()
            assert answer.headers["Cache-Control"] == "public, max-age=3600"


async def test_the_page_refers_to_nothing_that_is_not_there(door: Door) -> None:
    markup = (PAGE_FOLDER / "index.html").read_text()
    for address in re.findall(r'(?:src|href)="([^"#]+)"', markup):
        if address.startswith(("http:", "https:")):
            # A link for people is fine, a file from elsewhere is not.
            assert f'<a href="{address}"' in markup or 'rel="noopener' in markup
        else:
            assert (await door.get("/" + address.lstrip("/"))).status == 200, address


async def test_the_description_is_compressed_and_known_the_second_time(door: Door) -> None:
    answer = await door.get("/openapi.json")
    assert json.loads(answer.body)["openapi"].startswith("3.1")
    raw = await door.raw(
        b"GET /openapi.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert gzip.decompress(body) == OPENAPI_FILE.read_bytes()
    again = await door.get("/openapi.json", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_the_documentation_needs_no_other_host(door: Door) -> None:
    answer = await door.get("/docs")
    assert answer.status == 200
    addresses = re.findall(rb'(?:src|href)="([^"]+)"', answer.body)
    assert len(addresses) >= 4
    for address in addresses:
        assert address.startswith(b"/"), address
        assert (await door.get(address.decode())).status == 200
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


async def test_head_is_get_without_the_body(door: Door) -> None:
    answer = await door.request("HEAD", "/", headers={"Accept-Encoding": "identity"})
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == (PAGE_FOLDER / "index.html").stat().st_size


def test_the_description_has_the_limits_of_the_code() -> None:
    described: Any = msgspec.json.decode(OPENAPI_FILE.read_bytes())
    properties = described["components"]["schemas"]["Tweet"]["properties"]
    assert properties["texto"]["maxLength"] == tweet.MAX_TEXT_CHARACTERS
    assert properties["país"]["maxLength"] == tweet.MAX_COUNTRY_CHARACTERS
    body = described["paths"]["/input"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["oneOf"][1]["maxItems"] == tweet.MAX_TWEETS_PER_REQUEST
