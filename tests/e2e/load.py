"""A steady load through the ingress that knows exactly what it has sent."""

import http.client
import itertools
import json
import threading
import time
import uuid
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from loadgen.target import resolve

REQUEST_SECONDS = 30.0
COUNTRIES = ("Guatemala", "Argentina", "México", "España", "Japón", "Nigeria", "India", "Brasil")


class Load:
    """Posts batches of tweets at a given pace from some threads, while the `with` block runs.

    With `retry` a batch that was refused or broken is sent again, with the same ids, until it is accepted:
    afterwards exactly `sent` tweets must be in every store. Without, every failure is counted and named, and
    its tweets may or may not have arrived.
    """

    def __init__(self, url: str, *, per_second: float, batch: int = 1, threads: int = 4, retry: bool) -> None:
        target = resolve(url)
        parts = urlsplit(target.url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._headers = {"Content-Type": "application/json"}
        if target.host_header:
            self._headers["Host"] = target.host_header
        self._pause = threads / per_second
        self._batch = batch
        self._retry = retry
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self.sent = 0
        """Tweets accepted."""
        self.requests = 0
        """Requests accepted."""
        self.reconnects = 0
        """Connections that the ingress had closed while they were idle."""
        self.failures: list[str] = []
        """Every answer but 202, and every broken connection."""

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=REQUEST_SECONDS)
        countries = itertools.cycle(COUNTRIES)
        due = time.monotonic()
        while not self._stop.is_set():
            body = json.dumps(
                [
                    {"texto": "Llueve bajo carga", "país": next(countries), "id": str(uuid.uuid4())}
                    for _ in range(self._batch)
                ]
            )
            # Past the end of the block too: what was begun is settled.
            while (failure := self._post(connection, body)) is not None:
                with self._lock:
                    self.failures.append(f"{time.strftime('%X')} {failure}")
                if not self._retry:
                    break
                time.sleep(0.5)
            else:
                with self._lock:
                    self.sent += self._batch
                    self.requests += 1
            # Behind its pace it does not hurry later.
            due = max(due + self._pause, time.monotonic() - 1)
            self._stop.wait(max(0.0, due - time.monotonic()))
        connection.close()

    def _post(self, connection: http.client.HTTPConnection, body: str) -> str | None:
        """None when accepted, else why not."""
        reused = connection.sock is not None
        try:
            connection.request("POST", "/input", body, self._headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected) as error:
            connection.close()
            if not reused:
                return repr(error)
            # Closed by the ingress while it was idle (nginx does so when it reads a new configuration): once
            # more on a new connection, as every HTTP client does; the tweets' ids make it safe.
            with self._lock:
                self.reconnects += 1
            return self._post(connection, body)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return repr(error)
        return None if answer.status == http.HTTPStatus.ACCEPTED else f"{answer.status} {text[:120]}"
