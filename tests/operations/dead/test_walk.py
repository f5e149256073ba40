"""The commands, one after the other, on a running stack; the audit agrees after each."""

import asyncio

from aiokafka import AIOKafkaProducer

from tests.running_stack import RunningStack

_MENDABLE = b'{"texto": "Llueve", "pais_nombre": "Guatemala"}'
_MENDABLES = [_MENDABLE, _MENDABLE.replace(b"Llueve", b"Nieva")]
_RECORDS = [*_MENDABLES, b"[red]no JSON[/] \x1b[2J", b"\xff", None]


def test_letters_are_listed_shown_mended_requeued_and_discarded_and_all_stores_agree(
    stack: RunningStack,
) -> None:
    asyncio.run(_produce(stack.endpoints.kafka))
    before = stack.audit()
    assert before.dead == len(_RECORDS)

    listed = stack.cli_json("dead", "list", "--json")
    assert listed["letters"] == {"open": 5, "requeued": 0, "discarded": 0}
    kinds = {bar["reason"]: bar["letters"] for bar in listed["reasons"]}
    assert next(iter(kinds.values())) == 2
    assert sum(kinds.values()) == 5
    assert "\x1b[2J" not in stack.cli("dead", "list")
    assert "\x1b[2J" not in stack.cli("dead", "show", "--all")

    of_country = stack.cli_json("dead", "show", "--reason", "PAÍS", "--json")
    assert sorted(letter["value"].encode() for letter in of_country) == sorted(_MENDABLES)
    assert not any(letter["today"]["acceptable"] for letter in of_country)
    assert stack.cli_json("dead", "list", "--until", "1h", "--json")["letters"]["open"] == 0
    assert "which letters?" in stack.cli("dead", "requeue", status=1)
    assert "no such letter: 0-99" in stack.cli("dead", "show", "0-99", status=1)

    refused = stack.cli("dead", "requeue", "--reason", "país", status=1)
    assert "is no tweet today either" in refused
    mend = "sed -i s/pais_nombre/pais/"
    for _ in range(2):
        # The second time it changes nothing.
        stack.cli("dead", "requeue", "--reason", "país", "--edit", EDITOR=mend, VISUAL="")
        after = stack.audit()
        assert (after.tables, after.dead, after.repeats) == (before.tables + 2, before.dead, before.repeats)
    assert "3 discarded" in stack.cli("dead", "discard", "--all", "--note", "a test")
    assert "5 were decided on before" in stack.cli("dead", "discard", "--all")
    assert stack.cli_json("dead", "list", "--json")["letters"] == {"open": 0, "requeued": 2, "discarded": 3}
    (letter,) = stack.cli_json("dead", "show", of_country[0]["id"], "--json")
    assert letter["decision"]["to"].startswith("messages/")
    assert stack.audit().tables == after.tables


async def _produce(kafka: str) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        for record in _RECORDS:
            await producer.send_and_wait("messages", record, key=b"of a test")
