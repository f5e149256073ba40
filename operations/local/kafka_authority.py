"""What a Kafka that lets in only whom it knows needs: an authority made on the spot, and users' passwords."""

import secrets
from collections.abc import Iterable
from pathlib import Path

import msgspec
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from operations.local.folder import write_json

BROKER = "kafka-broker"
"""Common name of the brokers' certificate, by which they know one another."""


class Authority:
    """Certificates and passwords in a folder of their own, made when first asked for and kept."""

    def __init__(self, folder: Path, names: Iterable[str] = ("127.0.0.1", "localhost")) -> None:
        """`names`: the brokers' addresses, with which the certificate is good."""
        self._folder = folder
        self.certificate = folder / "ca.pem"
        """Whom clients trust."""
        self.broker = folder / "broker.pem"
        """The brokers' key and certificate, one file as Kafka wants it."""
        self._names = tuple(names)
        self._passwords = folder / "passwords.json"

    def make(self) -> None:
        """Makes the certificates where they are missing."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.broker.exists():
            return
        authority = trustme.CA(organization_name="Weather Tweets")
        issued = authority.issue_cert(*self._names, common_name=BROKER)
        authority.cert_pem.write_to_path(self.certificate)
        self.broker.touch(mode=0o600)
        # Kafka reads no other kind of key.
        key = load_pem_private_key(issued.private_key_pem.bytes(), password=None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        self.broker.write_bytes(b"".join([key, *(blob.bytes() for blob in issued.cert_chain_pems)]))

    def password(self, user: str) -> str:
        """A random one, the same at every call."""
        try:
            known = msgspec.json.decode(self._passwords.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            known = {}
        if user not in known:
            known[user] = secrets.token_hex(16)
            write_json(self._passwords, known)
        return known[user]
