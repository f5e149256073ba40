"""Names by their words in any order: "Korea, Republic of" is "the Republic of Korea"."""

from weather_tweets.places import vocabulary

LITTLE_WORDS = vocabulary.of("little")
_NOT_TELLING = LITTLE_WORDS | vocabulary.of("form")
_ABBREVIATED = dict(pair.split("=") for pair in vocabulary.of("short"))


def telling(words: list[str], *, without_form_of_state: bool = False) -> list[str]:
    """Of a name's words those that tell places apart, in full."""
    left_out = _NOT_TELLING if without_form_of_state else LITTLE_WORDS
    return [full for word in words if (full := _ABBREVIATED.get(word, word)) not in left_out]


def of(words: list[str]) -> str:
    """The words in the order of the alphabet, by which all orders are one."""
    return " ".join(sorted(words))
