"""What the headers of a request say about its body, judged off the usual path."""

from sanic.headers import parse_content_header

from gateway.problems import EXAMPLE, Problem

JSON = "application/json"
JSON_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
"""One tweet a line. None of these names is registered; they are the ones in use."""

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
_ACCEPT = {"Accept-Post": f"{JSON}, {JSON_LINES[0]}"}


def has_lines(content_type: str | None, content_encoding: str | None, body: bytes) -> bool:
    """Whether the body is one tweet a line, else it is a JSON document.

    Of the media type's parameters only `charset` matters. Raises a 415 `Problem` unless the body is announced
    as plain JSON in UTF-8; what the body looks like only helps to say what to send instead.
    """
    if content_encoding and content_encoding.strip().lower() != "identity":
        raise Problem(
            415,
            "Send the body uncompressed, without Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    media_type, parameters = parse_content_header(content_type or "")
    if media_type != JSON and media_type not in JSON_LINES:
        raise Problem(415, _instead_of(media_type, body), headers=_ACCEPT)
    if str(parameters.get("charset", _UTF_8[0])).strip().lower() not in _UTF_8:
        raise Problem(415, "Save the JSON as UTF-8, and send it with charset=utf-8 or none.", headers=_ACCEPT)
    return media_type != JSON


def _instead_of(media_type: str, body: bytes) -> str:
    header = f"the header Content-Type: {JSON}"
    if media_type in _FORMS and body.lstrip()[:1] in (b"{", b"["):
        return f"Send the same body with {header} (curl -d without -H announces a form)."
    if media_type in _FORMS:
        return f"Send JSON instead of a form: {EXAMPLE} with {header}."
    return f"Send JSON with {header}, or one object a line with Content-Type: {JSON_LINES[0]}."
