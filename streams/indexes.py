"""Makes the indexes in the background, by whoever starts first, if they are missing (`index_keys`)."""

import logging
import time
from collections.abc import Callable

from mode import Service
from pymongo.errors import PyMongoError

from streams.index_keys import make_indexes
from streams.persistence import reason
from weather_tweets.settings import MongoSettings

_log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0
SAID_AFTER_SECONDS = 2.0
"""Where they are there already, or the collection is small, there is nothing to say."""


class Indexes(Service):
    """Makes the indexes, and goes on trying until they are there."""

    def __init__(self, settings: MongoSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._settings = settings
        self._clock = clock
        self._making = ""
        self._since = 0.0
        self.of_positions = False
        """Whether the tweets of some offsets can be found without looking at all of them."""
        self.all_made = False

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                await make_indexes(self._settings, self._begins)
            except (PyMongoError, OSError) as error:
                _log.warning("the indexes cannot be made: %s", reason(error))
                await self.sleep(AGAIN_SECONDS)
                self._making = ""
            else:
                self.of_positions, self.all_made, self._making = True, True, ""
                return

    def waiting_for(self) -> dict[str, str]:
        """A sentence while an index is being made, which is slow where there are many tweets."""
        if not self._making or self._clock() - self._since < SAID_AFTER_SECONDS:
            return {}
        return {"index": f"mongo: the index {self._making} is being made"}

    def _begins(self, index: str) -> None:
        # That of positions is the first.
        self.of_positions = bool(self._making)
        self._making, self._since = index, self._clock()
