"""Long names of countries with one typing error: a letter missing, too many, another one, or two exchanged.

Names without one of their letters are in the table, so that what is one letter away is found by looking up
the text without each of its own (Garbe's symmetric deletion, https://github.com/wolfgarbe/SymSpell).
"""

from weather_tweets.places.gazetteer import ONE_LEFT_OUT, SORTED, table

_LETTERS = range(6, 25)
"""Shorter names are too near one another; longer ones take too long."""


def country_of(key: str) -> int:
    """The number of the only country whose name is one typing error away from `key`, else 0.

    Nothing that is itself known to be a place is an error.
    """
    known = table()
    if len(key) not in _LETTERS or key in known:
        return 0
    found = {sense[1] for sense in known.get(ONE_LEFT_OUT + key, ())}
    # Of the first letter people are sure.
    for i in range(1, len(key)):
        found.update(sense[1] for sense in known.get(ONE_LEFT_OUT + key[:i] + key[i + 1 :], ()))
    letters = f"{SORTED}{''.join(sorted(key))} "
    for entry in known.keys(letters):
        name = entry[len(letters) :]
        if sum(a != b for a, b in zip(name, key, strict=True)) == 2:
            found.update(sense[1] for sense in known[entry])
    return found.pop() if len(found) == 1 else 0
