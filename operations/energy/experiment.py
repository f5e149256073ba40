"""The measured runs: the same tweets again and again, each run between two looks at every process."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from redis import Redis

from operations import swarm_run
from operations.energy import grid, power, report, traffic, usage
from operations.energy.grid import GridIntensity
from operations.energy.report import Report, Run
from operations.local.endpoints import read as read_endpoints
from operations.local.folder import Folder
from weather_tweets import processed
from weather_tweets.settings import EnergySettings

CATCH_UP_SECONDS = 120.0
"""How long the streams may take to have processed what was accepted."""

STREAM = "a POST per tweet, the stream of batches (as it is)"
UNARY = "a POST per tweet, a gRPC call per tweet (unary)"
ARRAYS = f"a POST per {traffic.TWEETS_PER_ARRAY} tweets, the stream of batches"

_POLL_SECONDS = 0.02
# Enough for Java and the processors' caches; it is not measured.
_WARM_UP_TWEETS = 2000

Send = Callable[..., None]


class Experiment:
    """Sends tweets to a running stack and says what that cost.

    Everything raises `NotProcessedError`, `traffic.RefusedTweetsError` and `swarm_run.SwarmFailedError`.
    """

    def __init__(self, folder: Folder, settings: EnergySettings, *, tweets: int, users: int) -> None:
        """Raises `NotRunningError`, and `grid.UnknownGridError` for the settings' country."""
        self._folder = folder
        self._settings = settings
        self._here = intensity(settings)
        self._meter = power.meter(settings)
        self._tweets = tweets
        self._users = users
        self._endpoints = read_endpoints(folder)
        self._data: Path = swarm_run.ensure_data(folder)

    def report(
        self, runs: int, *, compare_ways: bool, on_run: Callable[[str, int], None] = lambda *_: None
    ) -> Report:
        """So many runs of each way of sending, in turn; `on_run` is told which begins."""
        with ExitStack() as stack:
            ways: dict[str, tuple[Send, str, list[int]]] = {
                STREAM: (traffic.one_by_one, self._endpoints.gateway, [])
            }
            if compare_ways:
                unary, pids = stack.enter_context(traffic.unary_gateway(self._folder, self._endpoints))
                ways = {
                    UNARY: (traffic.one_by_one, unary, pids),
                    **ways,
                    ARRAYS: (traffic.in_arrays, self._endpoints.gateway, []),
                }
            done: dict[str, list[Run]] = {way: [] for way in ways}
            for number in range(runs + 1):
                for way, (send, gateway, own) in ways.items():
                    on_run(way, number)
                    if number:
                        done[way].append(self._run(send, gateway, own, self._tweets, users=self._users))
                    else:
                        self._run(traffic.in_arrays, gateway, own, _WARM_UP_TWEETS, users=1)
        return report.of_runs(
            done[STREAM],
            ways=dict(done) if compare_ways else {},
            meter=self._meter,
            here=self._here,
            settings=self._settings,
        )

    def _run(self, send: Send, gateway: str, own_gateway: list[int], tweets: int, *, users: int) -> Run:
        endpoints = self._endpoints = read_endpoints(self._folder)
        processes = dict(endpoints.pids)
        if own_gateway:
            processes["gateway"] = own_gateway
        # What only watches is no part of what a tweet costs.
        processes.pop("prometheus", None)
        with Redis.from_url(endpoints.redis) as redis:
            already = processed.total(redis)
            self._meter.start()
            machine = usage.machine()
            before = usage.snapshot(processes)
            send(gateway, tweets=tweets, users=users, data=self._data)
            processed.wait_for(
                redis, already + tweets, timeout_seconds=CATCH_UP_SECONDS, poll_seconds=_POLL_SECONDS
            )
            after = usage.snapshot(processes)
        machine_after = usage.machine()
        seconds = after.at - before.at
        work = usage.work_between(before, after)
        others = machine_after.busy - machine.busy - (machine_after.own - machine.own)
        others -= sum(done.cpu_seconds for done in work.values())
        joules = {
            part: self._meter.joules(done, seconds=seconds, cpus=report.cpus()) for part, done in work.items()
        }
        return Run(tweets, seconds, joules, work, max(0.0, others) / (seconds * report.cpus()))


def intensity(settings: EnergySettings) -> GridIntensity:
    """The grid of the settings: their own figure, else the country's. Raises `grid.UnknownGridError`."""
    if settings.grid_gco2e_per_kwh is None:
        return grid.of_country(settings.country)
    return GridIntensity("", settings.country, settings.grid_gco2e_per_kwh, 0)
