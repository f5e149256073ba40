"""Files of what X's API and the tools around it give: posts, and what they refer to.

Read are pages as the search endpoints answer (`{"data": […], "includes": {…}}`), one after the other or in an
array, indented or not; the lines of streams with their empty ones; single posts, flattened (twarc) or of the
API v1.1, by themselves, in an array, or as its search has them (`{"statuses": […]}`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadgen.documents import Documents, MalformedError
from loadgen.text_file import FileError, opened
from loadgen.x.posts import Place, Post, as_list, as_object, is_post, place_of, post, string

_TELLING = ("title", "detail", "message", "reason")
# Of a file in which much is odd, these say enough.
_TOLD = 10
_LONGEST_DOCUMENT_CHARACTERS = 2**27


@dataclass
class Archive:
    """What is in some files. What a post refers to may be in any of them."""

    posts: list[Post] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    """What users wrote into their profiles, by their ids."""


def read(paths: list[Path], warn: Callable[[str], None] = lambda _: None) -> Archive:
    """All that is in these files.

    Raises `FileError` for a file without any post that is not an empty page of a search; what is odd besides
    (errors that X reports among the data, a line that breaks off) is told to `warn`.
    """
    archive = Archive()
    for path in paths:
        _File(path, archive, warn).read()
    return archive


class _File:
    """One file on its way into the archive."""

    def __init__(self, path: Path, archive: Archive, warn: Callable[[str], None]) -> None:
        self._path = path
        self._archive = archive
        self._warn = warn
        self._problems: list[str] = []
        self._broken: list[str] = []
        self._strange: list[str] = []
        self._pages = 0

    def read(self) -> None:
        before = len(self._archive.posts)
        with opened(self._path, self._warn) as file:
            documents = Documents(file.read, longest=_LONGEST_DOCUMENT_CHARACTERS)
            for place, document in self._documents(documents):
                self._take(place, document)
        odd = (*self._broken, *self._problems, *self._strange)
        if len(self._archive.posts) == before and (odd or not self._pages):
            raise self._nothing()
        for said in odd[:_TOLD]:
            self._warn(f"{self._path}, {said}")
        if len(odd) > _TOLD:
            self._warn(f"{self._path}: and {len(odd) - _TOLD:,} more of the kind")

    def _documents(self, documents: Documents) -> Iterator[tuple[str, Any]]:
        """The documents, those of arrays one by one; what breaks off costs itself alone."""
        while character := documents.peek():
            try:
                if character == "[":
                    for _ in documents.elements():
                        value = documents.value()
                        yield documents.value_place, value
                elif character == ",":
                    documents.skip()
                else:
                    value = documents.value()
                    yield documents.value_place, value
            except MalformedError as error:
                self._broken.append(f"{error}; left out")
                if not documents.go_to_next_line_with_one():
                    return

    def _take(self, place: str, document: Any) -> None:
        raw = as_object(document)
        includes = as_object(raw.get("includes"))
        for each in as_list(includes.get("places")):
            self._learn_place(as_object(each))
        for each in as_list(includes.get("users")):
            self._learn_user(as_object(each))
        if is_post(raw):
            self._archive.posts.append(post(raw))
            return
        posts = [as_object(each) for key in ("data", "statuses") for each in as_list(raw.get(key))]
        for each in posts:
            if is_post(each):
                self._archive.posts.append(post(each))
            else:
                self._strange.append(f"{place}: something without an id and a text among the posts; left out")
        problem = problem_of(raw)
        if problem:
            self._problems.append(f"{place}: X says {problem}")
        elif not posts and not includes and not is_page(raw):
            self._strange.append(f"{place}: neither a post nor a page of posts")
        if is_page(raw):
            self._pages += 1

    def _learn_place(self, raw: dict[str, Any]) -> None:
        place = place_of(raw)
        if place:
            self._archive.places.setdefault(string(raw.get("id")), place)

    def _learn_user(self, raw: dict[str, Any]) -> None:
        location = string(raw.get("location"))
        if location:
            self._archive.locations.setdefault(string(raw.get("id")), location)

    def _nothing(self) -> FileError:
        if self._problems:
            return FileError(
                f"{self._path} has no post but a problem, {self._problems[0]}; fetch it again without it"
            )
        why = next(iter((*self._broken, *self._strange)), "it is empty")
        return FileError(
            f"{self._path} has no post of X, {why}; "
            "give pages of its API, or posts as JSON lines (files of texto and país need no import)"
        )


def is_page(raw: dict[str, Any]) -> bool:
    """Whether X has answered a search, be it with nothing."""
    return isinstance(raw.get("meta"), dict) or "statuses" in raw or isinstance(raw.get("data"), list | dict)


def problem_of(raw: dict[str, Any]) -> str:
    """What X says is wrong: a problem document (RFC 7807) or its list of errors; "" if nothing is."""
    problems = [] if is_page(raw) else [raw]
    problems += [as_object(each) for key in ("errors", "disconnect") for each in as_list(raw.get(key))]
    said = [
        ": ".join(dict.fromkeys(part for key in _TELLING if (part := string(problem.get(key)))))
        for problem in problems
    ]
    return "; ".join(dict.fromkeys(each for each in said if each))
