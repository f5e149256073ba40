"""JSON as it is found in files: values one after the other, of any number, in bounded memory.

A value is read by the strict reader, and by one for JSON5 where that fails: last commas, comments, single
quotes. Between values there may be blanks, commas and comments.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyjson5

_CHUNK_CHARACTERS = 2**18
MAX_VALUE_CHARACTERS = 2**20
"""A value that has to be held in memory is at most so long."""

_BLANKS = re.compile(r"[\s\ufeff\x1e]*")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_TOKENS = re.compile(
    r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*|/\*.*?\*/|(?P<open>[\[{])|(?P<close>[\]}])',
    re.DOTALL,
)
_SCALAR = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|[^\s,:"\'\[\]{}]+')
_NAME = re.compile(r"[^\W\d]\w*(?=\s*:)")
_BEGINNING = re.compile(r"\n[\x1e\[{]")
_NEAR = re.compile(r"near (\d+)")


class MalformedError(ValueError):
    """What is there is no JSON; `place` is the line and the column."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class TooLongError(MalformedError):
    """A value is longer than `MAX_VALUE_CHARACTERS`; it may be walked through instead."""


class Documents:
    """A cursor over a text. `is_loose` becomes True when something was read that is not strictly JSON."""

    def __init__(self, read: Callable[[int], str], longest: int | None = None) -> None:
        """`longest`: how many characters a value may have, instead of `MAX_VALUE_CHARACTERS`."""
        self.is_loose = False
        self._read = read
        self._longest = longest or MAX_VALUE_CHARACTERS
        self._text = ""
        self._at = 0
        self._value_at = 0
        self._line = 1
        self._column = 1
        self._at_end = False
        self._decode = json.JSONDecoder(parse_int=_integer).raw_decode

    @property
    def place(self) -> str:
        """Where the cursor is, in words."""
        return self._place(self._at)

    @property
    def value_place(self) -> str:
        """Where the last value began; only at once after it."""
        return self._place(self._value_at)

    def peek(self) -> str:
        """The character that the next value or bracket begins with, "" at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            character = self._text[self._at : self._at + 1]
            if character == "/" and self._skip_comment():
                continue
            if character or not self._more():
                return character

    def skip(self) -> None:
        """Goes over the character that `peek` has shown."""
        self._at += 1

    def value(self) -> Any:
        """The value that begins here. Raises `MalformedError`."""
        if not self.peek():
            raise MalformedError(self.place, "it breaks off here: a value is missing")
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                end = self._extent()
                if not end and len(self._text) - self._at > self._longest:
                    raise TooLongError(self.place, "this is too long for one value") from None
                if not end and self._more():
                    continue
                value, end = self._loosely(end, error), end or len(self._text)
            if end == len(self._text) and self._text[end - 1] not in '}]"' and self._more():
                # A number may go on.
                continue
            self._value_at, self._at = self._at, end
            return value

    def back(self) -> None:
        """Goes back to before the last value; only at once after it."""
        self._at = self._value_at

    def go_to_next_line_with_one(self) -> bool:
        """After what is no JSON: goes to the next line that begins with an object or array, if any."""
        while not (found := _BEGINNING.search(self._text, self._at)):
            self._at = max(self._at, len(self._text) - 1)
            if not self._more():
                self._at = len(self._text)
                return False
        self._at = found.start() + 1
        return True

    def elements(self) -> Iterator[None]:
        """Stops before each element of the array that begins here; whoever is told goes over it."""
        self.skip()
        while (character := self.peek()) != "]":
            if not character:
                raise MalformedError(self.place, "the file breaks off here: the array has no end")
            yield
            self._separate("]")
        self.skip()

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here; stops before each value as `elements` does."""
        self.skip()
        while (character := self.peek()) != "}":
            if not character:
                raise MalformedError(self.place, "the file breaks off here: the object has no end")
            key = self._key()
            self.skip()
            yield key
            self._separate("}")
        self.skip()

    def _key(self) -> str:
        place = self.place
        if bare := _NAME.match(self._text, self._at):
            self.is_loose = True
            self._at, key = bare.end(), bare[0]
        else:
            key = self.value()
        if not isinstance(key, str) or self.peek() != ":":
            raise MalformedError(place, "a key in double quotes and a colon are missing here")
        return key

    def _separate(self, end: str) -> None:
        character = self.peek()
        if character == ",":
            self.skip()
            self.is_loose = self.is_loose or self.peek() == end
        elif character and character != end:
            raise MalformedError(self.place, "a comma is missing before this")

    def _more(self) -> bool:
        """Reads on; what the cursor has passed is let go."""
        if self._at_end:
            return False
        passed, kept = self._text[: self._at], self._text[self._at :]
        self._line, self._column = _after(passed, self._line, self._column)
        # As much as there is: a long value must not be looked at again for each chunk.
        some = self._read(max(_CHUNK_CHARACTERS, len(kept)))
        self._at_end = not some
        self._text = kept + some
        self._at = 0
        return bool(some)

    def _skip_comment(self) -> bool:
        while not (found := _COMMENT.match(self._text, self._at)) or found.end() == len(self._text):
            if len(self._text) - self._at > self._longest or not self._more():
                break
        if found:
            self.is_loose = True
            self._at = found.end()
        return bool(found)

    def _extent(self) -> int:
        """The end of the value that begins here, 0 if it is not in the text yet."""
        if self._text[self._at] not in "[{":
            scalar = _SCALAR.match(self._text, self._at)
            return scalar.end() if scalar and scalar.end() < len(self._text) else 0
        depth = 0
        for token in _TOKENS.finditer(self._text, self._at):
            if token["open"]:
                depth += 1
            elif token["close"]:
                depth -= 1
                if depth <= 0:
                    return token.end()
        return 0

    def _loosely(self, end: int, error: Exception) -> Any:
        try:
            value = pyjson5.decode(self._text[self._at : end or len(self._text)])
        except pyjson5.Json5DecoderException as loosely:
            near = _NEAR.search(str(loosely))
            at = self._at + (int(near[1]) - 1 if near else 0)
            if isinstance(error, json.JSONDecodeError):
                # The reader that came further has seen what is wrong.
                at = max(at, error.pos)
            raise MalformedError(self._place(at), f"this is no JSON: {self._excerpt(at)}") from None
        except RecursionError:
            raise MalformedError(self.place, "this is nested too deeply") from None
        self.is_loose = True
        return value

    def _excerpt(self, at: int) -> str:
        line = self._text[at : at + 40].partition("\n")[0].strip()
        return f"“{line}”" if line else "the line, or the file, ends here"

    def _place(self, at: int) -> str:
        line, column = _after(self._text[:at], self._line, self._column)
        return f"line {line}, column {column}"


def _integer(digits: str) -> int | float:
    # Python takes quadratic time for long ones, and refuses them.
    return int(digits) if len(digits) < 100 else float(digits)


def _after(text: str, line: int, column: int) -> tuple[int, int]:
    newlines = text.count("\n")
    if newlines:
        return line + newlines, len(text) - text.rfind("\n")
    return line, column + len(text)
