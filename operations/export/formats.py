"""The files that tweets are written to: JSON lines, CSV, Parquet. All have the same columns."""

import csv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

Format = Literal["ndjson", "csv", "parquet"]
Document = dict[str, Any]

COLUMNS = ("id", "text", "country", "code", "at", "kinds")
# What a spreadsheet takes for a formula, which might send what else is in the sheet to somebody
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class MissingLibraryError(RuntimeError):
    """A format needs a library that is not installed; the message says how to install it."""


class Writer(Protocol):
    """Writes tweets, piece by piece."""

    def write(self, tweets: Sequence[Document]) -> None: ...

    def close(self) -> None: ...


def open_writer(format_: Format, path: Path) -> Writer:
    """Makes the file anew. Raises `OSError`, `MissingLibraryError`."""
    match format_:
        case "ndjson":
            return JsonLines(path)
        case "csv":
            return Csv(path)
        case "parquet":
            return Parquet(path)


class JsonLines:
    """An object a line; `at` in RFC 3339."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._encoder = msgspec.json.Encoder()

    def write(self, tweets: Sequence[Document]) -> None:
        self._file.write(self._encoder.encode_lines([_row(each) for each in tweets]))

    def close(self) -> None:
        self._file.close()


class Csv:
    """A line of names, then a line a tweet; kinds with blanks between them.

    What begins like a formula gets an apostrophe before it: a text is never more than a text.
    """

    def __init__(self, path: Path) -> None:
        # The mark at the beginning tells spreadsheets that it is UTF-8.
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def write(self, tweets: Sequence[Document]) -> None:
        for row in map(_row, tweets):
            text, country = harmless(row["text"]), harmless(row["country"])
            self._writer.writerow((row["id"], text, country, row["code"], row["at"], " ".join(row["kinds"])))

    def close(self) -> None:
        self._file.close()


class Parquet:
    """Columns with types: `at` is a time in UTC by the millisecond, `kinds` a list."""

    def __init__(self, path: Path) -> None:
        try:
            self._arrow: Any = import_module("pyarrow")
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError as error:
            raise MissingLibraryError(
                "Parquet needs pyarrow, which is not installed: pip install 'weather-tweets[parquet]' "
                "(or choose --format ndjson)"
            ) from error
        arrow = self._arrow
        self._schema = arrow.schema(
            [
                *((name, arrow.string()) for name in ("id", "text", "country", "code")),
                ("at", arrow.timestamp("ms", tz="UTC")),
                ("kinds", arrow.list_(arrow.string())),
            ]
        )
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, tweets: Sequence[Document]) -> None:
        if not tweets:
            return
        rows = [{**_row(each), "at": each["accepted_at"]} for each in tweets]
        self._writer.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def harmless(text: str) -> str:
    """The text as a spreadsheet shows it, whatever it begins with."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(tweet: Document) -> Document:
    at = tweet["accepted_at"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": tweet["_id"], "text": tweet["text"], "country": tweet["country"], "code": tweet["code"],
        "at": at, "kinds": tweet.get("kinds", []),
    }  # fmt: skip
