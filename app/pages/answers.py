"""What is sent back: pages and redirects under strict headers, and cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.core.settings import Settings

HERE = Path(__file__).parent
STYLE = (HERE / "static" / "style.css").read_bytes()
ICON = (HERE / "static" / "icon.svg").read_bytes()
STYLE_VERSION = sha256(STYLE).hexdigest()[:12]
ASSET_SECONDS = 31_536_000

PATH = "/s"

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""`same-origin` rather than `no-referrer`: with that a browser would send `Origin: null`."""


@dataclass(frozen=True)
class Cookies:
    """The names and attributes of our cookies. Over TLS they are bound to the host (`__Host-`)."""

    secure: bool

    @property
    def session(self) -> str:
        """Who is signed in."""
        return self._name("session")

    @property
    def attempt(self) -> str:
        """Which sign-in this browser has begun."""
        return self._name("sign_in")

    def keep(self, answer: Response, name: str, value: str, *, seconds: int) -> None:
        """Have the browser hold a cookie that no script and no other site's form can use."""
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self._path,
            secure=self.secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, answer: Response, name: str) -> None:
        """Have the browser forget a cookie."""
        answer.delete_cookie(
            name, path=self._path, secure=self.secure, httponly=True, samesite="lax"
        )

    @property
    def _path(self) -> str:
        return "/" if self.secure else PATH

    def _name(self, name: str) -> str:
        return f"__Host-hashcart_{name}" if self.secure else f"hashcart_{name}"


@dataclass(frozen=True)
class Answers:
    """Makes answers. `provider_origin` is where the sign-in form may lead besides ourselves."""

    public_url: str
    provider_origin: str | None = None
    _templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )

    @classmethod
    def of(cls, settings: Settings, provider_origin: str | None) -> "Answers":
        """Answers of this deployment."""
        return cls(settings.public_url.rstrip("/"), provider_origin)

    def page(
        self,
        template: str,
        context: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """An HTML page. *context* is text: whatever it holds is escaped."""
        known = {"path": PATH, "style_version": STYLE_VERSION, "visitor": None, "note": None}
        html = self._templates.get_template(template).render({**known, **(context or {})})
        return Response(
            html,
            status,
            {**_HEADERS, "Content-Security-Policy": self._policy(), **(headers or {})},
            "text/html",
        )

    def redirect(self, location: str) -> Response:
        """Go on by GET at *location*, an address that we made, never one that we were given."""
        headers = {**_HEADERS, "Location": location, "Content-Security-Policy": self._policy()}
        return Response(status_code=303, headers=headers)

    def to(self, path: str = "", **query: str) -> Response:
        """Go on by GET at a page of ours."""
        return self.redirect(f"{PATH}{path}" + (f"?{urlencode(query)}" if query else ""))

    def _policy(self) -> str:
        """No script, no frame, nothing from elsewhere. A form's redirects count as its targets."""
        targets = f"'self' {self.provider_origin}" if self.provider_origin else "'self'"
        return (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            f"form-action {targets}; frame-ancestors 'none'"
        )


def asset(body: bytes, media_type: str, request: Request) -> Response:
    """A file of ours that never changes under its address; asked without version, for an hour."""
    versioned = request.query_params.get("v") == STYLE_VERSION
    lasting = f"public, max-age={ASSET_SECONDS}, immutable" if versioned else "public, max-age=3600"
    headers = {
        **_HEADERS,
        "Cache-Control": lasting,
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(body, headers=headers, media_type=media_type)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
