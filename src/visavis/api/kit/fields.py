"""Typed documents: known fields are checked, unknown ones are kept and given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from visavis.api.kit.errors import Invalid
from visavis.api.kit.sentences import sentence

MAX_IDS = 50
"""The contract's limit for ids and tags that hang on one resource."""

MAX_TEXT = 200_000
"""Characters of a prompt or context. Ours: the contract states none, and a database row should stay a row."""


class Document(BaseModel):
    """A JSON object of the contract. `None` means "not set" wherever a field is optional."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


M = TypeVar("M", bound=Document)


def validate(model: type[M], value: Mapping[str, Any]) -> M:
    """Read a document. Raises `Invalid` with a sentence that names the field."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Invalid(sentence([dict(item) for item in error.errors()])) from error


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


Whole = Annotated[int, BeforeValidator(_not_bool), Field(ge=0, le=2**31 - 1)]
Number = Annotated[float, BeforeValidator(_not_bool), Field(allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=255)]
ShortText = Annotated[str, Field(max_length=10_000)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]
IdText = Annotated[str, Field(max_length=64)]
Ids = Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(max_length=MAX_IDS)]
