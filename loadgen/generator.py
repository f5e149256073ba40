# ruff: noqa: E501
"""Synthetic tweets about the weather."""

import random
from collections.abc import Iterator

from babel.core import get_global

from weather_tweets import countries

VERSION = 1

_PHRASES = {
    "es": (
        ("Llueve", "Está lloviendo", "Otra vez llueve", "Sigue lloviendo", "Qué calor hace", "Hace un frío terrible",
         "Qué viento", "Se viene una tormenta", "Amaneció nublado", "Salió el sol", "Hay mucha neblina"),
        (" desde temprano", " toda la mañana", " esta tarde", " desde anoche", " a esta hora", " otra vez", ""),
        (" y salí sin paraguas", " y yo sin ganas de nada", ", no se olviden del abrigo", ", cuídense mucho",
         " y el tráfico está imposible", ", perfecto para un café", ", qué ganas de quedarse en casa", ""),
        (" ☔", " 🌧️", " ☀️", " 😩", " 🙌", " #clima", " #tiempo", ""),
    ),
    "en": (
        ("It's raining", "Raining again", "So much rain", "What a hot day", "Freezing out there", "Crazy wind",
         "A storm is coming", "Cloudy skies", "The sun is finally out", "Foggy", "Such nice weather"),
        (" this morning", " all day", " this afternoon", " since last night", " right now", " again", ""),
        (" and I forgot my umbrella", ", stay safe everyone", ", perfect for a coffee", " and traffic is a mess",
         ", not leaving the house", ", take a jacket", ", my dog refuses to go out", ""),
        (" ☔", " 🌧️", " ☀️", " 😩", " 🙌", " #weather", ""),
    ),
    "pt": (
        ("Tá chovendo", "Chuva de novo", "Que calor", "Que frio", "Muito vento", "Vem temporal aí", "Céu nublado",
         "Abriu o sol", "Muita neblina"),
        (" desde cedo", " a manhã toda", " esta tarde", " desde ontem à noite", " agora", " outra vez", ""),
        (" e saí sem guarda-chuva", ", cuidado na rua", ", perfeito para um café", " e o trânsito parado",
         ", só quero ficar em casa", ", levem casaco", ""),
        (" ☔", " 🌧️", " ☀️", " 😩", " 🙌", " #clima", ""),
    ),
}  # fmt: skip


def generate(tweets: int, seed: int) -> Iterator[dict[str, str]]:
    """`tweets` tweets in the mission's format, the same ones for the same seed."""
    rng = random.Random(seed)  # noqa: S311 (synthetic data, no secrets)
    languages = get_global("territory_languages")
    known = sorted(country for country in countries.by_code().values() if country != countries.UNKNOWN)
    for _ in range(tweets):
        country = rng.choice(known)
        spoken = [language for language in _PHRASES if language in languages.get(country.code, ())]
        language = rng.choice(spoken or ["en"])
        yield {"texto": "".join(rng.choice(part) for part in _PHRASES[language]), "país": country.name}
