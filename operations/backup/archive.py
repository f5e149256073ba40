"""The file: a tar of BSON parts and a manifest, compressed by gzip. Memory for one part is enough."""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import msgspec

from operations.backup.manifest import FORMAT, NAME, TWEETS, Manifest, Part, is_in

_PART_BYTES = 4 * 2**20
_LENGTH_BYTES = 4
"""A BSON document begins with its length."""
# Most of what gzip can do, at half its cost.
_COMPRESSION = 4


class BackupError(ValueError):
    """A file that is no whole backup; the message says what is wrong with it."""


def write(
    path: Path,
    batches: Iterable[bytes],
    manifest: Manifest,
    others: Iterable[tuple[str, Iterable[bytes]]] = (),
) -> Manifest:
    """Writes tweets, then `others` by folder, and the manifest with the parts that they became.

    The file is there whole or not at all, for its owner only. Raises `FileExistsError` and other `OSError`.
    """
    if path.exists():
        raise FileExistsError(f"{path} is there already: take another name, or remove it")
    scratch = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            parts: dict[str, Part] = {}
            with (
                gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_COMPRESSION, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w|") as tar,
            ):
                for folder, documents in chain([(TWEETS, batches)], others):
                    for number, content in enumerate(_gathered(documents)):
                        name = f"{folder}/{number:06}.bson"
                        parts[name] = _described(content)
                        _add(tar, name, content)
                manifest = msgspec.structs.replace(manifest, parts=parts)
                _add(tar, NAME, msgspec.json.format(msgspec.json.encode(manifest)))
            file.flush()
            os.fsync(file.fileno())
        scratch.rename(path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise
    return manifest


def verify(path: Path) -> Manifest:
    """Reads all of it and compares every part with the manifest. Raises `BackupError`, `OSError`."""
    found: dict[str, Part] = {}
    manifest = None
    for name, content in _entries(path):
        if name == NAME:
            manifest = _manifest(path, content)
        else:
            found[name] = _described(content)
    if manifest is None:
        raise BackupError(f"{path} has no manifest: it was cut off, or is no backup of Weather Tweets")
    for name, part in manifest.parts.items():
        if found.get(name) != part:
            raise BackupError(f"{path} is damaged: its part {name} is not what the manifest says")
    return manifest


def parts(path: Path, folder: str = TWEETS) -> Iterator[bytes]:
    """The documents of a folder, part by part, of a file that was verified."""
    return (content for name, content in _entries(path) if is_in(name, folder))


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        format_ = msgspec.json.decode(content, type=dict[str, object]).get("format")
        if isinstance(format_, int) and format_ > FORMAT:
            raise BackupError(
                f"{path} was written by a later version (format {format_}): restore it with that"
            )
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"{path} is damaged: its manifest cannot be read ({error})") from error


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                if content:
                    yield entry.name, content.read()
            # The checksum of gzip comes after everything else.
            while unpacked.read(2**20):
                pass
    except (EOFError, tarfile.ReadError) as error:
        raise BackupError(f"{path} is cut off, or is no backup of Weather Tweets: {error}") from error
    except (gzip.BadGzipFile, tarfile.TarError, zlib.error) as error:
        raise BackupError(f"{path} is damaged, or is no backup of Weather Tweets: {error}") from error


def _gathered(batches: Iterable[bytes]) -> Iterator[bytes]:
    gathered = bytearray()
    for batch in batches:
        gathered += batch
        if len(gathered) >= _PART_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


def _described(content: bytes) -> Part:
    return Part(count(content), len(content), hashlib.sha256(content).hexdigest())


def count(content: bytes) -> int:
    """How many BSON documents there are, one after the other."""
    documents = at = 0
    while at < len(content):
        # What is damaged may say any length: it is to be found out, not to be gone through for ever.
        at += max(int.from_bytes(content[at : at + _LENGTH_BYTES], "little"), _LENGTH_BYTES)
        documents += 1
    return documents


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o600
    tar.addfile(entry, io.BytesIO(content))
