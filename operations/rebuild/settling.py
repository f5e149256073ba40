"""Which of several records with one id was the message, where the document that would say so is lost.

Within a partition it was the first: batches are counted in order. Which of two partitions was first is not in
the log; the producer's times say it nearly always. What is certain are the tallies: of each partition, how
many messages of which country it counted. So the times are followed as far as the tallies allow, and where
they do not, records change their roles along the shortest path that brings both sides nearer to their sums
(augmenting paths, as in Ford and Fulkerson's maximum flow). If several choices give the same sums, the
stores agree with each of them.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Bucket = tuple[int, str]
"""Partition and country's code."""


class Candidate(NamedTuple):
    """A record that may have been the message of its id."""

    partition: int
    offset: int
    code: str
    time_ms: int

    @property
    def bucket(self) -> Bucket:
        return self.partition, self.code


def settle(contested: Sequence[Sequence[Candidate]], needed: Mapping[Bucket, int]) -> list[Candidate]:
    """One candidate of each id. `needed` is how many messages each bucket lacks."""
    chosen = [min(candidates, key=lambda c: (c.time_ms, c.partition)) for candidates in contested]
    over = Counter({bucket: -count for bucket, count in needed.items()})
    over.update(candidate.bucket for candidate in chosen)
    within: dict[Bucket, set[int]] = defaultdict(set)
    for number, candidate in enumerate(chosen):
        within[candidate.bucket].add(number)
    for bucket in list(within):
        while over[bucket] > 0 and (path := _to_a_lack(bucket, contested, within, over)):
            for number, candidate in path:
                over[chosen[number].bucket] -= 1
                within[chosen[number].bucket].remove(number)
                chosen[number] = candidate
                over[candidate.bucket] += 1
                within[candidate.bucket].add(number)
    return chosen


def _to_a_lack(
    start: Bucket,
    contested: Sequence[Sequence[Candidate]],
    within: Mapping[Bucket, set[int]],
    over: Mapping[Bucket, int],
) -> list[tuple[int, Candidate]]:
    """The changes after which `start` has one less, and a bucket that lacks some one more; possibly none."""
    came_by: dict[Bucket, tuple[Bucket, int, Candidate]] = {}
    seen, waiting = {start}, deque([start])
    while waiting:
        bucket = waiting.popleft()
        for number in sorted(within.get(bucket, ())):
            for candidate in contested[number]:
                if candidate.bucket in seen:
                    continue
                seen.add(candidate.bucket)
                came_by[candidate.bucket] = bucket, number, candidate
                if over.get(candidate.bucket, 0) < 0:
                    return _path(candidate.bucket, came_by)
                waiting.append(candidate.bucket)
    return []


def _path(
    end: Bucket, came_by: Mapping[Bucket, tuple[Bucket, int, Candidate]]
) -> list[tuple[int, Candidate]]:
    path = []
    while end in came_by:
        end, number, candidate = came_by[end]
        path.append((number, candidate))
    return path
