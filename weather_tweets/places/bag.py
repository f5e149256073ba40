"""Names by their words in any order: "Korea, Republic of" is "the Republic of Korea"."""

from weather_tweets.places import vocabulary

LITTLE_WORDS = vocabulary.of("little")
_NOT_TELLING = LITTLE_WORDS | vocabulary.of("form")
_ABBREVIATED = dict(pair.split("=") for pair in vocabulary.of("short"))


def of(words: list[str], *, without_form_of_state: bool = False) -> str:
    """Of a name's words those that tell places apart, sorted; empty if there is none."""
    left_out = _NOT_TELLING if without_form_of_state else LITTLE_WORDS
    return " ".join(
        sorted(whole for word in words if (whole := _ABBREVIATED.get(word, word)) not in left_out)
    )
