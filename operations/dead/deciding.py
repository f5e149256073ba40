"""Requeue and discard: goes through the letters and decides on those that are meant."""

from collections.abc import AsyncIterator, Callable

import msgspec

from operations.dead import letters
from operations.dead.letters import Letter
from operations.dead.selection import OPEN, Selection, state
from operations.dead.settling import settler
from streams.decoding import NoTweetError
from weather_tweets.settings import KafkaSettings

_AT_ONCE = 500
"""Letters in one transaction, for which Kafka gives a minute by default."""


class Outcome(msgspec.Struct):
    """Ids of letters, by what became of them."""

    requeued: dict[str, str] = {}
    """With where they are now."""
    discarded: list[str] = []
    before: dict[str, str] = {}
    """Those that were decided on before, and how."""
    refused: dict[str, str] = {}
    """Those that are no tweets today either, and why."""
    unknown: list[str] = []
    """Ids that name no letter."""


async def requeue(
    settings: KafkaSettings, selection: Selection, edit: Callable[[bytes], bytes] | None = None
) -> Outcome:
    """Puts letters into the topic again, as they are or as `edit` makes them; what is no tweet stays here.

    A letter that was discarded is requeued if its id is given. Raises `aiokafka.errors.KafkaError`.
    """
    outcome = Outcome()
    async with settler(settings) as desk:

        async def settle(chosen: list[tuple[Letter, bytes]]) -> None:
            await desk.requeue(chosen)
            outcome.requeued |= {letter.id: desk.decisions[letter.identity].to for letter, _ in chosen}

        chosen: list[tuple[Letter, bytes]] = []
        async for letter in _meant(settings, selection, outcome):
            was = state(letter, desk.decisions)
            if was == "requeued" or (was == "discarded" and not selection.ids):
                outcome.before[letter.id] = was
                continue
            meant = letter.mended(edit(letter.value)) if edit else letter
            try:
                meant.as_tweet()
            except NoTweetError as error:
                outcome.refused[letter.id] = str(error)
                continue
            chosen.append((letter, meant.value))
            if len(chosen) == _AT_ONCE:
                await settle(chosen)
                chosen = []
        if chosen:
            await settle(chosen)
    return outcome


async def discard(settings: KafkaSettings, selection: Selection, note: str = "") -> Outcome:
    """Marks letters as looked at and not wanted. Raises `aiokafka.errors.KafkaError`."""
    outcome = Outcome()
    async with settler(settings) as desk:

        async def settle(chosen: list[Letter]) -> None:
            await desk.discard(chosen, note)
            outcome.discarded += [letter.id for letter in chosen]

        chosen: list[Letter] = []
        async for letter in _meant(settings, selection, outcome):
            was = state(letter, desk.decisions)
            if was != OPEN:
                outcome.before[letter.id] = was
                continue
            chosen.append(letter)
            if len(chosen) == _AT_ONCE:
                await settle(chosen)
                chosen = []
        if chosen:
            await settle(chosen)
    return outcome


async def _meant(settings: KafkaSettings, selection: Selection, outcome: Outcome) -> AsyncIterator[Letter]:
    unmet = set(selection.ids)
    async for letter in letters.read(settings):
        if selection.takes(letter):
            unmet -= selection.ids_of(letter)
            yield letter
    outcome.unknown += sorted(unmet)
