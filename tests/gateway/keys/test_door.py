"""What the door says to whom, byte by byte, and what it counts."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from gateway.direct import DirectHttpProtocol
from gateway.keys import following
from gateway.keys.key_file import KeyFileError
from gateway.protocol import PunctualHttpProtocol
from protos import tweets_pb2
from tests.gateway.doors import DEADLINE_SECONDS, TWEET, Door, opened
from tests.gateway.keys.doors import KEY, OTHER, bearer, keyed, line
from tests.gateway.producers import FakeProducer, rejecting
from tests.gateway.test_direct import BODY, _until_silence, _without_ids, request

WRONG = {
    "no key": ((), 401, False),
    "another scheme": (("Authorization: Basic d3Q6eA==",), 401, False),
    "nothing but the scheme": (("Authorization: Bearer",), 401, True),
    "an unknown key": (("Authorization: Bearer wt_nobody",), 401, True),
    "a beginning of a key": ((f"Authorization: Bearer {KEY[:-1]}",), 401, True),
    "more than a key": ((f"Authorization: Bearer {KEY}x",), 401, True),
    "two keys": ((f"Authorization: Bearer {KEY}", f"Authorization: Bearer {KEY}"), 401, True),
    "bytes beyond ASCII": (("Authorization: Bearer \u00f1\u00e9",), 401, True),
    "a disabled key": ((f"Authorization: Bearer {OTHER}",), 403, False),
}
RIGHT = {
    "a key": f"Authorization: Bearer {KEY}",
    "the scheme in another case": f"authorization: bEARER {KEY}",
    "more blanks": f"Authorization:   Bearer   {KEY}  ",
}
LINES = (line("ana", KEY, 0.5, 3), line("off", OTHER, disabled=True))


async def both(producer: FakeProducer, file: Path, sent: bytes) -> bytes:
    """The answer, which is the same whether the protocol gives it or Sanic."""
    answers = []
    for protocol in (DirectHttpProtocol, PunctualHttpProtocol):
        async with keyed(producer, file, *LINES, protocol=protocol) as door:
            answers.append(_without_ids(await _until_silence(door, sent)))
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize(("fields", "status", "is_token"), WRONG.values(), ids=WRONG.keys())
async def test_who_has_no_good_key_is_turned_away(
    fields: tuple[str, ...], status: int, is_token: bool, producer: FakeProducer, tmp_path: Path
) -> None:
    answer = await both(producer, tmp_path / "keys.toml", request(BODY, *fields))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (b'WWW-Authenticate: Bearer realm="weather-tweets"' in head) == (status == 401)
    assert (b'error="invalid_token"' in head) == is_token
    assert json.loads(body)["status"] == status
    assert b"wt_" not in answer
    assert not producer.tweets


@pytest.mark.parametrize("field", RIGHT.values(), ids=RIGHT.keys())
async def test_who_has_one_is_let_in_and_told_what_is_left(
    field: str, producer: FakeProducer, tmp_path: Path
) -> None:
    answer = await both(producer, tmp_path / "keys.toml", request(BODY, field))
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert b'\r\nratelimit-policy: "tweets";q=3;w=6\r\nratelimit: "tweets";r=2;t=2\r\n' in answer


@pytest.mark.parametrize("protocol", [DirectHttpProtocol, PunctualHttpProtocol])
async def test_arrays_count_as_their_tweets_and_what_is_over_the_quota_is_told_when_to_come_again(
    protocol: type[PunctualHttpProtocol], producer: FakeProducer, tmp_path: Path
) -> None:
    async with keyed(producer, tmp_path / "keys.toml", *LINES, protocol=protocol) as door:
        assert (await door.post([TWEET] * 2, **bearer())).status == 202
        over = await door.post([TWEET] * 3, **bearer())
        assert over.status == 429
        problem = over.problem()
        assert problem["type"].endswith("#quota-exceeded")
        assert problem["violated-policies"] == ["tweets"]
        # One of three is left, half a tweet a second comes.
        assert over.headers["Retry-After"] == "4"
        assert over.headers["RateLimit"] == '"tweets";r=1;t=2'
        assert over.headers["RateLimit-Policy"] == '"tweets";q=3;w=6'
        assert (await door.post(**bearer())).status == 202
        never = await door.post([TWEET] * 4, **bearer())
        assert never.status == 413
        assert "at most 3 tweets" in never.problem()["detail"]
        assert len(producer.tweets) == 3
        assert door.metric("key_tweets_total", key="ana", outcome="over_quota") == 7
        assert door.metric("requests_total", method="POST", route="/input", status="429") == 1


@pytest.mark.parametrize("protocol", [DirectHttpProtocol, PunctualHttpProtocol])
async def test_every_tweet_of_a_key_is_counted_once_by_what_became_of_it(
    protocol: type[PunctualHttpProtocol], producer: FakeProducer, tmp_path: Path
) -> None:
    lines = (line("ana", KEY, 0.001, 100), line("bob", OTHER))
    async with keyed(producer, tmp_path / "keys.toml", *lines, protocol=protocol) as door:
        await door.post([TWEET] * 10, **bearer())
        await door.post([TWEET, {"texto": ""}, TWEET], **bearer())
        await door.post_bytes(b"{", **bearer())
        producer.answer = rejecting(tweets_pb2.REASON_INVALID)
        await door.post(**bearer())
        producer.answer = rejecting(tweets_pb2.REASON_UNAVAILABLE)
        busy = await door.post([TWEET] * 20, **bearer())
        assert busy.status == 503
        # What was not accepted for no fault of theirs is not charged.
        assert busy.headers["RateLimit"].startswith('"tweets";r=85;')
        producer.answer = lambda _: ()
        assert (await door.post([TWEET] * 86, **bearer())).status == 429
        producer.answering.clear()
        hurried = asyncio.create_task(door.post([TWEET] * 4, **bearer()))
        await producer.wait_for_tweets(35)
        hurried.cancel()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not door.metric("key_tweets_total", key="ana", outcome="unanswered"):
                await asyncio.sleep(0.02)
        producer.answering.set()
        expected = {"accepted": 10, "invalid": 5, "refused": 20, "over_quota": 86, "unanswered": 4}
        answer = await door.get("/outcomes", **bearer())
        assert answer.json() == {"key": "ana", "rate": 0.001, "burst": 100, **expected}
        assert answer.headers["Cache-Control"] == "no-store"
        other = (await door.get("/outcomes", **bearer(OTHER))).json()
        assert other == {"key": "bob", "rate": 1e6, "burst": 1e6, **dict.fromkeys(expected, 0)}
        assert (await door.get("/outcomes")).status == 401


async def test_only_input_and_outcomes_ask_for_a_key(producer: FakeProducer, tmp_path: Path) -> None:
    async with keyed(producer, tmp_path / "keys.toml", *LINES) as door:
        for path in ("/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/config.json"):
            assert (await door.get(path)).status == 200, path


async def test_without_a_file_of_keys_nothing_asks_for_one(door: Door) -> None:
    answer = await door.post(**bearer("wt_whatever"))
    assert answer.status == 202
    assert "RateLimit" not in answer.headers
    assert (await door.get("/outcomes", **bearer())).status == 404


async def test_pages_of_other_origins_may_send_a_key_and_read_what_is_left(
    producer: FakeProducer, tmp_path: Path
) -> None:
    async with keyed(producer, tmp_path / "keys.toml", *LINES, origins="https://example.org") as door:
        origin = {"Origin": "https://example.org"}
        asked = await door.request("OPTIONS", "/input", headers=origin)
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
        answer = await door.post(**origin, **bearer())
        assert (answer.status, answer.headers["RateLimit"]) == (202, '"tweets";r=2;t=2')
        assert "RateLimit" in answer.headers["Access-Control-Expose-Headers"]
        assert answer.headers["Vary"] == "Origin"


async def until(door: Door, key: str, status: int) -> None:
    async with asyncio.timeout(5):
        while (await door.post(**bearer(key))).status != status:
            await asyncio.sleep(0.02)


async def test_the_file_is_read_again_while_it_runs(producer: FakeProducer, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    async with keyed(producer, file, line("ana", KEY, 0.001, 5)) as door:
        for _ in range(5):
            assert (await door.post(**bearer())).status == 202
        file.write_text(line("ana", KEY, 0.001, 5) + line("bob", OTHER))
        await until(door, OTHER, 202)
        # Who has used up what they may does not get it again.
        assert (await door.post(**bearer())).status == 429
        file.write_text(line("ana", KEY, 0.001, 5, disabled=True))
        await until(door, OTHER, 401)
        assert (await door.post(**bearer())).status == 403


@pytest.mark.parametrize("broken", ["", "ana = {", None], ids=["empty", "no TOML", "gone"])
async def test_a_file_that_cannot_be_used_leaves_the_keys_of_before_and_says_so(
    broken: str | None, producer: FakeProducer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys.toml"
    good = line("ana", KEY)
    async with keyed(producer, file, good) as door:
        logging.getLogger(following.__name__).addHandler(caplog.handler)
        if broken is None:
            file.unlink()
        else:
            file.write_text(broken)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while "keys" not in (health := (await door.get("/healthz")).json()):
                await asyncio.sleep(0.02)
        assert health["status"] == "alive"
        assert "file of keys" in health["keys"]
        assert door.metric("keys_file_unusable") == 1
        assert (await door.post(**bearer())).status == 202
        file.write_text(good)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while "keys" in (await door.get("/healthz")).json():
                await asyncio.sleep(0.02)
        assert door.metric("keys_file_unusable") == 0
        logging.getLogger(following.__name__).removeHandler(caplog.handler)
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "keys of before still hold" in errors[0]


async def test_a_file_that_is_being_written_is_not_taken(producer: FakeProducer, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    async with keyed(producer, file, line("ana", KEY), line("bob", OTHER)) as door:
        for number in range(12):
            # Never twice the same: bob's line is always still to come.
            file.write_text(line("ana", KEY) + f"# {number}\n")
            await asyncio.sleep(following.POLL_SECONDS / 4)
            assert (await door.post(**bearer(OTHER))).status == 202


async def test_a_gateway_is_not_made_without_its_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        async with opened(keys_file=str(tmp_path / "keys.toml")):
            pass
