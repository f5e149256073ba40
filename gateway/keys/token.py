"""The keys themselves.

A key is 256 random bits. Nobody can try them out, whatever a trial costs, so that a fast hash is the right
one: slow hashes (bcrypt, argon2) protect what people choose, and would cost every request milliseconds.
"""

import hashlib
import secrets

PREFIX = "wt_"
"""So that people and secret scanners know one when they see it."""

_RANDOM_BYTES = 32


def new() -> str:
    """A key, to be shown once: from its hash it cannot be had again."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(key: bytes) -> bytes:
    """What is kept of a key: its SHA-256."""
    return hashlib.sha256(key).digest()
