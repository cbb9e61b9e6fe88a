"""The account's limits: requests in progress, requests a second, and messages a day."""

from collections import Counter
from math import inf
from time import monotonic


class Limits:
    """Counts creates and says when one is too many (20429).

    https://www.twilio.com/docs/api/errors/20429
    """

    def __init__(self) -> None:
        self.in_progress = 0
        self.refill()

    def refill(self) -> None:
        """Forget the requests of before: the next second's worth, and the day's, is allowed at once."""
        self.accepted: Counter[str] = Counter()
        self._tokens = inf
        self._refilled_at = monotonic()

    def exceeded(self, max_concurrency: int, max_rate: float) -> bool:
        """Tell whether a request that came now is over a limit (0: no limit). It takes a token if it is not."""
        if max_concurrency and self.in_progress >= max_concurrency:
            return True
        if not max_rate:
            return False
        now = monotonic()
        # A bucket of one second's worth, at least one: bursts within a second are allowed, as Twilio does.
        burst = max(max_rate, 1.0)
        self._tokens = min(burst, self._tokens + (now - self._refilled_at) * max_rate)
        self._refilled_at = now
        if self._tokens < 1.0:
            return True
        self._tokens -= 1.0
        return False
