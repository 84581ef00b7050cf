"""The page that shows the contract: its frame in three languages, its operations in English."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from fastapi import Request
from fastapi.responses import HTMLResponse

from app.kit.languages import ENGLISH, language_of
from app.kit.pages import shown

TEXTS = Path(__file__).with_name("data") / "contract.yaml"
Text = Mapping[str, str]
HEAD = """<link rel="icon" href="data:,"><link rel="stylesheet" href="/docs-assets/swagger-ui.css">
<style>
details dl { margin: .5rem 0 0; }
summary { cursor: pointer; }
.swagger-ui .information-container { display: none; }
.swagger-ui .scheme-container { box-shadow: none; padding: 0; margin: 0; }
</style>"""
SHOW = """<div id="swagger-ui" lang="en"></div>
<script src="/docs-assets/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout"});
</script>"""


@lru_cache
def texts() -> Mapping[str, Mapping[str, Text]]:
    """Return what the page says, and what each part of the contract is about."""
    found: dict[str, dict[str, Text]] = yaml.safe_load(TEXTS.read_text("utf-8"))
    return found


def parts() -> list[dict[str, Any]]:
    """Return the parts as the contract tells them."""
    told = texts()["parts"].items()
    return [{"name": name, "description": said[ENGLISH]} for name, said in told]


def contract_page(request: Request) -> HTMLResponse:
    """Show the contract, from our own files: it works without the internet."""
    language = language_of(request)
    said = {name: escape(text[language], quote=False) for name, text in texts()["page"].items()}
    rows = "".join(
        f'<dt lang="en"><a href="#/{escape(name)}">{escape(name)}</a></dt>'
        f"<dd>{escape(text[language], quote=False)}</dd>"
        for name, text in texts()["parts"].items()
    )
    body = (
        f"<main><h1>{said['heading']}</h1><p>{said['introduction']}</p><p>{said['english']}</p>"
        f'<p><a href="/problems?lang={language}">{said["refusals"]}</a>'
        f' · <a href="/openapi.json">{said["document"]}</a></p>'
        f"<details><summary>{said['parts']}</summary><dl>{rows}</dl></details></main>{SHOW}"
    )
    return shown(language, texts()["page"]["heading"][language], body, head=HEAD)
