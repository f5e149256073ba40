"""The pictures of the live page in docs/images: `make screenshots` takes them.

Starts a stack of its own, sends it a week of generated tweets in some three minutes, with the week's own
rhythm, and looks at the page while the last of them come in: on a desk by day and by night, and on a phone;
at all countries, inside one of them, and for a word.
Fifteen languages want fonts: Debian's fonts-noto-core, fonts-noto-cjk and fonts-noto-color-emoji.
"""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from loadgen import dataset, generator
from operations import swarm_run
from operations.local import launch
from operations.local.folder import Folder

IMAGES = Path(__file__).parents[1] / "docs" / "images"
STACK = Path(__file__).parents[1] / "build" / "screenshots"

TWEETS = 20_000
# A week has 604,800 seconds.
RATE = "x3200"
SENT_BEFORE = 0.75
"""Share of the tweets that are sent before the first picture."""
LOOKING_MILLISECONDS = 6_000
"""Until the list of the last tweets has moved on, and numbers that run have arrived."""

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}
PICTURES: dict[str, dict[str, Any]] = {
    "live-desktop": {**DESK, "color_scheme": "light"},
    "live-dark": {**DESK, "color_scheme": "dark"},
    "live-phone": {**PHONE, "color_scheme": "light"},
    "live-weather": {**DESK, "color_scheme": "light"},
    "live-weather-dark": {**DESK, "color_scheme": "dark"},
    "live-country-phone": {**PHONE, "color_scheme": "light"},
    "live-search": {**DESK, "color_scheme": "light"},
}


def _open_country(page: Page) -> None:
    """By kinds, with a country of many tweets open."""
    page.locator("[data-by=kind]").click()
    page.locator(".country[data-code=BR]").click()
    page.locator("#country .stored li").first.wait_for()


def _open_country_on_phone(page: Page) -> None:
    page.locator("[data-by=kind]").tap()
    page.locator(".country[data-code=BR]").tap()
    page.locator("#country .stored li").first.wait_for()


def _search(page: Page) -> None:
    page.locator("#search-words").fill("lluvia")
    page.locator("#results .stored li").first.wait_for()


ACTS: dict[str, Callable[[Page], None]] = {
    "live-weather": _open_country,
    "live-weather-dark": _open_country,
    "live-country-phone": _open_country_on_phone,
    "live-search": _search,
}
"""What a person does before a picture is taken."""


def main() -> None:
    os.environ["WEATHER_STACK_USUAL_PORTS"] = "false"
    stack = Folder(STACK)
    address = launch.up(stack, 1, lambda _: None).gateway
    try:
        swarm, most_is_sent = _send(address)
        most_is_sent.wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            for name, settings in PICTURES.items():
                _take(browser, f"{address}/", IMAGES / f"{name}.png", settings, ACTS.get(name))
            browser.close()
        swarm.join()
    finally:
        launch.down(stack, purge=True)


def _send(address: str) -> tuple[threading.Thread, threading.Event]:
    """Sends the tweets in a thread of its own; the event is set when there is enough to be seen."""
    data = STACK / "tweets.json"
    dataset.write(data, generator.generate(TWEETS, dataset.DEFAULT_SEED))
    most_is_sent = threading.Event()

    def watch(done: int) -> None:
        if done >= SENT_BEFORE * TWEETS:
            most_is_sent.set()

    def send() -> None:
        try:
            swarm_run.run(
                address, tweets=TWEETS, users=10, data=data, on_progress=watch, options=("--rate", RATE)
            )
        finally:
            most_is_sent.set()

    swarm = threading.Thread(target=send)
    swarm.start()
    return swarm, most_is_sent


def _take(
    browser: Browser,
    address: str,
    file: Path,
    settings: dict[str, Any],
    act: Callable[[Page], None] | None,
) -> None:
    context = browser.new_context(locale="es-GT", timezone_id="America/Guatemala", **settings)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#status[data-kind=live]")
    if act:
        act(page)
    page.wait_for_timeout(LOOKING_MILLISECONDS)
    page.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    main()
