"""Who may open which path."""

import hmac
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def may_ingest(authorization: list[str], token: str) -> bool:
    """Whether the `Authorization` headers carry the token (in constant time). No token: nobody may."""
    if not token or len(authorization) != 1:
        return False
    scheme, _, given = authorization[0].partition(" ")
    same = hmac.compare_digest(given.strip().encode(errors="replace"), token.encode())
    return same and scheme.lower() == "bearer"


def may_view(origin: list[str], host: list[str], allowed: str) -> bool:
    """Whether a page of this origin may watch.

    `allowed` is a comma-separated list of origins, `*` for any; empty means pages of the same host, on any
    port. Browsers always send their page's origin; who sends none is no browser and may watch.
    """
    if not origin:
        return True
    if len(origin) != 1:
        return False
    accepted = [each.strip().rstrip("/").lower() for each in allowed.split(",") if each.strip()]
    if accepted:
        return "*" in accepted or origin[0].lower() in accepted
    return len(host) == 1 and _same_host(_host_name(origin[0]), _host_name(f"//{host[0]}"))


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _same_host(one: str | None, other: str | None) -> bool:
    return one is not None and (one == other or {one, other} <= _LOOPBACK)
