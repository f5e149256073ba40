"""From the bytes of a body to JSON values, or to a problem that names the place and says what to send."""

import codecs
import json
import re
from typing import Any, NoReturn

import msgspec

from gateway.problems import EXAMPLE, Problem

_decoder = msgspec.json.Decoder()
_decode = _decoder.decode

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_POSITION = re.compile(r" \(byte (\d+)\)$")
_FAILURES = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def document(body: bytes) -> Any:
    """The value of a JSON document in UTF-8. Raises a 400 `Problem`."""
    try:
        return _decode(body)
    except _FAILURES as error:
        return _otherwise(body, error)


def lines(body: bytes) -> list[Any]:
    """The values of a body with one JSON document a line; empty lines are nothing. Raises a 400 `Problem`."""
    try:
        return _decoder.decode_lines(body)
    except _FAILURES:
        # Line by line, to say which.
        without_mark = body.removeprefix(codecs.BOM_UTF8)
        return [
            _line(line, number)
            for number, line in enumerate(without_mark.split(b"\n"), 1)
            if line and not line.isspace()
        ]


def _line(line: bytes, number: int) -> Any:
    try:
        return _decode(line)
    except _FAILURES as error:
        return _otherwise(line, error, number)


def _otherwise(body: bytes, error: Exception, line: int = 1) -> Any:
    """What the usual way does not read and is JSON all the same, or the problem; it begins in `line`."""
    if body.startswith(codecs.BOM_UTF8):
        return document(body.removeprefix(codecs.BOM_UTF8))
    if isinstance(error, msgspec.ValidationError):
        # Only a number out of range is valid JSON that does not fit.
        try:
            return json.loads(body, parse_int=float, parse_float=float, parse_constant=_no_number)
        except (ValueError, RecursionError):
            pass
    raise Problem(400, _reason(body, error, line))


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _reason(body: bytes, error: Exception, line: int) -> str:
    if not body.strip():
        return f"Send a JSON object, for instance {EXAMPLE}: the body is empty."
    if body.startswith(_WIDE_MARKS) or b"\0" in body[:4]:
        return "Save it as UTF-8 and send that: the body is UTF-16 or UTF-32."
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return f"Save it as UTF-8 and send that: invalid UTF-8 at {_place(body, wrong.start, line)}."
    if isinstance(error, RecursionError):
        return f"Send an object of strings, for instance {EXAMPLE}: the body is nested too deeply."
    found = _POSITION.search(str(error))
    if found is None:
        return (
            "Send the whole of it, with a Content-Length in bytes: "
            f"the JSON that begins in line {line} breaks off before its end."
        )
    what = str(error).removeprefix("JSON is malformed: ")[: -len(found[0])]
    # Of trailing characters msgspec names the second.
    position = int(found[1]) - (what == "trailing characters")
    place = f"The body is not JSON: {what} at {_place(body, position, line)}"
    rest = body[position:].lstrip()
    if what == "trailing characters" and rest[:1] in (b"{", b","):
        return f"{place}; send several tweets as an array, or one a line with application/x-ndjson."
    if body[position : position + 1] == b"'":
        return f"{place}; send strings in double quotes."
    if rest[:1] in (b"}", b"]"):
        return f"{place}; send no comma after the last member."
    return f"{place}; send for instance {EXAMPLE}."


def _place(body: bytes, position: int, line: int) -> str:
    before = body[:position]
    line += before.count(b"\n")
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    return f"byte {position} (line {line}, column {column})"
