"""The keys that are good now."""

from collections.abc import Iterable
from hmac import compare_digest

from gateway.keys import token
from gateway.keys.key_file import Key
from gateway.keys.sender import Sender
from gateway.problems import Problem
from weather_tweets.metrics import GatewayMetrics

# The part of a hash by which it is looked up. How long that takes depends on what is compared, so the rest is
# left for a comparison whose time does not.
_INDEX_BYTES = 8
_NOBODY = bytes(32)
_HOW = "Send the header Authorization: Bearer <key>, with the key that you were given."
_CHALLENGE = 'Bearer realm="weather-tweets"'


class KeyRing:
    """Finds the sender of a key."""

    def __init__(self, keys: Iterable[Key], metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._senders: dict[str, Sender] = {}
        self._by_hash: dict[bytes, tuple[bytes, Sender | None]] = {}
        self.replace(keys)

    def replace(self, keys: Iterable[Key]) -> None:
        """From now on these are the keys. Who was there before goes on with what they had used up."""
        by_hash: dict[bytes, tuple[bytes, Sender | None]] = {}
        for key in keys:
            sender = self._senders.get(key.name)
            if sender is None:
                sender = self._senders[key.name] = Sender(key, self._metrics)
            else:
                sender.change(key)
            for digest in key.digests:
                by_hash[digest[:_INDEX_BYTES]] = digest, sender
        self._by_hash = by_hash

    def sender(self, authorization: bytes | None) -> Sender:
        """Whose key it is, given the value of `Authorization`. Raises `Problem`: 401 or 403."""
        if authorization is None:
            raise self._unauthorized("missing", _HOW)
        scheme, _, key = authorization.partition(b" ")
        if scheme != b"Bearer" and scheme.lower() != b"bearer":
            raise self._unauthorized("missing", _HOW)
        digest = token.digest(key.strip())
        known, sender = self._by_hash.get(digest[:_INDEX_BYTES], (_NOBODY, None))
        if not compare_digest(known, digest) or sender is None:
            raise self._unauthorized(
                "unknown",
                "This key is not known here, or no longer. Ask whoever runs this for one.",
                ', error="invalid_token"',
            )
        if sender.disabled:
            self._metrics.key_refusals.labels("disabled").inc()
            raise Problem(403, "This key is disabled. Ask whoever runs this.")
        return sender

    def _unauthorized(self, reason: str, detail: str, error: str = "") -> Problem:
        self._metrics.key_refusals.labels(reason).inc()
        return Problem(401, detail, headers={"WWW-Authenticate": _CHALLENGE + error})
