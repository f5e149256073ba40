"""The live page in Debian's Chromium, over the whole stack."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from redis import Redis as RedisClient

from operations.local.kafka import Kafka
from operations.local.redis import Redis
from tests.page import site as stack
from tests.page.site import Site

# Nothing that reaches for the network, and no graphics card: test machines have none.
_CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

OpenPage = Callable[..., Awaitable[Page]]

# A busy machine may be slow; a test that waits goes on as soon as it may.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="package")
def site(
    tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, redis_server: Redis, mongo_url: str
) -> Iterator[Site]:
    """The running stack; its counts go on from test to test."""
    folder = tmp_path_factory.mktemp("page")
    # Other tests left counts there, and the lag is the difference of two.
    with RedisClient.from_url(redis_server.url) as client:
        client.flushall()
    with stack.running(
        folder, kafka=kafka.bootstrap_servers, redis_url=redis_server.url, mongo_url=mongo_url
    ) as site:
        yield site


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(_CHROMIUM))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="package")
async def open_page(site: Site, browser: Browser, complaints: list[str]) -> AsyncIterator[OpenPage]:
    """Opens the live page as a person with these settings would, and waits until it is live."""
    contexts = []

    async def open_page(**person: Any) -> Page:
        settings = {"locale": "es-GT", "viewport": {"width": 1440, "height": 900}} | person
        context = await browser.new_context(**settings)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in _COMPLAINTS else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(site.url)
        await expect(page.locator("#status")).to_have_attribute("data-kind", "live")
        return page

    yield open_page
    for context in contexts:
        await context.close()


_COMPLAINTS = ("error", "warning")


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What pages complain of in the console, a refused script or style among it; nothing, or the test fails.

    A test that makes them complain clears the list.
    """
    complaints: list[str] = []
    yield complaints
    assert not complaints
