"""The swarm's own options on Locust's command line, and Locust's defaults that it changes."""

from argparse import ArgumentTypeError
from typing import Any

from loadgen.pacing import parse_rate
from loadgen.shapes import SHAPES

DEFAULT_USERS = 10
DEFAULT_TWEETS = 10_000


def add_to(parser: Any) -> None:
    """Adds the options to Locust's parser (its listener `init_command_line_parser`)."""
    group = parser.add_argument_group(
        "Weather Tweets (-f loadgen/locustfile.py)",
        "Sends an exact number of tweets and ends. "
        f"Here --users is {DEFAULT_USERS} unless given, --spawn-rate all at once, --web-host 127.0.0.1.",
    )

    def add(*names: str, on_web_form: bool = False, **details: Any) -> None:
        # What names files or widens the target stays off Locust's web form.
        group.add_argument(*names, **details).include_in_web_ui = on_web_form

    add(
        "--tweets",
        on_web_form=True,
        type=_at_least(1),
        default=DEFAULT_TWEETS,
        metavar="<int>",
        env_var="WEATHER_LOADGEN_TWEETS",
        help="Requests in all, over all users and processes; then the swarm ends. Default: %(default)s",
    )
    add(
        "--data",
        metavar="<file>",
        default="",
        env_var="WEATHER_LOADGEN_DATA",
        help='Tweets to send: a JSON array of {"texto","país"}, one a line, or an array within an object; '
        "in their order, from the start again when the file is short. "
        "Default: generated on first use under .weather-tweets/",
    )
    add(
        "--text-key",
        metavar="<key>",
        default="",
        help="The key that the file has for the text. Default: texto or text, in any case",
    )
    add(
        "--country-key",
        metavar="<key>",
        default="",
        help="The key that the file has for the country. Default: país, pais or country, in any case",
    )
    add(
        "--summary",
        metavar="<file>",
        default="",
        help="Write the exact counts, the rate and the latencies to this file as JSON. Default: nowhere",
    )
    add(
        "--progress",
        action="store_true",
        help='Print {"done": n, "failed": m, "total": t} twice a second, a line each, to standard output',
    )
    add(
        "--allow-remote",
        action="store_true",
        help="Allow hosts other than this machine, which are refused otherwise",
    )
    add(
        "--retry",
        on_web_form=True,
        type=_at_least(0),
        default=0,
        metavar="<int>",
        help="Try a tweet up to so many times more, with the same Idempotency-Key, after a broken "
        "connection, 429 or 503; waits as Retry-After says. "
        "Default: %(default)s, so that every refusal shows",
    )
    add(
        "--rate",
        type=_rate,
        default="",
        metavar="realtime|x<factor>",
        help="Send with the rhythm of the tweets' own times (key hora), as it was or so many times faster, "
        "instead of as fast as the users can, which is the default",
    )
    add(
        "--shape",
        choices=("", *SHAPES),
        default="",
        metavar="|".join(SHAPES),
        help="Let the number of users follow a shape, up to --users, until all tweets are sent. "
        "Default: all users all the time",
    )
    add(
        "--shape-seconds",
        type=_at_least(1),
        default=60,
        metavar="<int>",
        help="How long one period of the shape takes, in seconds. Default: %(default)s",
    )
    # Locust would listen on every interface.
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")


def apply_defaults(options: Any) -> None:
    """Ten users, all spawned at once, unless told otherwise."""
    options.num_users = options.num_users or DEFAULT_USERS
    options.spawn_rate = options.spawn_rate or options.num_users
    # Standard output is for the progress alone; Locust's table would scroll a progress bar away.
    options.only_summary = options.only_summary or options.progress


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        value = int(text.replace("_", ""))
        if value < least:
            raise ArgumentTypeError(f"must be at least {least}")
        return value

    number.__name__ = "whole number"
    return number


def _rate(text: str) -> str:
    try:
        parse_rate(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    return text
