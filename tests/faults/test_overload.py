"""More clients than there is capacity for, and clients that are in no hurry."""

import socket
import threading
from urllib.parse import urlsplit

import psutil

from tests.faults.conditions import agreed
from tests.faults.posting import post, post_many
from tests.running_stack import RunningStack

_MEMORY_BYTES = 300 * 2**20


def test_five_hundred_clients_at_once_are_answered_and_nothing_acknowledged_is_lost(
    healthy: RunningStack,
) -> None:
    before = agreed(healthy)
    answers = post_many(healthy.endpoints.gateway, 5000, clients=500)
    assert {answer.status for answer in answers} <= {202, 503}
    accepted = sum(answer.status == 202 for answer in answers)
    after = agreed(healthy)
    # What was refused at its deadline may have reached Kafka all the same.
    assert accepted <= after.mongo - before.mongo <= 5000
    assert accepted > 0
    assert _is_bounded(healthy)


def test_two_hundred_clients_that_send_a_byte_a_second_do_not_keep_others_from_being_served(
    healthy: RunningStack,
) -> None:
    address = urlsplit(healthy.endpoints.gateway)
    head = (
        b"POST /input HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n"
    )
    over = threading.Event()
    slow = [socket.create_connection((address.hostname, address.port)) for _ in range(200)]

    def drip() -> None:
        sent = 0
        while not over.wait(1.0 if sent else 0.0):
            for connection in slow:
                try:
                    connection.sendall(head[sent : sent + 1] or b"x")
                except OSError:
                    continue
            sent += 1

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        answers = post_many(healthy.endpoints.gateway, 200)
        assert {answer.status for answer in answers} == {202}
        assert _is_bounded(healthy)
    finally:
        over.set()
        dripping.join()
        for connection in slow:
            connection.close()
    assert post(healthy.endpoints.gateway, "Todo bien").status == 202


def _is_bounded(stack: RunningStack) -> bool:
    services = ("gateway", "producer", "writer", "streams-1")
    return all(
        psutil.Process(pid).memory_info().rss < _MEMORY_BYTES
        for name in services
        for pid in stack.endpoints.pids[name]
    )
