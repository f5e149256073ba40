"""One run of the swarm over all its processes: leases out, outcomes in, progress, summary, end.

The process that leads (Locust's master, or the only one) keeps the ledger and the sum of the outcomes; the
processes that send (workers, or the only one) keep a share and report what became of it. They speak in
Locust's own messages; in a single process Locust delivers these to itself, so there is one way for both.
"""

import json
import logging
import secrets
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from loadgen import dataset, tweet_file
from loadgen.bodies import Bodies
from loadgen.ledger import Ledger
from loadgen.outcome import Outcome
from loadgen.pacing import Schedule, parse_rate
from loadgen.shapes import SHAPES
from loadgen.share import Share
from loadgen.target import resolve
from loadgen.text_file import FileError

logger = logging.getLogger(__name__)

REPORT_SECONDS = 0.2
PROGRESS_SECONDS = 0.5
# A lease is a small part of what each worker will send, so that all end together, but no message a tweet.
MAX_LEASE = 500
LEASES_PER_WORKER = 20
# How long a user that is asked to stop may take to have its request answered.
STOP_SECONDS = 30.0


class Swarm:
    """The swarm as this process sees it; bound to Locust's events by the locustfile."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.options: Any = environment.parsed_options
        self.runner: Any = environment.runner
        self.leads = not isinstance(self.runner, WorkerRunner)
        self.sends = not isinstance(self.runner, MasterRunner)
        self.ledger: Ledger | None = None
        self.total = Outcome()
        self.share: Share | None = None
        self.bodies: Bodies | None = None
        self._schedule: Schedule | None = None
        self._turn = BoundedSemaphore(1)
        # When the first tweet was asked for, in seconds since the epoch: the zero of a replay.
        self._began: float | None = None
        self._outcome = Outcome()
        self._progress_line = ""
        self.users = 0
        if not environment.stop_timeout:
            environment.stop_timeout = STOP_SECONDS
        if self.leads:
            self.runner.register_message("swarm_lease", self._on_lease)
            self.runner.register_message("swarm_report", self._on_report)
            if self.options.shape:
                self.environment.shape_class = _Shape(self)
                self.environment.shape_class.runner = self.runner
        if self.sends:
            self.runner.register_message("swarm_grant", self._on_grant)

    # life cycle

    def check(self) -> None:
        """Raises `TargetError` or `FileError` for what would make every run fail."""
        if self.leads:
            if self.environment.host or self.options.headless or self.options.autostart:
                resolve(self.environment.host, allow_remote=self.options.allow_remote)
            self._load()

    def start(self) -> None:
        """A run begins; every process is told so by Locust before its first user starts."""
        if self.leads:
            self.ledger = Ledger(self.options.tweets)
            self.total = Outcome()
            self.users = 0
            # Locust hands the options to its workers as they are when a run starts.
            self.options.swarm_run = secrets.token_hex(10)
            self._began = None
            gevent.spawn(self._lead, self.ledger)
        if self.sends:
            self._load()
            self._outcome = Outcome()
            self.share = Share(self._ask, self._lease_size())
            gevent.spawn(self._report_regularly, self.share)

    def stop(self) -> None:
        """A run has ended in this process: all of its users are gone."""
        if self.share is not None:
            self._report(self.share)
            self.share = None
            if isinstance(self.runner, WorkerRunner):
                # A worker would sleep this long before it is ready for the next run.
                self.environment.stop_timeout = 0

    def quit(self) -> None:
        """Locust ends: waits for the last reports, and sets the exit status and writes the summary."""
        if not self.leads:
            return
        self.runner.quit()
        if self.ledger is None:
            return
        self.finish_run()
        cut_short = not self.ledger.complete and not self.options.run_time
        if self.environment.process_exit_code is None and (self.failed or cut_short):
            self.environment.process_exit_code = self.options.exit_code_on_error

    def finish_run(self) -> None:
        """Prints and writes the outcome of the run, as far as it is known now."""
        if self.leads and self.ledger is not None:
            self._print_progress()
            if self.options.summary:
                path = Path(self.options.summary)
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".{path.name}.new")
                draft.write_text(json.dumps(self.summary(), ensure_ascii=False, indent=2) + "\n", "utf-8")
                draft.replace(path)

    # what users need

    def idempotency_key(self, number: int) -> str:
        """The tweet's own UUID (version 8: made up by us) in this run."""
        run = self.options.swarm_run
        return f"{run[:8]}-{run[8:12]}-8{run[12:15]}-8{run[15:18]}-{number:012x}"

    def body(self, number: int) -> bytes:
        """What the tweet with this number is sent as; a short file begins again."""
        bodies = self.bodies or ()
        return bodies[number % len(bodies)]

    def next_number(self) -> int | None:
        """The number of the tweet to send now; None after a short wait when there is none to send now."""
        share = self.share
        if share is None:
            gevent.sleep(REPORT_SECONDS)
            return None
        if self._schedule and not self._await_head(share, self._schedule):
            return None
        number = share.take()
        if number is None:
            share.wait(REPORT_SECONDS)
        return number

    def give_back(self, number: int) -> None:
        """A tweet whose request was cut off: it is sent again, with the same key, so it counts once."""
        if self.share is not None:
            self.share.put_back(number)

    def record(self, reason: str | None, started: float, ended: float) -> None:
        """A tweet is settled; see `Outcome.record`."""
        self._outcome.record(reason, started, ended)

    # what is known at the end

    @property
    def failed(self) -> int:
        return self.total.failed + (self.ledger.lost if self.ledger else 0)

    @property
    def complete(self) -> bool:
        return self.ledger is not None and self.ledger.complete

    def summary(self) -> dict[str, Any]:
        """The run in numbers; `unfinished` are tweets that were not sent, or whose answer is not known."""
        ledger = self.ledger or Ledger(self.options.tweets)
        summary = {"users": self.users, "tweets": ledger.total} | self.total.summary()
        if ledger.lost:
            summary["failures"]["worker process lost"] = ledger.lost
            summary["failed"] += ledger.lost
            summary["requests"] += ledger.lost
        summary["unfinished"] = ledger.total - ledger.settled - ledger.lost
        return summary

    # the process that leads

    def _lead(self, ledger: Ledger) -> None:
        next_progress = 0.0
        while self.ledger is ledger:
            self.users = max(self.users, self.runner.user_count)
            self._give_up_lost_workers(ledger)
            if time.monotonic() >= next_progress:
                self._print_progress()
                next_progress = time.monotonic() + PROGRESS_SECONDS
            if ledger.complete:
                self._end_run()
                return
            gevent.sleep(REPORT_SECONDS / 4)

    def _end_run(self) -> None:
        logger.info("All %d tweets are settled, %d failed", self.options.tweets, self.failed)
        if self.environment.shape_class:
            return  # Locust ends a run with a shape when the shape says so.
        if self.options.headless:
            self.runner.quit()
            return
        self.runner.stop()
        self.finish_run()
        if self.options.autostart and self.options.autoquit != -1:
            gevent.sleep(self.options.autoquit)
            self.runner.quit()
            if self.environment.web_ui:
                self.environment.web_ui.stop()

    def _give_up_lost_workers(self, ledger: Ledger) -> None:
        if not isinstance(self.runner, MasterRunner):
            return
        for worker in ledger.workers:
            node = self.runner.clients.get(worker)
            if node is None or node.state == STATE_MISSING:
                lost = ledger.give_up(worker)
                logger.error("A worker process is gone, and with it the outcome of %d tweets", lost)

    def _print_progress(self) -> None:
        if self.options.progress and self.ledger:
            done = self.ledger.settled + self.ledger.lost
            line = json.dumps({"done": done, "failed": self.failed, "total": self.ledger.total})
            if line != self._progress_line:
                self._progress_line = line
                sys.stdout.write(line + "\n")
                sys.stdout.flush()

    def _on_lease(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ARG002
        if not self._is_of_this_run(msg) or self.ledger is None:
            return
        self._began = self._began or time.time()
        ranges = self.ledger.lease(msg.node_id, msg.data["wanted"])
        grant = {"run": msg.data["run"], "ranges": ranges, "began": self._began}
        self.runner.send_message("swarm_grant", grant, client_id=msg.node_id)

    def _on_report(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ARG002
        if not self._is_of_this_run(msg) or self.ledger is None:
            return
        outcome = Outcome()
        outcome.add_message(msg.data["outcome"])
        if self.ledger.settle(msg.node_id, outcome.requests):
            self.total.add_message(msg.data["outcome"])
            self.ledger.give_back(msg.node_id, msg.data["returned"])

    def _is_of_this_run(self, msg: Any) -> bool:
        return bool(msg.data["run"] == getattr(self.options, "swarm_run", None))

    # the processes that send

    def _load(self) -> None:
        if self.bodies:
            return
        options = self.options
        path = Path(options.data) if options.data else dataset.ensure_default()
        keys = tweet_file.Keys(options.text_key, options.country_key)
        # Every process reads the file; what is odd about it is told by one of them.
        warn = logger.warning if self.leads else logger.debug
        self.bodies = Bodies(tweet_file.entries(path, keys, warn))
        factor = parse_rate(options.rate)
        if factor:
            try:
                self._schedule = Schedule((entry.at for entry in tweet_file.entries(path, keys)), factor)
            except FileError:
                raise
            except ValueError as error:
                raise FileError(f"{path}: {error}") from None

    def _lease_size(self) -> int:
        senders: int = max(1, self.options.processes or self.options.expect_workers or 1)
        size: int = max(1, min(MAX_LEASE, self.options.tweets // (senders * LEASES_PER_WORKER)))
        # With a rhythm a lease is a stretch of time, which one worker alone would have to send.
        return min(size, 20) if self._schedule else size

    def _ask(self, wanted: int) -> None:
        self.runner.send_message("swarm_lease", {"run": self.options.swarm_run, "wanted": wanted})

    def _on_grant(self, environment: Environment, msg: Any, **_: Any) -> None:  # noqa: ARG002
        if self.share is not None and self._is_of_this_run(msg):
            self._began = msg.data["began"]
            self.share.grant(msg.data["ranges"])

    def _report_regularly(self, share: Share) -> None:
        while self.share is share:
            gevent.sleep(REPORT_SECONDS)
            if self.share is share:
                self._report(share)
                share.retry()

    def _report(self, share: Share) -> None:
        # A process without users would keep what it holds for ever.
        returned = [] if self.runner.user_count else share.give_up()
        outcome, self._outcome = self._outcome, Outcome()
        if outcome.requests or returned:
            report = {"run": self.options.swarm_run, "outcome": outcome.to_message(), "returned": returned}
            self.runner.send_message("swarm_report", report)

    def _await_head(self, share: Share, schedule: Schedule) -> bool:
        """Waits until the next tweet is due, but not for long: a user that is to stop must do so soon."""
        # One user waits for the next tweet, the others for their turn: else all of them wake for each tweet.
        if not self._turn.acquire(timeout=REPORT_SECONDS):
            return False
        try:
            if share.head is None or self._began is None:
                return True
            wait = self._began + schedule.due(share.head) - time.time()
            if wait > 0:
                gevent.sleep(min(wait, REPORT_SECONDS))
            return bool(wait <= REPORT_SECONDS)
        finally:
            self._turn.release()


class _Shape(LoadTestShape):
    """The number of users over time, until the swarm has sent everything."""

    abstract = True  # Locust would otherwise find it and use it without being asked.

    def __init__(self, swarm: Swarm) -> None:
        super().__init__()
        self._swarm = swarm

    def tick(self) -> tuple[int, float] | None:
        if self._swarm.complete:
            return None
        options = self._swarm.options
        users = SHAPES[options.shape](self.get_run_time(), options.num_users, options.shape_seconds)
        return users, float(options.num_users)
