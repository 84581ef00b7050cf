"""The frame of every page for people: its language, the others to choose, room on any screen."""

from html import escape

from fastapi.responses import HTMLResponse

from app.kit.languages import LANGUAGES

# What stands outside of `main` has a style of its own.
STYLE = """
:root { color-scheme: light; }
body { margin: 0; font: 1rem/1.6 system-ui, "Noto Sans", "Noto Sans CJK TC", sans-serif;
  color: #1d2329; background: #fff; }
html:lang(zh-Hans) body { font-family: system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; }
body > main, .languages { max-width: 44rem; margin: 0 auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
.languages { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; justify-content: flex-end;
  padding-top: .75rem; font-size: .9rem; }
.languages [aria-current] { font-weight: 600; }
body > main { padding-bottom: 2rem; }
body > main h1 { font-size: 1.5rem; line-height: 1.3; margin: 1rem 0 .5rem; }
body > main a, .languages a { color: #0b57a4; }
body > main code { font: .9em ui-monospace, "Liberation Mono", monospace; background: #eef1f4;
  border-radius: 3px; padding: .1em .3em; }
body > main .known { color: #525c66; margin: 0 0 1.25rem; }
body > main dl { display: grid; gap: .4rem 1.25rem;
  grid-template-columns: minmax(0, 15rem) minmax(0, 1fr); }
body > main :is(dt, dd) { margin: 0; }
@media (max-width: 36rem) {
  body > main dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  body > main dd { margin-bottom: .9rem; }
}
"""


def shown(language: str, title: str, body: str, *, head: str = "") -> HTMLResponse:
    """Answer a page in one of our languages; `body` and `head` are HTML already."""
    document = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style>{head}</head><body>{choice_of(language)}{body}</body></html>"
    )
    told = {"Content-Language": language, "Vary": "Accept-Language"}
    return HTMLResponse(document, headers=told)


def choice_of(current: str) -> str:
    """Offer the page in the other languages."""
    offered = "".join(
        f'<span lang="{tag}" aria-current="true">{name}</span>'
        if tag == current
        else f'<a lang="{tag}" hreflang="{tag}" rel="alternate" href="?lang={tag}">{name}</a>'
        for tag, name in LANGUAGES.items()
    )
    return f'<nav class="languages" aria-label="Language / 語言 / 语言">{offered}</nav>'
