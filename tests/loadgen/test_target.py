import pytest

from loadgen.target import Target, TargetError, addresses_of, resolve

NAMES = {
    "localhost": {"127.0.0.1", "::1"},
    "127.0.0.1": {"127.0.0.1"},
    "127.8.9.10": {"127.8.9.10"},
    "::1": {"::1"},
    "::ffff:127.0.0.1": {"::ffff:127.0.0.1"},
    "half.example": {"127.0.0.1", "192.0.2.1"},
    "here.example": {"127.0.0.1"},
    "192.0.2.1": {"192.0.2.1"},
    "10.0.0.7": {"10.0.0.7"},
    "0.0.0.0": {"0.0.0.0"},
    "fe80::1%eth0": {"fe80::1%eth0"},
    "192.0.2.1.nip.io": {"192.0.2.1"},
}


def lookup(name: str) -> set[str]:
    if name not in NAMES:
        raise OSError("Name or service not known")
    return NAMES[name]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("http://127.8.9.10", "http://127.8.9.10"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]"),
        ("http://here.example/prefix", "http://here.example/prefix"),
    ],
)
def test_this_machine_is_a_target(host: str, url: str) -> None:
    assert resolve(host, lookup=lookup) == Target(url)


@pytest.mark.parametrize(
    "host",
    [
        "http://192.0.2.1",
        "http://10.0.0.7:80",
        "http://half.example",
        "http://0.0.0.0:8000",
        "http://[fe80::1%eth0]",
        "http://192.0.2.1.nip.io",
    ],
)
def test_other_machines_are_targets_only_when_allowed(host: str) -> None:
    with pytest.raises(TargetError, match="--allow-remote"):
        resolve(host, lookup=lookup)
    assert resolve(host, allow_remote=True, lookup=lookup) == Target(host)


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("http://127.0.0.1.nip.io", Target("http://127.0.0.1", "127.0.0.1.nip.io")),
        ("http://app.127.0.0.1.nip.io:8080", Target("http://127.0.0.1:8080", "app.127.0.0.1.nip.io:8080")),
        ("http://127-0-0-1.sslip.io/x", Target("http://127.0.0.1/x", "127-0-0-1.sslip.io")),
    ],
)
def test_a_name_with_an_address_in_it_needs_no_dns(host: str, target: Target) -> None:
    assert resolve(host, lookup=lookup) == target


@pytest.mark.parametrize("host", ["http://10.1.2.3.nip.io", "http://192.0.2.9.sslip.io"])
def test_a_name_with_a_remote_address_in_it_is_remote(host: str) -> None:
    with pytest.raises(TargetError, match="not this machine"):
        resolve(host, lookup=lookup)


@pytest.mark.parametrize(
    ("host", "complaint"),
    [
        (None, "--host"),
        ("  ", "--host"),
        ("http://no-such-name.invalid", "cannot be resolved"),
        ("http://127.0.0.1.nip.io.example.invalid", "cannot be resolved"),
        ("https://127.0.0.1.nip.io", "needs the name"),
        ("ftp://127.0.0.1", "no http or https URL"),
        ("http://", "no http or https URL"),
        ("http://127.0.0.1:99999", "no URL"),
        ("http://someone:secret@127.0.0.1", "without user"),
        ("http://127.0.0.1?q=1", "without user, query"),
    ],
)
def test_what_is_no_target_is_refused_with_the_reason(host: str | None, complaint: str) -> None:
    with pytest.raises(TargetError, match=complaint):
        resolve(host, allow_remote=True, lookup=lookup)


def test_names_are_looked_up_by_the_system() -> None:
    assert addresses_of("127.0.0.1") == {"127.0.0.1"}
