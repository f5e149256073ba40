"""What a link does to the bytes that pass it."""

from typing import Literal

import msgspec

Direction = Literal["up", "down"]
"""`up`: from who has connected to who has answered; `down`: back."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Those of one link; without arguments a network in which nothing is wrong."""

    delay_seconds: float = 0.0
    """How much later each piece arrives, in its order; the capacity stays what it was."""
    jitter_seconds: float = 0.0
    """The delay is drawn from so much around it."""
    bytes_per_second: float = 0.0
    """Of each connection and direction; 0: as fast as it goes."""
    piece_bytes: int = 0
    """No piece is longer, so that readers see messages in parts; 0: as they come."""
    silent: tuple[Direction, ...] = ()
    """Where nothing arrives: what is sent waits, as TCP would send it again when the network is back."""
    cut: bool = False
    """Connections are closed, and nobody lets new ones in."""


CALM = Conditions()
