"""The built pages: the portal, the room, and their assets."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.convertors import StringConvertor, register_url_convertor

from visavis.api.kit.errors import NotFound

PORTAL = Path(__file__).parents[2] / "portal"

_NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Vis-à-vis</title>"
    "<p>The pages are not built in this installation. The API answers at <a href=/docs>/docs</a>."
)


class _PageConvertor(StringConvertor):
    """Any path but those of the API's own trees, below which an unknown path is a mistake, not a page."""

    regex = r"(?!(?:v2|portal|files|assets|c|healthz|openapi\.json)(?:/|$)).*"


register_url_convertor("page", _PageConvertor())

router = APIRouter(include_in_schema=False)


def page(name: str) -> Response:
    """A built page, never cached: it names the current assets."""
    path = PORTAL / name
    if not path.is_file():
        return HTMLResponse(_NOT_BUILT)
    return FileResponse(path, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})


@router.get("/assets/{path:path}")
async def asset(path: str) -> FileResponse:
    root = (PORTAL / "assets").resolve()
    try:
        wanted = (root / path).resolve()
        found = wanted.is_relative_to(root) and wanted.is_file()
    except (OSError, ValueError):  # no file system has such a name: a NUL in it, or too long
        found = False
    if not found:
        raise NotFound(f"There is no asset {path[:200]}.")
    return FileResponse(wanted, headers={"cache-control": "public, max-age=3600"})


@router.get("/{path:page}")
async def portal(path: str) -> Response:  # noqa: ARG001 - the page itself reads it
    """The portal is one page that finds its own way by the path."""
    return page("index.html")
