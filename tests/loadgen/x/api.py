"""X's recent search as its documentation describes it, on this machine.

https://docs.x.com/x-api/posts/search-recent-posts: bearer token, paging by `next_token`, rate limit
headers, 429 with a problem document, problem documents for what is wrong with a request.
"""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.loadgen.http import Answer, Request

TOKEN = "AAAA-test-token"
RESET_SECONDS = 1


class RecentSearch:
    """Serves `posts` in pages; the n-th request (from 0) is answered by `mishaps[n]` where there is one."""

    def __init__(self, posts: list[dict[str, Any]], page_size: int = 100) -> None:
        self.posts = posts
        self.page_size = page_size
        self.mishaps: dict[int, Answer] = {}
        self.requests: list[dict[str, str]] = []
        self.remaining = 449

    def __call__(self, request: Request) -> Answer:
        address = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        self.requests.append(query)
        mishap = self.mishaps.get(len(self.requests) - 1)
        if mishap:
            return mishap
        if address.path != "/2/tweets/search/recent":
            return problem(404, "Not Found", "No such endpoint")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthorized", "Unauthorized")
        if not query.get("query"):
            return problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        start = int(query.get("next_token", "t0").removeprefix("t"))
        stop = start + min(self.page_size, int(query["max_results"]))
        page = self.posts[start:stop]
        meta: dict[str, Any] = {"result_count": len(page)}
        if stop < len(self.posts):
            meta["next_token"] = f"t{stop}"
        body: dict[str, Any] = {"meta": meta}
        if page:
            users = {post["author_id"]: {"id": post["author_id"], "location": "Lima, Perú"} for post in page}
            body |= {"data": page, "includes": {"users": list(users.values())}}
        return Answer(200, json.dumps(body).encode(), self._limits())

    def _limits(self) -> dict[str, str]:
        self.remaining -= 1
        return {
            "Content-Type": "application/json",
            "x-rate-limit-limit": "450",
            "x-rate-limit-remaining": str(self.remaining),
            "x-rate-limit-reset": str(int(time.time()) + RESET_SECONDS),
        }


def posts(count: int) -> list[dict[str, Any]]:
    """So many posts, the newest first, as the endpoint gives them."""
    return [
        {
            "id": str(1_900_000_000_000_000_000 - number),
            "author_id": str(number % 7),
            "text": f"Llueve en Lima, aviso {number}",
            "created_at": f"2026-06-01T{23 - number // 60:02}:{59 - number % 60:02}:00.000Z",
            "lang": "es",
        }
        for number in range(count)
    ]


def problem(status: int, title: str, detail: str, **headers: str) -> Answer:
    """A problem document as X answers it."""
    body = {"title": title, "detail": detail, "type": "about:blank", "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/problem+json", **named})


def too_many_requests(reset_seconds: float = RESET_SECONDS) -> Answer:
    """The answer when the limit is used up."""
    reset = str(int(time.time() + reset_seconds))
    return problem(
        429, "Too Many Requests", "Too Many Requests", x_rate_limit_remaining="0", x_rate_limit_reset=reset
    )
