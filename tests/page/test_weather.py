"""What tweets say, where and when: the map by kinds, a country opened, the film of a day, and search."""

import asyncio
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect
from pymongo import MongoClient

from tests.page.conftest import OpenPage
from tests.page.site import DATABASE, Site

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def post(site: Site, *tweets: tuple[str, str]) -> None:
    """Submits them, and returns when they are stored."""
    await asyncio.to_thread(site.post, *tweets)
    await asyncio.to_thread(site.wait_until_stored)


def shape(page: Page, code: str) -> Locator:
    return page.locator(f".country[data-code={code}]")


def panel(page: Page) -> Locator:
    return page.locator("#country")


async def open_by_link(page: Page, site: Site, code: str) -> None:
    await page.goto(f"{site.url}#{code}")
    await expect(page.locator("#status")).to_have_attribute("data-kind", "live")


async def test_a_click_on_a_country_opens_its_tweets_and_its_link_shows_the_same(
    site: Site, open_page: OpenPage
) -> None:
    text = f"Llueve en Ulán Bator {uuid.uuid4()}"
    await post(site, ("Mongolia", text), ("Mongolia", "Hace mucho calor en Erdenet"))
    page = await open_page(reduced_motion="reduce")
    await shape(page, "MN").click()
    await expect(page).to_have_url(f"{site.url}#MN")
    other = await open_page(reduced_motion="reduce")
    await open_by_link(other, site, "MN")
    for each in (page, other):
        await expect(panel(each).get_by_role("heading", name="Mongolia")).to_be_visible()
        await expect(panel(each).locator("#country-facts")).to_contain_text("2 en total")
        await expect(panel(each).locator(".stored li")).to_have_count(2)
        rain = panel(each).locator(".stored li", has_text=text)
        await expect(rain.locator(".kind")).to_have_text("Lluvia")
        await expect(panel(each).locator("#country-kinds [data-kind=rain] .count")).to_have_text("1")
        await expect(panel(each).locator("#country-kinds [data-kind=heat] .share")).to_have_text("50 %")
        await expect(panel(each).locator("#country-hours")).to_have_attribute(
            "aria-label", re.compile(r"2 en total, [12] como máximo")
        )
        await expect(shape(each, "MN")).to_have_attribute("aria-selected", "true")


async def test_what_comes_while_a_country_is_open_is_put_on_top(site: Site, open_page: OpenPage) -> None:
    await post(site, ("Bolivia", "Nieva en El Alto"))
    page = await open_page(reduced_motion="reduce")
    await shape(page, "BO").click()
    await expect(panel(page).locator(".stored li").first).to_contain_text("Nieva en El Alto")
    before = await panel(page).locator(".stored li").count()
    text = f"Sopla el viento en Oruro {uuid.uuid4()}"
    await post(site, ("Bolivia", text))
    await expect(panel(page).locator(".stored li").first).to_contain_text(text)
    await expect(panel(page).locator(".stored li")).to_have_count(before + 1)


async def test_older_tweets_come_by_pages_each_of_them_once(site: Site, open_page: OpenPage) -> None:
    texts = [f"Niebla {n} en Asunción" for n in range(45)]
    for text in texts:
        await asyncio.to_thread(site.post, ("Paraguay", text))
    await asyncio.to_thread(site.wait_until_stored)
    page = await open_page(reduced_motion="reduce")
    await open_by_link(page, site, "PY")
    rows = panel(page).locator(".stored li > p:first-child")
    more = panel(page).get_by_role("button", name="Ver más")
    await expect(rows).to_have_count(20)
    await more.click()
    await expect(rows).to_have_count(40)
    # Who reads by keyboard goes on where the new ones begin.
    await expect(page.locator(".stored li:focus")).to_have_count(1)
    while await more.is_visible():
        count = await rows.count()
        await more.click()
        await expect(rows).not_to_have_count(count)
    shown = await rows.all_inner_texts()
    assert len(shown) == len(set(shown))
    assert set(texts) <= set(shown)
    assert [text for text in shown if text in texts] == texts[::-1]


async def test_markup_in_a_stored_tweet_is_shown_as_text(site: Site, open_page: OpenPage) -> None:
    text = "<img src=x onerror=\"document.title='taken'\"><b>llueve</b>"
    await post(site, ("Uruguay", text))
    page = await open_page(reduced_motion="reduce")
    await open_by_link(page, site, "UY")
    await expect(panel(page).locator(".stored")).to_contain_text(text)
    await page.get_by_role("searchbox", name="Buscar").fill("llueve")
    await expect(page.locator("#results .stored")).to_contain_text(text)
    assert await page.locator(".stored :is(script, img, b)").count() == 0
    assert await page.title() == "Weather Tweets"


