"""A phone, a keyboard, a screen reader, the dark, and people whom motion makes ill."""

import asyncio
import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.page.conftest import OpenPage
from tests.page.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


async def some_tweets(site: Site) -> None:
    codes = ("GT", "MX", "US", "BR", "AR", "JP", "IN", "FR", "DE", "EG", "NG", "AU", "VA", "TV")
    tweets = [(code, f"lluvia {n}") for n, code in enumerate(codes) for _ in range(n + 1)]
    await asyncio.to_thread(site.post, *tweets)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("person", [{"locale": "es"}, {"locale": "en", **PHONE}], ids=["desktop", "phone"])
async def test_axe_finds_nothing(
    site: Site, open_page: OpenPage, scheme: str, person: dict[str, Any]
) -> None:
    await some_tweets(site)
    page = await open_page(color_scheme=scheme, reduced_motion="reduce", **person)
    await expect(page.locator("#ranking-list li")).to_have_count(10)
    await page.locator(".country[data-code=MX]").focus()
    await expect(page.locator("#tip")).to_be_visible()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("person", [{"locale": "es"}, {"locale": "en", **PHONE}], ids=["desktop", "phone"])
async def test_axe_finds_nothing_in_kinds_a_country_the_film_and_a_search(
    site: Site, open_page: OpenPage, scheme: str, person: dict[str, Any]
) -> None:
    await some_tweets(site)
    page = await open_page(color_scheme=scheme, reduced_motion="reduce", **person)
    await page.locator("[data-by=kind]").click()
    await expect(page.locator("#legend.of-kinds")).to_be_visible()
    await page.locator("#legend button").first.click()
    await page.locator("#film-play").click()
    await expect(page.locator("#film-hour")).to_have_value("0")
    await page.evaluate("location.hash = 'MX'")
    await expect(page.locator("#country .stored li").first).to_be_visible()
    await expect(page.locator("#country-kinds li").first).to_be_visible()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    await page.locator("#search-words").fill("lluvia")
    await expect(page.locator("#results .stored li").first).to_be_visible()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_on_a_phone_all_fits_its_width_and_a_tap_names_a_country(
    site: Site, open_page: OpenPage
) -> None:
    await some_tweets(site)
    page = await open_page(**PHONE)
    await expect(page.locator("#ranking-list li")).to_have_count(10)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    for part in ("#accepted", "#world", "#ranking-list", "#chart", "#tweets"):
        await page.locator(part).scroll_into_view_if_needed()
        await expect(page.locator(part)).to_be_in_viewport()
    await page.locator(".country[data-code=BR]").tap()
    await expect(page.locator("#tip")).to_contain_text("Brasil")
    # What is touched is large enough for a finger.
    for button in await page.locator("button:visible").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24


async def test_the_map_is_walked_by_arrows(site: Site, open_page: OpenPage) -> None:
    await some_tweets(site)
    page = await open_page(reduced_motion="reduce")
    await page.locator(".country[data-code=GT]").focus()
    focused = page.locator(".country:focus")
    await expect(focused).to_have_attribute("aria-label", re.compile("^Guatemala: "))
    await page.keyboard.press("ArrowLeft")
    await expect(focused).to_have_attribute("data-code", "MX")
    await expect(page.locator("#tip")).to_contain_text("México")
    await page.keyboard.press("Enter")
    ground = page.locator("#world > g")
    await expect(ground).to_have_attribute("transform", re.compile(r"scale\((?!1\))"))
    await page.keyboard.press("Escape")
    await expect(ground).to_have_attribute("transform", re.compile(r"scale\(1\)"))
    # One stop for the Tab key, however many countries there are.
    assert await page.locator(".country[tabindex='0']").count() == 1


async def test_every_control_is_reached_by_the_tab_key(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    wanted = {"pause", "country", "zoom-in", "zoom-out", "zoom-reset", "tweets"}
    reached: list[str] = []
    while not wanted <= set(reached) and len(reached) < 40:
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "document.activeElement.classList.contains('country') ? 'country' : document.activeElement.id"
            )
        )
    assert wanted <= set(reached)


async def test_a_screen_reader_hears_the_state_and_a_summary_not_every_number(
    site: Site, open_page: OpenPage
) -> None:
    await some_tweets(site)
    page = await open_page()
    await expect(page.get_by_role("status")).to_have_text("En vivo")
    await expect(page.locator("#summary[aria-live=polite]")).to_have_text(
        re.compile(r"\d+ tweets aceptados de \d+ países, \d+ por segundo\. Primero: ")
    )
    await expect(page.get_by_role("listbox", name="Mapa de tweets por país")).to_be_visible()
    assert await page.locator("[aria-live]").count() == 1


async def test_nothing_moves_for_those_who_asked_for_that(site: Site, open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await some_tweets(site)
    await expect(page.locator("#tweets li").first).to_be_visible()
    assert await page.evaluate("document.getAnimations().length") == 0
    # The canvas of the rings was never used.
    assert await page.evaluate("document.getElementById('ripples').width") == 300


async def test_light_and_dark_follow_the_system(open_page: OpenPage) -> None:
    page = await open_page(color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(background) != light
