"""The REST door: by its own description, and by bytes that follow none."""

import http.client
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.fuzz.conftest import Front
from tests.fuzz.mutations import mutated

_SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[2] / "gateway" / "openapi.json")


@schemathesis.serializer("application/x-ndjson")
def _as_it_is(_: object, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


_TWEET = '{"texto": "Llueve", "país": "Guatemala"}'.encode()
# Without a country, because who hangs up does not learn what was accepted: nothing may be.
_REQUEST = (
    b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
    b'{"texto": "Llueve"}'
)


@_SCHEMA.parametrize()
def test_every_answer_is_one_of_those_described(case: Case[Any], front: Front) -> None:
    response = case.call_and_validate(
        base_url=front.url,
        # A schema cannot say all that makes a text acceptable, nor what a header and a body are together.
        excluded_checks=[positive_data_acceptance],
    )
    front.note(response.status_code, response.content)


@given(body=mutated(_TWEET) | mutated(b"[" + _TWEET + b"," + _TWEET + b"]"))
def test_a_body_with_any_bytes_is_answered(front: Front, body: bytes) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as connection:
        for sent in (body, _TWEET):
            # The second on the same connection: the first has not harmed it.
            connection.request("POST", "/input", sent, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            answer = reply.read()
            assert reply.status in (202, 400, 422)
            front.note(reply.status, answer)
        assert reply.status == 202


@given(body=mutated(_TWEET + b"\n" + _TWEET) | st.binary(max_size=200))
def test_lines_with_any_bytes_are_answered(front: Front, body: bytes) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", front.port, timeout=30)) as connection:
        connection.request("POST", "/input", body, {"Content-Type": "application/x-ndjson"})
        reply = connection.getresponse()
        answer = reply.read()
        assert reply.status in (202, 400, 422)
        front.note(reply.status, answer)


@given(sent=mutated(_REQUEST) | st.binary(max_size=200))
def test_any_bytes_on_the_port_harm_nobody(front: Front, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while some := connection.recv(65536):
                received += some
        except ConnectionResetError:
            pass
    for answer in received.split(b"HTTP/1.1 ")[1:]:
        assert answer[:3] not in (b"202", b"500")


def test_afterwards_everything_accepted_is_in_kafka_and_nothing_else(front: Front) -> None:
    front.check()
