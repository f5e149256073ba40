"""What a baseline is told, and what it tells: a line after the first batch, and one after the last.

Between the two its CPU is read from outside, so nobody's start-up counts. Only the standard library here.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import NamedTuple


class Job(NamedTuple):
    """What is to be consumed: `messages` of the topic, from its beginning, as a group of its own."""

    bootstrap_servers: str
    topic: str
    group: str
    messages: int


def job() -> Job:
    """From the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap_servers")
    parser.add_argument("topic")
    parser.add_argument("group")
    parser.add_argument("messages", type=int)
    return Job(**vars(parser.parse_args()))


def tell(countries: Mapping[str, int]) -> None:
    """What has been counted up to now, by country code."""
    sys.stdout.write(json.dumps(countries) + "\n")
    sys.stdout.flush()
