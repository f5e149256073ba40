import itertools
import random
import re

import pytest

from loadgen import grammar
from loadgen.generator import MAX_CHARACTERS, write
from loadgen.grammar import LANGUAGES, Grammar, Situation, capitalized
from loadgen.grammar.noise import Noise
from loadgen.reality import weather
from loadgen.reality.places import all_cities
from loadgen.reality.rhythm import PARTS
from loadgen.reality.weather import KINDS, Weather
from weather_tweets import countries

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def situations(rules: Grammar, kind: str) -> list[Situation]:
    """The kind of weather at every part of every day, in a country with named cities and in one without."""
    country = next(iter(rules.cities))
    places = ((country, rules.cities[country][0]), ("GL", None))
    celsius = -7 if kind == weather.SNOW else 21
    return [
        Situation(code, city, Weather(kind, celsius), part, weekday)
        for (code, city), part, weekday in itertools.product(places, PARTS, range(7))
    ]


@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", KINDS)
def test_there_is_something_to_say_of_every_weather_at_every_time_and_place(language: str, kind: str) -> None:
    rules = grammar.load(language)
    for situation in situations(rules, kind):
        if (kind, situation.part) in {(weather.SUN, "evening"), (weather.SUN, "night")}:
            continue
        assert len(rules.usable("says", kind, situation)) >= 2, situation
        assert len(rules.usable("reacts", kind, situation)) >= 2, situation
        assert rules.usable("reacts", "any", situation), situation
        assert rules.usable("tags", kind, situation), situation


@EVERY_LANGUAGE
def test_every_text_can_be_filled_and_nothing_of_the_grammar_shows(language: str) -> None:
    rules = grammar.load(language)
    rng = random.Random(1)
    for kind in KINDS:
        for situation in situations(rules, kind):
            for section, key in (
                ("says", kind),
                ("reacts", kind),
                ("reacts", "any"),
                ("tags", kind),
                ("tags", "any"),
            ):
                for text in rules.usable(section, key, situation):
                    filled = rules.fill(rng, text, situation)
                    assert filled.strip() == filled
                    assert not re.search(r"[{}<>]|  |None", filled), text


@EVERY_LANGUAGE
def test_every_named_city_has_a_climate_and_every_country_exists(language: str) -> None:
    known = {(city.country, name) for city in all_cities() for name in city.names}
    for country, names in grammar.load(language).cities.items():
        assert country in countries.by_code()
        assert len(set(names)) == len(names)
        assert {(country, name) for name in names} <= known


@EVERY_LANGUAGE
def test_texts_are_not_repeated_within_a_section(language: str) -> None:
    source = grammar.source(language)
    for section in ("says", "reacts"):
        for kind, texts in source[section].items():
            assert len(set(texts)) == len(texts), (section, kind)
    assert set(KINDS) <= set(source["says"]) | {"any"}


@EVERY_LANGUAGE
def test_a_tweet_fits_into_a_tweet(language: str) -> None:
    rng = random.Random(3)
    rules = grammar.load(language)
    for kind in KINDS:
        for situation in situations(rules, kind)[::5]:
            text = write(rng, language, situation)
            assert text
            assert len(text) <= MAX_CHARACTERS


def test_temperatures_are_written_as_they_are_there() -> None:
    rules = grammar.load("en")
    rng = random.Random(0)

    def written(country: str, celsius: float) -> str:
        return rules.fill(
            rng, "{degrees}", Situation(country, None, Weather(weather.HEAT, celsius), "morning", 0)
        )

    assert re.fullmatch(r"86( degrees|°)", written("US", 30))
    assert re.fullmatch(r"30( degrees|°)", written("GB", 30))
    assert re.search(r"(?<!\d)4(?!\d)", written("CA", -4))


def test_guards_keep_texts_to_their_times() -> None:
    rules = grammar.load("en")
    monday_morning = Situation("GB", None, Weather(weather.RAIN, 9), "morning", 0)
    sunday_night = monday_morning._replace(part="night", weekday=6)
    at_work = "And I'm at work"
    assert at_work in rules.usable("reacts", "any", monday_morning)
    assert at_work not in rules.usable("reacts", "any", sunday_night)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("llueve", "Llueve"), ("¿llueve?", "¿Llueve?"), ("31 grados", "31 grados"), ("", "")],
)
def test_a_sentence_begins_with_a_capital(text: str, expected: str) -> None:
    assert capitalized(text) == expected


def test_noise_leaves_the_letters_that_matter() -> None:
    rng = random.Random(0)
    assert Noise({"accents": 1}).apply(rng, "Mañana hará frío #España") == "Mañana hara frio #España"
    assert Noise({"lowercase": 1}).apply(rng, "Qué Frío") == "qué frío"
    assert Noise({"swaps": [["por favor", "porfa", 1]]}).apply(rng, "Que pare por favor") == "Que pare porfa"
    slipped = Noise({"slips": 1}).apply(rng, "tormenta")
    assert slipped != "tormenta"
    assert (sorted(slipped), slipped[0]) == (sorted("tormenta"), "t")
    assert Noise({"lowercase": 1}).apply(rng, "İstanbul") == "istanbul"
    assert Noise({}).apply(rng, "Igual") == "Igual"


def test_a_country_s_tag_keeps_its_vowels() -> None:
    rng = random.Random(0)
    somewhere = Situation("IN", None, Weather(weather.RAIN, 20), "morning", 0)
    assert grammar.load("hi").fill(rng, "#{country_tag}", somewhere) == "#भारत"
    assert grammar.load("es").fill(rng, "#{country_tag}", somewhere._replace(country="CR")) == "#CostaRica"
