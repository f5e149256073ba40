"""The swarm for Locust: `locust -f loadgen/locustfile.py --headless --host http://127.0.0.1:8000`.

Sends exactly `--tweets` tweets from `--users` concurrent clients to the gateway's `/input`, over however many
processes, and ends. The exit status is 1 when a tweet was not accepted. See
`python -m loadgen swarm --help`, group Weather Tweets.
"""

import logging
import sys
import time
from http import HTTPStatus
from typing import Any

import gevent
from locust import FastHttpUser, events, task
from locust.exception import CatchResponseError, StopTest

from loadgen import options
from loadgen.swarm import Swarm
from loadgen.target import TargetError, resolve
from loadgen.text_file import FileError
from weather_tweets.settings import ClientSettings

logger = logging.getLogger(__name__)

PATH = "/input"
# More than the gateway's own deadline for Kafka, so that it is the gateway that gives up first.
TIMEOUT_SECONDS = 30.0
MAX_RETRY_WAIT_SECONDS = 10.0
WORTH_A_RETRY = frozenset({0, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

events.init_command_line_parser.add_listener(options.add_to)


@events.init.add_listener
def _bind(environment: Any, **_: Any) -> None:
    options.apply_defaults(environment.parsed_options)
    swarm = Swarm(environment)
    environment.swarm = swarm
    try:
        swarm.check()
    except (TargetError, FileError) as error:
        logger.error("%s", error)
        sys.exit(2)
    environment.events.test_start.add_listener(lambda **_: swarm.start())
    environment.events.test_stop.add_listener(lambda **_: swarm.stop())
    environment.events.quitting.add_listener(lambda **_: swarm.quit())


class Tweeter(FastHttpUser):
    """Somebody who tweets about the weather as fast as the gateway answers."""

    network_timeout = TIMEOUT_SECONDS
    connection_timeout = TIMEOUT_SECONDS

    def __init__(self, environment: Any) -> None:
        allow_remote = environment.parsed_options.allow_remote
        try:
            # Once more, for a host that was typed into the web page.
            target = resolve(environment.host or self.host, allow_remote=allow_remote)
        except TargetError as error:
            raise StopTest(str(error)) from None
        self.host = target.url
        super().__init__(environment)
        self._swarm: Swarm = environment.swarm
        self._retries: int = environment.parsed_options.retry
        self._headers = {"Content-Type": "application/json", **ClientSettings().headers}
        if target.host_header:
            self._headers["Host"] = target.host_header

    @task
    def tweet(self) -> None:
        """Sends the next tweet, if there is one to send now."""
        number = self._swarm.next_number()
        if number is None:
            return
        try:
            self._send(number)
        except gevent.GreenletExit:
            self._swarm.give_back(number)
            raise

    def _send(self, number: int) -> None:
        body: Any = self._swarm.body(number)  # bytes do as well as the str that Locust declares
        headers = self._headers | {"Idempotency-Key": self._swarm.idempotency_key(number)}
        started = time.time()
        tries = 0
        while True:
            # Without a `with` block the request is not reported to Locust: only the last try counts.
            response = self.client.post(
                PATH, data=body, headers=headers, catch_response=True, allow_redirects=False
            )
            status = response.status_code
            if status == HTTPStatus.ACCEPTED or tries >= self._retries or status not in WORTH_A_RETRY:
                break
            tries += 1
            gevent.sleep(_retry_wait_seconds(response, tries))
        ended = time.time()
        reason = None if status == HTTPStatus.ACCEPTED else _reason(response)
        meta = response.request_meta
        meta["response_time"] = (ended - started) * 1000
        meta["exception"] = None if reason is None else CatchResponseError(reason)
        self.environment.events.request.fire(**meta)
        self._swarm.record(reason, started, ended)


def _retry_wait_seconds(response: Any, tries: int) -> float:
    try:
        wait = float(response.headers["retry-after"])
    except (KeyError, TypeError, ValueError):
        wait = 0.1 * 2.0**tries
    return min(max(wait, 0.0), MAX_RETRY_WAIT_SECONDS)


def _reason(response: Any) -> str:
    status = response.status_code
    if status:
        return (
            f"{status} {HTTPStatus(status).phrase}"
            if status in HTTPStatus._value2member_map_
            else str(status)
        )
    return type(response.error).__name__
