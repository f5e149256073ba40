"""The processes of the machine by session: each part leads one of its own."""

import os
from collections import defaultdict

import psutil


def by_leader() -> dict[int, list[int]]:
    """Process ids by the id of their session's leader, the leader first."""
    sessions: dict[int, list[int]] = defaultdict(list)
    for pid in psutil.pids():
        try:
            leader = os.getsid(pid)
        except ProcessLookupError:
            continue
        if pid == leader:
            sessions[leader].insert(0, pid)
        else:
            sessions[leader].append(pid)
    return sessions
