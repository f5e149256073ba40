"""HTTP without a client in between, which would hide what a server sends after a HEAD."""

import socket


def ask(port: int, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers with their names in lower case, and all that follows them."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while some := connection.recv(65536):
            received += some
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return int(first.split()[1]), headers, body


def check_head(port: int, *paths: str) -> None:
    """HEAD is answered as GET is, without the body."""
    for path in paths:
        status, headers, body = ask(port, "HEAD", path)
        got, got_headers, got_body = ask(port, "GET", path)
        assert (status, body) == (got, b"")
        assert got_body
        assert headers["content-type"] == got_headers["content-type"]
        assert int(headers["content-length"]) > 0
