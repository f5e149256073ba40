"""What browsers get: the live page, its assets, its configuration, and the description of the API."""

import gzip
import hashlib
import mimetypes
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sanic import Blueprint, HTTPResponse, Request
from swagger_ui_bundle import swagger_ui_path

from gateway.problems import Problem

PAGE_FOLDER = Path(__file__).with_name("page")
DOCS_FOLDER = Path(__file__).with_name("docs")
OPENAPI_FILE = Path(__file__).with_name("openapi.json")

_COMPRESSED_FROM_BYTES = 1024
_ASSET_SECONDS = 3600
_COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")


class Asset:
    """A file in memory, with its type, its tag, and on demand compressed."""

    def __init__(self, file: Path) -> None:
        self.body = file.read_bytes()
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        is_text = media_type.startswith("text/") or media_type in (
            "application/javascript", "application/json", "application/geo+json", "image/svg+xml",
        )  # fmt: skip
        self.content_type = f"{media_type}; charset=utf-8" if is_text else media_type
        self.etag = f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'
        self._compressible = is_text and len(self.body) >= _COMPRESSED_FROM_BYTES

    @cached_property
    def compressed(self) -> bytes | None:
        """The body in gzip, None where it would not be shorter by much."""
        return gzip.compress(self.body, 9, mtime=0) if self._compressible else None

    def answer(self, request: Request, cache: str, policy: str) -> HTTPResponse:
        """200, or 304 where the client has it already."""
        headers = {
            **_COMMON_HEADERS,
            "Cache-Control": cache,
            "Content-Security-Policy": policy,
            "ETag": self.etag,
            "Vary": "Accept-Encoding",
        }
        if self.etag in request.headers.get("if-none-match", ""):
            request.app.ctx.observe(request, 304)
            return HTTPResponse(status=304, headers=headers)
        body = self.body
        if self.compressed and "gzip" in request.headers.get("accept-encoding", ""):
            body = self.compressed
            headers["Content-Encoding"] = "gzip"
        request.app.ctx.observe(request, 200)
        return HTTPResponse(body, headers=headers, content_type=self.content_type)


def pages(live_url: str, *, has_reads: bool) -> Blueprint:
    """The routes; `live_url` is where the page connects to (empty: to where it came from).

    `has_reads` tells the page whether what is stored can be asked for here.
    """
    blueprint = Blueprint("pages")
    policy = page_policy(live_url)
    assets = {
        file.relative_to(PAGE_FOLDER).as_posix(): Asset(file)
        for file in sorted(PAGE_FOLDER.rglob("*"))
        if file.is_file()
    }
    index = assets.pop("index.html")
    config = msgspec.json.encode({"live_url": live_url, "reads": has_reads})
    docs = {
        **{name: Asset(Path(swagger_ui_path) / name) for name in _SWAGGER_FILES},
        **{name: Asset(DOCS_FOLDER / name) for name in ("index.html", "start.js")},
    }
    openapi = Asset(OPENAPI_FILE)
    fresh, kept = "no-cache", f"public, max-age={_ASSET_SECONDS}"

    async def page(request: Request) -> HTTPResponse:
        return index.answer(request, fresh, policy)

    async def static(request: Request, name: str) -> HTTPResponse:
        if name not in assets:
            raise Problem(404, "The live page has no such file.")
        return assets[name].answer(request, kept, policy)

    async def configuration(request: Request) -> HTTPResponse:
        request.app.ctx.observe(request, 200)
        headers = {**_COMMON_HEADERS, "Cache-Control": "no-cache"}
        return HTTPResponse(config, headers=headers, content_type="application/json")

    async def describe(request: Request) -> HTTPResponse:
        return openapi.answer(request, fresh, policy)

    async def documentation(request: Request) -> HTTPResponse:
        return docs["index.html"].answer(request, fresh, DOCS_POLICY)

    async def documentation_file(request: Request, name: str) -> HTTPResponse:
        if name not in docs:
            raise Problem(404, "The documentation has no such file.")
        return docs[name].answer(request, kept, DOCS_POLICY)

    for handler, address in (
        (page, "/"),
        (static, "/static/<name:path>"),
        (configuration, "/config.json"),
        (describe, "/openapi.json"),
        (documentation, "/docs"),
        (documentation_file, "/docs/<name>"),
    ):
        blueprint.add_route(handler, address, methods=["GET", "HEAD"])
    return blueprint


def page_policy(live_url: str) -> str:
    """The Content-Security-Policy of the live page: nothing from elsewhere but the live feed."""
    url = urlsplit(live_url)
    live = f" {url.scheme}://{url.netloc}" if url.scheme in ("ws", "wss") and url.netloc else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'{live}; manifest-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


# Swagger UI sets styles in its markup and has its icons in data URLs.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
