"""A browser without scripts, for tests: it keeps cookies, reads forms and presses their buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

ADDRESS = "http://127.0.0.1:8000"
FORM = {"content-type": "application/x-www-form-urlencoded"}
INLINE = frozenset({"a", "span", "strong"})
REDIRECTS_MAX = 5


@dataclass
class Button:
    """A button, with what its form sends when it is pressed."""

    action: str
    label: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Gathers headings, text and buttons of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.buttons: list[Button] = []
        self.links: dict[str, str] = {}
        self._form: Button | None = None
        self._pressed: Button | None = None
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag not in INLINE:
            self.text.append(" ")
        if tag == "form":
            assert told["method"] == "post", "every form posts"
            self._form = Button(told["action"])
        elif tag == "input" and self._form and told.get("type") == "hidden":
            self._form.fields[told["name"]] = told["value"]
        elif tag == "button" and self._form:
            own = {told["name"]: told["value"]} if "name" in told else {}
            self._pressed = Button(self._form.action, fields={**self._form.fields, **own})
        elif tag == "a":
            self._link = (told["href"], [])

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._pressed:
            self._pressed.label = " ".join(self._pressed.label.split())
            self.buttons.append(self._pressed)
            self._pressed = None
        elif tag == "form":
            self._form = None
        elif tag == "a" and self._link:
            self.links[" ".join("".join(self._link[1]).split())] = self._link[0]
            self._link = None

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._pressed:
            self._pressed.label += data
        if self._link:
            self._link[1].append(data)


@dataclass(frozen=True)
class Page:
    """What a browser shows."""

    answer: httpx.Response
    text: str
    buttons: list[Button]
    links: Mapping[str, str]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status_code

    def button(self, label: str) -> Button:
        """The one button with this label."""
        [found] = [button for button in self.buttons if button.label == label]
        return found

    @property
    def labels(self) -> list[str]:
        """The labels of all buttons, in order."""
        return [button.label for button in self.buttons]


@dataclass
class Browser:
    """One browser: cookies of its own. *headers* go with every request."""

    client: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)

    async def open(self, path: str) -> Page:
        """Open an address."""
        return await self._follow(await self.client.get(path, headers=self.headers))

    async def press(self, button: Button, **typed: str) -> Page:
        """Press a button, with what was typed or chosen beside it."""
        return await self.post(button.action, {**button.fields, **typed})

    async def post(self, path: str, fields: Mapping[str, str]) -> Page:
        """Send a form to an address."""
        return await self._follow(await self.send(path, fields))

    async def send(self, path: str, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form, and go nowhere."""
        return await self.client.post(
            path, content=urlencode(fields), headers={**FORM, **self.headers}
        )

    async def _follow(self, answer: httpx.Response) -> Page:
        for _ in range(REDIRECTS_MAX):
            self.visited.append(str(answer.request.url))
            if answer.status_code != 303:
                return read_page(answer)
            target = urljoin(str(answer.request.url), answer.headers["location"])
            assert urlsplit(target).netloc == urlsplit(ADDRESS).netloc, target
            answer = await self.client.get(target, headers=self.headers)
        raise AssertionError("too many redirects")

    async def sign_in(self, handle: str) -> Page:
        """Sign in with the sandbox as somebody of the world."""
        page = await self.press((await self.open("/s")).button("Sign in with the sandbox"))
        while f"@{handle}" not in page.labels:
            page = await self.open(page.links["More people"])
        return await self.press(page.button(f"@{handle}"))

    async def sign_in_as(self, x_user_id: int, handle: str) -> Page:
        """Sign in with the sandbox as somebody who is typed in."""
        page = await self.press((await self.open("/s")).button("Sign in with the sandbox"))
        return await self.press(
            page.button("Be this person"), x_user_id=str(x_user_id), x_handle=handle
        )


def read_page(answer: httpx.Response) -> Page:
    """The page in an answer."""
    reader = _Reader()
    reader.feed(answer.text)
    return Page(answer, " ".join("".join(reader.text).split()), reader.buttons, reader.links)
