"""What a person sees while tweets come in."""

import asyncio
import re
import uuid

import pytest
from playwright.async_api import Page, expect

from tests.page.conftest import OpenPage
from tests.page.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def post(site: Site, *tweets: tuple[str, str]) -> None:
    await asyncio.to_thread(site.post, *tweets)


def written(number: int) -> str:
    """As Spanish writes it."""
    return f"{number:,}".replace(",", ".")


async def settled(page: Page, site: Site) -> int:
    """The accepted total, once all that was posted is shown and processed."""
    text = f"Al principio {uuid.uuid4()}"
    await post(site, ("Guatemala", text))
    await expect(page.locator("#tweets")).to_contain_text(text)
    # The list may be drawn before the totals are, and those of earlier tests may still be on their way.
    totals = page.locator("#accepted, #processed, #lag")
    before: list[str] = []
    while (now := await totals.all_inner_texts()) != before or now[0] != now[1]:
        before = now
        await asyncio.sleep(1)
    return int(now[0].replace(".", ""))


async def test_posted_tweets_are_seen_on_the_map_in_the_totals_the_ranking_and_the_list(
    site: Site, open_page: OpenPage
) -> None:
    page = await open_page(reduced_motion="reduce")
    before = await settled(page, site)
    text = f"Nieva en Nuuk {uuid.uuid4()}"
    await post(site, *[("Groenlandia", text)] * 900, *[("Tuvalu", "Sopla el viento")] * 3)
    greenland = page.locator(".country[data-code=GL]")
    await expect(greenland).to_have_attribute("aria-label", "Groenlandia: 900 tweets")
    await expect(greenland).to_have_class(re.compile(r"\bq[1-7]\b"))
    await expect(page.locator(".dot.small[data-code=TV]")).to_have_class(re.compile(r"\bq[1-7]\b"))
    await expect(page.locator("#ranking-list li[data-code=GL]")).to_contain_text("900")
    await expect(page.locator("#tweets")).to_contain_text(text)
    await expect(page.locator("#accepted")).to_have_text(written(before + 903))
    # MongoDB, Faust and Redis have them too.
    await expect(page.locator("#processed")).to_have_text(written(before + 903))
    await expect(page.locator("#lag")).to_have_text("0")
    await expect(page.locator("#chart canvas")).to_be_visible()
    await expect(page.locator("#chart")).to_have_attribute("aria-label", re.compile(r"Tweets por segundo"))


