"""Pages that explain each refusal to a person, in three languages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.kit.errors import NoSuchResource
from app.kit.languages import ENGLISH, language_of
from app.kit.pages import shown
from app.kit.refusals import Refusal

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT / "openapi", ROOT / "app" / "vendored"]  # of a checkout, of a wheel
HEADING = re.compile(r"^## `([a-z-]+)`$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal: what was refused in a sentence; its status, why it was, and what mends it."""

    title: str
    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Explanations:
    """All refusals in one language, with what is said before them."""

    heading: str
    introduction: str
    by_code: Mapping[str, Explained]


@lru_cache
def explanations(language: str) -> Explanations:
    """Read openapi/problems.md, or its translation."""
    name = "problems.md" if language == ENGLISH else f"problems.{language}.md"
    source = next(path for folder in FOLDERS if (path := folder / name).is_file())
    before, *parts = HEADING.split(source.read_text("utf-8"))
    heading, _, introduction = before.strip().removeprefix("# ").partition("\n\n")
    told = zip(parts[::2], parts[1::2], strict=True)
    by_code = {code: explained(code, text.strip(), language) for code, text in told}
    return Explanations(heading, introduction, by_code)


def explained(code: str, text: str, language: str) -> Explained:
    """Take a paragraph apart; in English the title is what the answer itself has."""
    title, body = (titles()[code], text) if language == ENGLISH else text.split("\n\n", 1)
    status, _, rest = re.split("([.\u3002])", body, maxsplit=1)
    return Explained(title.rstrip("."), status, rest.strip())


def titles() -> Mapping[str, str]:
    """Return each refusal's title by its code; where several share one, the first of them says."""
    found: dict[str, str] = {}
    for one in refusals(Refusal):
        found.setdefault(one.code, (one.__doc__ or one.code).splitlines()[0])
    return found


def refusals(of: type[Refusal]) -> Iterator[type[Refusal]]:
    """Yield every refusal that the rooms know, the general before the particular."""
    waiting = [of]
    while waiting:
        waiting += (below := waiting.pop(0).__subclasses__())
        yield from below


def problem_page(request: Request, code: str) -> HTMLResponse:
    """Explain one problem to a person."""
    language = language_of(request)
    every = explanations(language)
    if code not in every.by_code:
        raise NoSuchResource(f"There is no problem called {code!r}; see /problems.")
    found = every.by_code[code]
    back = f'<p><a href="/problems?lang={language}">{escape(every.heading)}</a></p>'
    body = (
        f"<main>{back}<h1>{marked(found.title)}</h1>"
        f'<p class="known"><code>{code}</code> · HTTP {found.status}</p>'
        f"<p>{marked(found.text)}</p></main>"
    )
    return shown(language, f"{found.title} ({code})", body)


def problem_index(request: Request) -> HTMLResponse:
    """List every problem with its title."""
    language = language_of(request)
    every = explanations(language)
    rows = "".join(
        f'<dt><a href="/problems/{code}?lang={language}"><code>{code}</code></a></dt>'
        f"<dd>{marked(one.title)}</dd>"
        for code, one in sorted(every.by_code.items())
    )
    body = f"<h1>{escape(every.heading)}</h1><p>{marked(every.introduction)}</p><dl>{rows}</dl>"
    return shown(language, every.heading, f"<main>{body}</main>")


def marked(text: str) -> str:
    """Write a text of ours as HTML: words between backticks are code."""
    whole = escape(text, quote=False).replace("\n\n", "</p><p>")
    return re.sub("`([^`]+)`", r"<code>\1</code>", whole)
