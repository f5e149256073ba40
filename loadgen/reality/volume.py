"""How many people post from each country.

Where a number of X users was published, that is it. The rest of X's users in the world is shared out over the
other countries in proportion to their Internet users; where the state blocks X, one in ten of these counts.
"""

from functools import cache

from loadgen.reality.places import Place, all_places

# X's reach in the world, January 2025 (X's advertising tools, as cited at
# sociallyin.com/x-twitter-statistics).
WORLD_X_USERS = 586e6
# Individuals using the Internet in the world, 2023 (ITU Facts and Figures 2023); for states that report none.
WORLD_INTERNET_PERCENT = 67.0
# An assumption: those who get around a block. It gives China what was reported of it, some 8 million.
BLOCKED_FACTOR = 0.1


@cache
def users() -> dict[str, float]:
    """People who post, by country code, published or estimated."""
    places = all_places()
    published = {place.country.code: place.x_users for place in places if place.x_users is not None}
    reachable = {
        place.country.code: _internet_users(place) for place in places if place.country.code not in published
    }
    per_internet_user = (WORLD_X_USERS - sum(published.values())) / sum(reachable.values())
    return published | {code: people * per_internet_user for code, people in reachable.items()}


def _internet_users(place: Place) -> float:
    percent = WORLD_INTERNET_PERCENT if place.internet_percent is None else place.internet_percent
    return place.population * percent / 100 * (BLOCKED_FACTOR if place.blocked else 1.0)
