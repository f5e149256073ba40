"""Somebody who has a key: what they may send, and what became of it."""

import math
import time

from gateway import rate_limit_fields
from gateway.keys.bucket import Bucket
from gateway.keys.key_file import Key
from gateway.problems import Problem
from weather_tweets.metrics import GatewayMetrics

_POLICY, _LIMIT = (name.lower().encode() for name in (rate_limit_fields.POLICY, rate_limit_fields.LIMIT))
_LIMIT_VALUE = rate_limit_fields.LIMIT_FORMAT.encode()


class Sender:
    """The owner of a key, in this worker process.

    The rate holds in each process: a client's connection stays with one, and a share of the rate there would
    refuse somebody who keeps to it.
    """

    def __init__(self, key: Key, metrics: GatewayMetrics) -> None:
        self.name = key.name
        self.bucket = Bucket(key.rate, key.burst, time.monotonic())
        outcome = metrics.key_tweets.labels
        # How many tweets became what; see `metrics.KEY_OUTCOMES`.
        self.accepted = outcome(key.name, "accepted").inc
        self.invalid = outcome(key.name, "invalid").inc
        self.unanswered = outcome(key.name, "unanswered").inc
        self._refused = outcome(key.name, "refused").inc
        self._over_quota = outcome(key.name, "over_quota").inc
        self.change(key)

    def change(self, key: Key) -> None:
        """Goes on with the rate and burst of the file; what was used up stays used up."""
        self.disabled = key.disabled
        self.bucket.rate = key.rate
        self.bucket.burst = key.burst
        self._policy = rate_limit_fields.policy(key.burst, self.bucket.window_seconds).encode()
        self._lines = b"%b: %b\r\n%b: %b\r\n" % (_POLICY, self._policy, _LIMIT, _LIMIT_VALUE)

    def charge(self, tweets: int) -> None:
        """Takes so many tweets off what may be sent. Raises `Problem`: 429, or 413 for more than ever may."""
        wait_seconds = self.bucket.take(tweets, time.monotonic())
        if wait_seconds:
            self._over_quota(tweets)
            raise self._too_many(tweets, wait_seconds)

    def reject(self, wrong: Problem) -> Problem:
        """Counts a request that is not acceptable; what to answer. It is not free: raises as `charge`."""
        self.charge(wrong.tweets)
        self.invalid(wrong.tweets)
        return self.tell(wrong)

    def refuse(self, problem: Problem, tweets: int) -> Problem:
        """Counts tweets that were charged and then not accepted; what to answer."""
        if problem.status < 500:
            self.invalid(tweets)
        else:
            # For no fault of the sender, who will send them again.
            self.bucket.give_back(tweets)
            self._refused(tweets)
        return self.tell(problem)

    @property
    def lines(self) -> bytes:
        """The RateLimit header fields as lines of HTTP/1.1."""
        bucket = self.bucket
        return self._lines % (bucket.remaining, bucket.next_seconds)

    @property
    def fields(self) -> tuple[tuple[bytes, bytes], ...]:
        """The same, as names and values."""
        bucket = self.bucket
        return (_POLICY, self._policy), (_LIMIT, _LIMIT_VALUE % (bucket.remaining, bucket.next_seconds))

    def tell(self, problem: Problem) -> Problem:
        """The problem, with the RateLimit header fields."""
        problem.headers.update((name.decode(), value.decode()) for name, value in self.fields)
        return problem

    def _too_many(self, tweets: int, wait_seconds: float) -> Problem:
        if tweets > self.bucket.burst:
            return self.tell(
                Problem(
                    413, f"Send at most {self.bucket.burst:,} tweets in a request: it is this key's burst."
                )
            )
        problem = Problem(
            429,
            f"This key may send {self.bucket.rate:g} tweets a second, and {self.bucket.burst:,} at once. "
            "Nothing of the request was published: send it again after Retry-After.",
            headers={"Retry-After": str(max(1, math.ceil(wait_seconds)))},
            type=rate_limit_fields.PROBLEM_TYPE,
        )
        problem.members[rate_limit_fields.VIOLATED] = [rate_limit_fields.POLICY_NAME]
        return self.tell(problem)
