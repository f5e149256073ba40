"""Kinds of weather, recognised in what a tweet says.

A lexicon for each language (`lexicon/*.toml`) says which words speak of which kind, which only seem to, and
how the language says no. All languages are looked for at once: a tweet does not say in which it is written.
"""

from weather_tweets.kinds.lexicon import LANGUAGES
from weather_tweets.kinds.recogniser import Finding, Recogniser, recogniser
from weather_tweets.weather_kinds import KINDS

__all__ = ["KINDS", "LANGUAGES", "Finding", "Recogniser", "recogniser"]
