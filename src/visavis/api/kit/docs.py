"""The OpenAPI document, for bodies that are read strictly by `kit.body` and not by FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

_DEFINITIONS: dict[str, Any] = {}


def request_body(model: type[BaseModel], example: Any = None, *, required: bool = True) -> dict[str, Any]:
    """`openapi_extra` that describes a JSON body by a model."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    _DEFINITIONS.update(schema.pop("$defs", {}))
    _DEFINITIONS[model.__name__] = schema
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": required, "content": {"application/json": content}}}


def operation_id(route: APIRoute) -> str:
    """`create_persona`, and `create_persona_pals` for the same operation under its other path."""
    head = route.path.strip("/").split("/")
    alias = head[1] if len(head) > 1 and head[1] in ("pals", "faces") else ""
    return f"{route.name}_{alias}" if alias else route.name


def install(app: FastAPI) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(_DEFINITIONS)
            schemas["Error"] = {
                "type": "object",
                "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
                "description": "One sentence, under one of the two keys.",
            }
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
