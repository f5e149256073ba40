"""Posts tweets as a plain client does, without trying again."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def post(gateway: str, text: str, *, key: str | None = None, timeout: float = 30) -> Answer:
    """Raises `OSError` when the gateway cannot be reached."""
    address = urlsplit(gateway)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout)
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    try:
        body = json.dumps({"texto": text, "país": "Guatemala"}).encode()
        connection.request("POST", "/input", body, headers)
        reply = connection.getresponse()
        return Answer(
            reply.status, {k.lower(): v for k, v in reply.getheaders()}, json.loads(reply.read() or "{}")
        )
    finally:
        connection.close()


def post_many(gateway: str, count: int, *, clients: int = 10) -> list[Answer]:
    """That many different tweets, of some clients at once."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(lambda number: post(gateway, f"Llueve {number}"), range(count)))
