"""The embedded model gives answers of a type: it is held to the schema, whatever is asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from jupyter_stream import ask

pytestmark = [pytest.mark.local_model, pytest.mark.xdist_group('embedded')]


class City(BaseModel):
    name: str
    country: str
    size: Literal['small', 'large']


def asked(prompt: str, wanted: Any) -> Any:
    return ask(prompt, as_=wanted, model='local:', temperature=0, max_tokens=300, display=False)


def test_a_list_of_models_under_its_schema() -> None:
    answer = asked('List two large cities of Europe.', list[City])
    assert answer.value, answer.errors
    assert all(isinstance(city, City) for city in answer.value)
    assert [row.value for row in answer.rows] == answer.value
    assert answer.response.text.lstrip().startswith('{')  # it wrote the JSON itself, and called no tool


def test_what_it_would_never_say_by_itself() -> None:
    wanted = Literal['violet', 'indigo']
    assert asked('What is the capital of France?', wanted).value in ('violet', 'indigo')
    assert len(asked('Say hello.', Annotated[list[int], Field(min_length=3, max_length=3)]).value) == 3