async def test_a_country_is_opened_and_left_by_keyboard(site: Site, open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await shape(page, "NI").focus()
    await page.keyboard.press("Enter")
    await expect(panel(page)).to_be_focused()
    await expect(panel(page)).to_contain_text("Nicaragua")
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_be_hidden()
    await expect(shape(page, "NI")).to_be_focused()
    await expect(page).to_have_url(site.url)


async def test_the_back_button_and_the_address_open_and_close_countries(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await shape(page, "BR").click()
    await shape(page, "AR").click()
    await expect(panel(page)).to_contain_text("Argentina")
    await page.go_back()
    await expect(panel(page)).to_contain_text("Brasil")
    await page.evaluate("location.hash = 'pe'")
    await expect(panel(page)).to_contain_text("Perú")
    await page.reload()
    await expect(panel(page)).to_contain_text("Perú")
    await page.evaluate("location.hash = 'nowhere'")
    await expect(panel(page)).to_be_hidden()
    await page.go_back()
    await page.get_by_role("button", name="Cerrar").click()
    await expect(panel(page)).to_be_hidden()
    await expect(page.locator("#ranking")).to_be_visible()


async def test_the_other_language_keeps_the_country(site: Site, open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    await open_by_link(page, site, "DE")
    await page.get_by_role("link", name="EN", exact=True).click()
    await expect(panel(page).get_by_role("heading", name="Germany")).to_be_visible()


async def test_the_map_shows_which_weather_leads_and_how_strongly(site: Site, open_page: OpenPage) -> None:
    await post(
        site,
        *[("Islandia", "Hay tormenta eléctrica en Reikiavik")] * 3,
        *[("Islandia", "Buenos días")] * 4,
        *[("Irlanda", "Nieva en Dublín")] * 2,
        ("Irlanda", "Hay tormenta eléctrica en Cork"),
    )
    page = await open_page(reduced_motion="reduce")
    await page.get_by_role("button", name="Qué tiempo").click()
    for window in ("Última hora", "Siempre"):
        await page.get_by_role("button", name=window).click()
        await expect(shape(page, "IS")).to_have_class(re.compile(r"\bkind-storm strength-2\b"))
        await expect(shape(page, "IE")).to_have_class(re.compile(r"\bkind-snow strength-3\b"))
        await expect(shape(page, "IS")).to_have_attribute(
            "aria-label", re.compile(r"^Islandia: Tormenta: 43\s% de 7 tweets$")
        )
    # One kind alone can be told from all others without any colour.
    storm = page.locator("#legend").get_by_role("button", name="Tormenta")
    await storm.click()
    await expect(storm).to_have_attribute("aria-pressed", "true")
    await expect(shape(page, "IE")).to_have_class(re.compile(r"\bkind-storm strength-2\b"))
    await page.locator("#legend").get_by_role("button", name="Nieve").click()
    await expect(shape(page, "IS")).to_have_class("country q0")
    await page.locator("#legend").get_by_role("button", name="Nieve").click()
    await expect(shape(page, "IS")).to_have_class(re.compile(r"\bkind-storm\b"))
    await page.get_by_role("button", name="Cuántos").click()
    await expect(shape(page, "IS")).to_have_attribute("aria-label", "Islandia: 7 tweets")


def write_hours(site: Site, country: str, kinds: dict[int, str]) -> list[datetime]:
    """Puts hours of before into the history, as the streams write them: so many hours ago, that kind."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [now - timedelta(hours=ago) for ago in kinds]
    with MongoClient[dict[str, Any]](site.mongo_url) as client:
        client[DATABASE]["history"].insert_many(
            {
                "_id": f"1/hour/{at.isoformat()}",
                "partition": 1,
                "step": "hour",
                "at": at,
                "countries": {country: {"tweets": 40, "kinds": {kind: 30}}},
            }
            for at, kind in zip(hours, kinds.values(), strict=True)
        )
    return hours


async def test_the_film_plays_the_last_24_hours(site: Site, open_page: OpenPage) -> None:
    await asyncio.to_thread(write_hours, site, "MG", {6: "snow", 4: "heat"})
    page = await open_page(timezone_id="America/Guatemala")
    await page.get_by_role("button", name="Qué tiempo").click()
    slider = page.get_by_role("slider", name="Las últimas 24 horas, hora a hora")
    await expect(slider).to_have_attribute("aria-valuetext", "Ahora")
    await page.get_by_role("button", name="Ver las últimas 24 horas").click()
    await expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(r"^\w+ \d+, de \d\d:00 a \d\d:00 · [\d.]+ tweets?$")
    )
    # It plays: a later hour comes by itself.
    await expect(slider).to_have_value(re.compile(r"^([3-9]|1\d|2[0-3])$"))
    await page.get_by_role("button", name="Detener la película").click()
    # Of 24 hours the last, number 23, is the one that goes on.
    await slider.fill("17")
    await expect(shape(page, "MG")).to_have_class(re.compile(r"\bkind-snow strength-3\b"))
    await slider.fill("19")
    await expect(shape(page, "MG")).to_have_class(re.compile(r"\bkind-heat strength-3\b"))
    stood = await slider.get_attribute("aria-valuetext")
    await slider.focus()
    await page.keyboard.press("ArrowLeft")
    await expect(slider).not_to_have_attribute("aria-valuetext", stood or "")
    await page.keyboard.press("End")
    await expect(slider).to_have_attribute("aria-valuetext", "Ahora")
    # It ends where it is live again.
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await page.get_by_role("button", name="Ver las últimas 24 horas").click()
    await expect(slider).to_have_attribute("aria-valuetext", "Ahora")
    await expect(page.get_by_role("button", name="Ver las últimas 24 horas")).to_be_visible()


async def test_for_those_whom_motion_makes_ill_the_film_goes_hour_by_hour(open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    slider = page.get_by_role("slider", name="Las últimas 24 horas, hora a hora")
    await page.get_by_role("button", name="Hora siguiente").click()
    await expect(slider).to_have_value("0")
    await page.wait_for_timeout(2_000)
    await expect(slider).to_have_value("0")
    await page.get_by_role("button", name="Hora siguiente").click()
    await expect(slider).to_have_value("1")


async def test_search_finds_words_and_countries(site: Site, open_page: OpenPage) -> None:
    word = f"granizada{uuid.uuid4().hex[:6]}"
    await post(site, ("Costa Rica", f"Cayó una {word} en Cartago"), ("Costa Rica", "Sol en Limón"))
    page = await open_page(reduced_motion="reduce")
    field = page.get_by_role("searchbox", name="Buscar")
    found = page.locator("#results .stored li")
    await field.fill(word)
    await expect(found).to_have_count(1)
    await expect(found.locator("mark")).to_have_text(word)
    await found.get_by_role("link", name="Costa Rica").click()
    await expect(panel(page)).to_contain_text(word)
    await expect(page.locator("#results")).to_be_hidden()
    await field.fill(f"nada{uuid.uuid4().hex}")
    await expect(page.locator("#results .note")).to_have_text("Ningún tweet guardado tiene esas palabras.")
    await page.keyboard.press("Escape")
    await expect(page.locator("#results")).to_be_hidden()
    # Without accents, and by keyboard alone.
    await field.fill("japon")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#results a:focus")).to_have_text("Japón")
    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("heading", name="Japón")).to_be_visible()
    await field.fill("México")
    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("heading", name="México")).to_be_visible()


READS = re.compile(r"/(tweets|history|weather)\?")


async def test_without_the_read_api_the_page_goes_on_and_says_so_until_it_is_back(
    site: Site, open_page: OpenPage, complaints: list[str]
) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json={"title": "Service Unavailable", "status": 503})

    page = await open_page(reduced_motion="reduce")
    await page.route(READS, refuse)
    await page.get_by_role("button", name="Qué tiempo").click()
    await expect(page.locator("#notice")).to_have_text(re.compile("El historial no responde"))
    await expect(page.get_by_role("button", name="Qué tiempo")).to_be_disabled()
    text = f"Sigue en vivo {uuid.uuid4()}"
    await post(site, ("Panamá", text))
    await expect(page.locator("#tweets")).to_contain_text(text)
    await expect(shape(page, "PA")).to_have_attribute("aria-label", re.compile(r"^Panamá: \d+ tweets?$"))
    await page.unroute(READS, refuse)
    await expect(page.locator("#notice")).to_be_hidden()
    await expect(page.locator("#legend.of-kinds")).to_be_visible()
    # Chromium tells in the console of every answer that is an error.
    complaints[:] = [said for said in complaints if "503 (Service Unavailable)" not in said]


async def test_where_the_read_api_is_switched_off_nobody_asks_it(site: Site, open_page: OpenPage) -> None:
    page = await open_page(reduced_motion="reduce")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if READS.search(request.url) else None)

    async def switched_off(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "reads": False})

    await page.route("**/config.json", switched_off)
    await page.reload()
    await open_by_link(page, site, "GT")
    await expect(page.locator("#notice")).to_contain_text("Este sistema no sirve el historial")
    await expect(panel(page).get_by_role("heading", name="Guatemala")).to_be_visible()
    await expect(page.get_by_role("button", name="Qué tiempo")).to_be_disabled()
    assert not asked
