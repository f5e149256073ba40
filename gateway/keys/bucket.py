"""A token bucket: so many tweets at once, so many a second in the long run."""

# What is lost in adding up fractions must not make somebody who waited as told wait again.
_ROUNDING = 1e-6


class Bucket:
    """Full at first. `rate` is in tweets a second, `burst` in tweets; times are seconds of any one clock."""

    __slots__ = ("_at", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, tweets: int, now: float) -> float:
        """0 where there was room for all of them; else nothing is taken, and there is in so many seconds."""
        tokens = self._tokens + (now - self._at) * self.rate
        self._at = now
        # Not `min`: it costs three times as much, and this is paid by every request.
        if tokens > self.burst:
            tokens = self.burst
        if tokens + _ROUNDING >= tweets:
            self._tokens = tokens - tweets
            return 0.0
        self._tokens = tokens
        return (tweets - tokens) / self.rate

    def give_back(self, tweets: int) -> None:
        """What was taken in vain."""
        self._tokens += tweets

    @property
    def remaining(self) -> int:
        """Whole tweets that there was room for after the last `take`."""
        return max(0, int(self._tokens))

    @property
    def next_seconds(self) -> int:
        """Whole seconds until there is room for one more than `remaining`, at least 1."""
        return -int(-(1 - self._tokens % 1) / self.rate // 1) if self.rate < 1 else 1

    @property
    def window_seconds(self) -> int:
        """Whole seconds, at least 1, in which it fills when it is empty."""
        return max(1, -int(-self.burst / self.rate // 1))
