"""Where the swarm may send: a load test goes to this machine unless it is told otherwise."""

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

# Wildcard DNS services: any name that ends in an IPv4 address, dotted or dashed, means that address.
_EMBEDDED_ADDRESS = re.compile(r"(?:^|[.-])(\d{1,3}(?:[.-]\d{1,3}){3})\.(?:nip|sslip)\.io$", re.IGNORECASE)


class TargetError(ValueError):
    """The host cannot be used, and why."""


class Target(NamedTuple):
    """Where to connect (`url`, without a trailing slash), and the Host header, if it differs from that."""

    url: str
    host_header: str | None = None


def addresses_of(name: str) -> set[str]:
    """Every address that the name resolves to; raises `OSError`."""
    return {str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}


def resolve(
    host: str | None, *, allow_remote: bool = False, lookup: Callable[[str], set[str]] = addresses_of
) -> Target:
    """The target that `host` (a URL, or `name:port`) stands for.

    All its addresses must be loopback addresses unless `allow_remote`. A name of nip.io or sslip.io that
    cannot be looked up is taken at its word: the address in it is connected to, and the name goes into the
    Host header, as an ingress needs it. Raises `TargetError`.
    """
    if not host or not host.strip():
        raise TargetError("no host is given: use --host, for instance --host http://127.0.0.1:8000")
    url = host.strip()
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError as error:
        raise TargetError(f"{host} is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not name:
        raise TargetError(f"{host} is no http or https URL")
    if parts.query or parts.fragment or parts.username:
        raise TargetError(f"{host}: a URL without user, query and fragment is needed")

    url = url.rstrip("/")
    embedded = _EMBEDDED_ADDRESS.search(name)
    try:
        addresses = lookup(name)
    except (OSError, UnicodeError) as error:
        if not embedded:
            raise TargetError(f"{name} cannot be resolved: {error}") from None
        address = embedded[1].replace("-", ".")
        if parts.scheme == "https":
            raise TargetError(
                f"{name} cannot be resolved: {error}; https needs the name, not the address in it"
            ) from None
        target = Target(
            f"http://{address}{f':{port}' if port else ''}{parts.path.rstrip('/')}",
            name + (f":{port}" if port else ""),
        )
        addresses = {address}
    else:
        target = Target(url)
    remote = sorted(address for address in addresses if not _is_loopback(address))
    if remote and not allow_remote:
        raise TargetError(
            f"{name} is not this machine (it is {', '.join(remote)}): load on a host that is not yours "
            "is an attack; --allow-remote says that you may"
        )
    return target


def _is_loopback(address: str) -> bool:
    try:
        # A scope (fe80::1%eth0) says nothing about being loopback.
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback
