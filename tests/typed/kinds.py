"""Types of each kind that an answer may be asked to be of."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict

__all__ = ('KINDS', 'Colour', 'Moon', 'Node', 'Planet', 'Point', 'Row')


class Colour(Enum):
    RED = 'red'
    BLUE = 'blue'


class Moon(BaseModel):
    name: str
    radius: float = Field(gt=0, description='In kilometres.')


class Planet(BaseModel):
    """A planet of the solar system."""

    name: str
    moons: list[Moon] = []
    colour: Colour | None = None
    found: date | None = Field(None, title='Discovery')


class Node(BaseModel):
    value: int
    below: list[Node] = []


@dataclass
class Point:
    """A place."""

    x: float
    y: float = 0.0


class Row(TypedDict):
    id: int
    kind: Literal['big', 'small']


class Catalogue(BaseModel):
    planets: list[Planet]


KINDS: dict[str, Any] = {
    'model': Planet,
    'recursive-model': Node,
    'one-list-field': Catalogue,
    'dataclass': Point,
    'typed-dict': Row,
    'list-of-models': list[Planet],
    'list-of-numbers': list[int],
    'literal': Literal['yes', 'no'],
    'enum': Colour,
    'int': int,
    'bool': bool,
    'dict': dict[str, int],
    'described': Annotated[int, Field(ge=1, description='From one to ten.')],
    'described-model': Annotated[Moon, Field(title='Satellite', description='One of many.')],
    'union': Planet | Point,
    'union-of-lists': list[Planet] | list[int],
    'union-of-scalars': int | bool,
    'optional-model': Moon | None,
}