async def test_markup_in_a_tweet_is_shown_as_text(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    text = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"><b>no</b>"
    await post(site, ("Guatemala", text), ("<i>Nunca Jamás</i>", "desde <u>lejos</u>"))
    await expect(page.locator("#tweets")).to_contain_text(text)
    await expect(page.locator("#tweets")).to_contain_text("<i>Nunca Jamás</i>")
    assert await page.locator("#tweets :is(script, img, b, i, u)").count() == 0
    assert await page.title() == "Weather Tweets"


async def test_a_country_nobody_knows_is_ranked_as_unknown(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    await post(site, *[("Nunca Jamás", "Aquí siempre llueve")] * 900)
    await expect(page.locator("#ranking-list li[data-code=ZZ]")).to_contain_text("Desconocido")


async def test_a_writer_that_dies_and_comes_back_is_said_and_seen(
    site: Site, open_page: OpenPage, complaints: list[str]
) -> None:
    page = await open_page(reduced_motion="reduce")
    before = await settled(page, site)
    await asyncio.to_thread(site.writer.kill)
    try:
        await expect(page.locator("#status")).to_have_text("Sin conexión, reconectando…")
    finally:
        await asyncio.to_thread(site.writer.start)
    await expect(page.locator("#status")).to_have_text("En vivo")
    assert await settled(page, site) > before
    text = f"De vuelta {uuid.uuid4()}"
    # The gateway finds the writer again by itself, and so does the page.
    await post(site, ("Guatemala", text))
    await expect(page.locator("#tweets")).to_contain_text(text)
    # Chromium tells in the console of each connection that was refused.
    complaints[:] = [said for said in complaints if "WebSocket connection to" not in said]


async def test_the_page_speaks_the_browsers_language(site: Site, open_page: OpenPage) -> None:
    await post(site, *[("Alemania", "Es regnet")] * 900)
    for locale, live, name, count in (
        ("es-MX", "En vivo", "Alemania", "tweets"),
        ("en-GB", "Live", "Germany", "tweets"),
        ("fr-FR", "Live", "Germany", "tweets"),
    ):
        page = await open_page(locale=locale)
        await expect(page.locator("#status")).to_have_text(live)
        await expect(page.locator("html")).to_have_attribute("lang", "es" if locale == "es-MX" else "en")
        await expect(page.locator("#ranking-list li[data-code=DE] .name")).to_have_text(name)
        await expect(page.locator(".country[data-code=DE]")).to_have_attribute(
            "aria-label", re.compile(rf"{name}: [\d.,]+ {count}")
        )


async def test_the_language_can_be_chosen(open_page: OpenPage) -> None:
    page = await open_page(locale="es-GT")
    await page.get_by_role("link", name="EN", exact=True).click()
    await expect(page.get_by_role("heading", name="Top countries")).to_be_visible()


async def test_a_paused_page_stands_still_and_then_shows_what_it_missed(
    site: Site, open_page: OpenPage
) -> None:
    page = await open_page(reduced_motion="reduce")
    before = await settled(page, site)
    await page.get_by_role("button", name="Pausar").click()
    await expect(page.locator("#status")).to_have_text("En pausa")
    await post(site, *[("Guatemala", "mientras tanto")] * 5)
    other = await open_page(reduced_motion="reduce")
    await expect(other.locator("#accepted")).to_have_text(written(before + 5))
    await expect(page.locator("#accepted")).to_have_text(written(before))
    await page.get_by_role("button", name="Seguir").click()
    await expect(page.locator("#accepted")).to_have_text(written(before + 5))


async def test_the_whole_ranking_is_one_click_away(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    await post(
        site, *[(code, "hola") for code in ("AR", "BO", "BR", "CL", "CO", "EC", "PE", "PY", "UY", "VE", "CR")]
    )
    rows = page.locator("#ranking-list li")
    await expect(rows).to_have_count(10)
    await page.get_by_role("button", name="Ver todos").click()
    await expect(page.locator("#ranking-list li[data-code=UY]")).to_contain_text("Uruguay")
    assert await rows.count() > 10
    await page.get_by_role("button", name="Ver menos").click()
    await expect(rows).to_have_count(10)


async def test_a_country_tells_its_name_and_count_when_pointed_at(site: Site, open_page: OpenPage) -> None:
    page = await open_page()
    await post(site, ("Australia", "Sol"))
    await expect(page.locator(".country[data-code=AU]")).to_have_class(re.compile(r"\bq[1-7]\b"))
    await page.locator(".country[data-code=AU]").hover()
    await expect(page.locator("#tip")).to_contain_text(re.compile(r"Australia\s*\d+ tweet"))
    await page.locator("h1").hover()
    await expect(page.locator("#tip")).to_be_hidden()


async def test_the_map_zooms_and_comes_back(open_page: OpenPage) -> None:
    page = await open_page()
    ground = page.locator("#world > g")
    await page.get_by_role("button", name="Acercar").click()
    await expect(ground).to_have_attribute("transform", re.compile(r"scale\(1\.8"))
    await page.locator("#stage").hover()
    await page.mouse.wheel(0, -300)
    await expect(ground).to_have_attribute("transform", re.compile(r"scale\((2|3|4)"))
    await page.get_by_role("button", name="Ver todo el mundo").click()
    await expect(ground).to_have_attribute("transform", re.compile(r"scale\(1\)"))
