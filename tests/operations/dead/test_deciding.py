"""Decisions on real Kafka: whatever is repeated, cut short or done by two at once, each letter goes once."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest
from aiokafka.errors import ProducerFenced

from operations.dead import deciding, letters
from operations.dead.letters import Letter
from operations.dead.selection import Selection
from operations.dead.settling import FROM, MENDED
from tests.operations.dead.conftest import Topics

GOOD = b'{"texto": "Llueve", "pais": "Guatemala"}'
BAD = b"{}"
ALL = Selection()


def _letters(topics: Topics) -> list[Letter]:
    async def read() -> list[Letter]:
        return [letter async for letter in letters.read(topics.settings)]

    return asyncio.run(read())


def _requeue(topics: Topics, selection: Selection = ALL) -> deciding.Outcome:
    return asyncio.run(deciding.requeue(topics.settings, selection))


def _discard(topics: Topics, selection: Selection = ALL) -> deciding.Outcome:
    return asyncio.run(deciding.discard(topics.settings, selection, "not ours"))


def test_what_is_acceptable_today_goes_into_the_topic_once_and_says_where_it_was(topics: Topics) -> None:
    topics.refuse([(topics.origin(7), GOOD), (topics.origin(8), BAD)], headers=[("source", b"elsewhere")])
    outcome = _requeue(topics)
    good, bad = sorted(_letters(topics), key=lambda letter: letter.offset)
    assert list(outcome.requeued) == [good.id]
    assert outcome.refused == {bad.id: "texto: is missing"}
    (record,) = topics.requeued()
    assert (record.key, record.value) == (b"key", GOOD)
    assert dict(record.headers) == {"source": b"elsewhere", FROM: f"{topics.settings.topic}/1/7".encode()}
    assert outcome.requeued[good.id] == f"{record.topic}/{record.partition}/{record.offset}"

    again = _requeue(topics)
    assert (again.requeued, again.before) == ({}, {good.id: "requeued"})
    assert len(topics.requeued()) == 1


def test_copies_of_a_letter_are_one_and_another_record_at_its_offset_is_another(topics: Topics) -> None:
    """Redelivered records are refused again; a topic that is made anew has its offsets again."""
    other = GOOD.replace(b"Llueve", b"Nieva")
    topics.refuse([(topics.origin(7), GOOD), (topics.origin(7), other), (topics.origin(7), GOOD)])
    assert len(_letters(topics)) == 2
    assert len(_requeue(topics, Selection(ids=("1-7",))).requeued) == 2
    assert sorted(record.value or b"" for record in topics.requeued()) == [GOOD, other]


def test_letters_of_the_first_version_and_of_nobody_knows_whom_are_read(topics: Topics) -> None:
    topics.write([
        (GOOD, [("reason", b"no value"), ("partition", b"1"), ("offset", b"9")]),
        (b"x", [("reason", b"of another program")]),
    ])  # fmt: skip
    old, unknown = sorted(_letters(topics), key=lambda letter: -letter.offset)
    assert (old.origin.topic, old.origin.partition, old.origin.offset) == (topics.settings.topic, 1, 9)
    assert (old.origin.reason, old.headers) == ("no value", [])
    assert unknown.origin.topic == topics.settings.dead_topic
    assert list(_requeue(topics).requeued) == [old.id]


def test_what_the_user_mends_goes_as_it_is_then(topics: Topics) -> None:
    topics.refuse([(topics.origin(7), BAD)])
    outcome = asyncio.run(deciding.requeue(topics.settings, ALL, lambda value: GOOD if value == BAD else b""))
    assert len(outcome.requeued) == 1
    (record,) = topics.requeued()
    assert record.value == GOOD
    assert dict(record.headers)[MENDED] == b"true"


def test_what_was_cut_is_not_passed_off_as_the_whole(topics: Topics) -> None:
    topics.refuse([(topics.origin(7)._replace(cut_from_bytes=1_000_000), GOOD)])
    assert "only the first 40 were kept" in "".join(_requeue(topics).refused.values())
    assert topics.requeued() == []


def test_a_discarded_letter_comes_back_by_its_name_only_and_a_requeued_one_cannot_be_discarded(
    topics: Topics,
) -> None:
    topics.refuse([(topics.origin(7), GOOD)])
    (letter,) = _letters(topics)
    assert _discard(topics).discarded == [letter.id]
    assert _discard(topics).before == {letter.id: "discarded"}
    assert _requeue(topics).before == {letter.id: "discarded"}
    assert topics.requeued() == []
    assert list(_requeue(topics, Selection(ids=(letter.id,))).requeued) == [letter.id]
    assert _discard(topics, Selection(ids=(letter.id,))).before == {letter.id: "requeued"}
    assert len(topics.requeued()) == 1


def test_an_id_that_names_no_letter_is_told(topics: Topics) -> None:
    topics.refuse([(topics.origin(7), GOOD)])
    assert _requeue(topics, Selection(ids=("1-77", "1-7"))).unknown == ["1-77"]


_DIES = """
import asyncio, os, signal, sys
from operations.dead import deciding, settling
from operations.dead.selection import Selection
from weather_tweets.settings import KafkaSettings

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr({owner}, "{method}", die)
asyncio.run(deciding.requeue(KafkaSettings(), Selection()))
"""


@pytest.mark.parametrize(
    ("owner", "method"),
    [("settling.Settler", "_decide"), ("settling.AIOKafkaProducer", "commit_transaction")],
    ids=["before the decision", "before the end of the transaction"],
)
def test_a_command_that_dies_half_way_has_put_nothing_and_the_next_one_puts_it_once(
    topics: Topics, owner: str, method: str
) -> None:
    topics.refuse([(topics.origin(7), GOOD)])
    settings = topics.settings
    # The empty transaction in which it learns of earlier decisions is one, too.
    if method == "commit_transaction":
        _requeue(topics, Selection(partition=0))
    died = subprocess.run(
        [sys.executable, "-c", _DIES.format(owner=owner, method=method)],
        env={
            **os.environ,
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "WEATHER_KAFKA_TOPIC": settings.topic,
            "WEATHER_KAFKA_DEAD_TOPIC": settings.dead_topic,
        },
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert len(_requeue(topics).requeued) == 1
    assert len(topics.requeued()) == 1


def test_of_two_commands_at_once_one_is_fenced_off_or_finds_nothing_left(topics: Topics) -> None:
    topics.refuse([(topics.origin(offset), GOOD) for offset in range(20)])

    async def both() -> list[deciding.Outcome | BaseException]:
        return await asyncio.gather(
            *(deciding.requeue(topics.settings, ALL) for _ in range(2)), return_exceptions=True
        )

    for outcome in asyncio.run(both()):
        assert isinstance(outcome, deciding.Outcome | ProducerFenced), outcome
    _requeue(topics)
    assert len(topics.requeued()) == 20
