"""The smallest data that a JSON schema allows, chosen by a seed: the arguments that `TestModel` calls tools with.

The rules are those of `pydantic_ai.models.test`, so that a test written for one gives the same data on the other.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeAlias, cast

from jupyter_stream.exceptions import UserError

Schema: TypeAlias = dict[str, Any] | bool

_CHARACTERS: Final = string.ascii_letters + string.digits + string.punctuation
_FIRST_DAY: Final = date(2024, 1, 1)


def sample(schema: Schema, seed: int = 0) -> Any:
    """Data for `schema`: required properties only, few items, short texts; another `seed` gives other values.

    Raises:
        UserError: the schema has a type that JSON does not have, or a reference to something that is not in it.
    """
    return _Sampler(schema, seed).value(schema)


class _Sampler:
    def __init__(self, root: Schema, seed: int) -> None:
        self._root = root
        self._seed = seed

    def value(self, schema: Schema) -> Any:
        if isinstance(schema, bool):
            return self._character()
        if 'const' in schema:
            return schema['const']
        for keyword in ('enum', 'examples'):
            if values := schema.get(keyword):
                return self._pick(values)
        if ref := schema.get('$ref'):
            return self.value(self._resolve(ref))
        if options := schema.get('anyOf'):
            return self.value(self._pick(options))
        # A `oneOf` beside a `type` only narrows that type.
        if schema.get('oneOf') and 'type' not in schema:
            return self._one_of(schema)
        return self._typed(schema)

    def _typed(self, schema: dict[str, Any]) -> Any:
        kind = schema.get('type')
        if kind is None:
            return self._character()
        name = self._pick(cast(list[str], kind)) if isinstance(kind, list) else kind
        make = _BY_TYPE.get(name)
        if make is None:
            raise UserError(
                f'TestModel cannot make data of type {name!r}, which JSON schemas do not have: correct the schema.'
            )
        return make(self, schema)

    def _pick(self, values: list[Any]) -> Any:
        return values[self._seed % len(values)]

    def _character(self) -> str:
        """One character, or several as the columns of a spreadsheet are counted."""
        rest, last = divmod(self._seed, len(_CHARACTERS))
        text = ''
        while rest > 0:
            text += _CHARACTERS[(rest - 1) % len(_CHARACTERS)]
            rest //= len(_CHARACTERS)
        return text + _CHARACTERS[last]

    def _resolve(self, ref: str) -> dict[str, Any]:
        """The schema that `ref` names: one of `$defs`, or what a JSON pointer (RFC 6901) points at."""
        root: Mapping[str, Any] = self._root if isinstance(self._root, dict) else {}
        definitions = root.get('$defs', {})
        name = ref.removeprefix('#/$defs/')
        target = definitions[name] if name in definitions else _at_pointer(root, ref)
        if isinstance(target, dict):
            return cast(dict[str, Any], target)
        raise UserError(f"The JSON schema refers to {ref!r}, which is not in it: correct the tool's schema.")

    def _one_of(self, schema: dict[str, Any]) -> Any:
        member = self._pick(schema['oneOf'])
        if not isinstance(member, dict):
            return self._character()
        member = cast(dict[str, Any], member)
        # A tag with a default is not `required` in its member, and yet the data must say which member it is.
        required = [*schema.get('required', []), *_tag(schema)]
        if required:
            member = self._resolve(member['$ref']) if '$ref' in member else member
            member = {**member, 'required': [*member.get('required', []), *required]}
        return self.value(member)

    def make_object(self, schema: dict[str, Any]) -> dict[str, Any]:
        required = set(schema.get('required', []))
        properties: dict[str, Schema] = schema.get('properties') or {}
        data = {key: self.value(of) for key, of in properties.items() if key in required}
        if additional := schema.get('additionalProperties'):
            key = 'additionalProperty'
            while key in data:
                key += '_'
            data[key] = self.value(additional)
        return data

    def make_array(self, schema: dict[str, Any]) -> list[Any]:
        first: list[Schema] = schema.get('prefixItems') or []
        items: Any = schema.get('items', {})
        if isinstance(items, list):
            # Before the draft of 2020-12 a tuple was a list of `items`.
            first, items = first or cast(list[Schema], items), cast(Schema, {})
        least, most = schema.get('minItems', 0), schema.get('maxItems')
        unique = bool(schema.get('uniqueItems'))
        room = len(first) if most is None else max(least, most)
        data = [self._item(of, unique) for of in first[: max(0, int(-(-room // 1)))]]
        if least > len(data):
            data += [self._item(items, unique) for _ in range(least - len(data))]
        elif items and (most is None or most > len(data)):
            data.append(self._item(items, unique))
        return data

    def _item(self, schema: Schema, unique: bool) -> Any:
        item = self.value(schema)
        self._seed += unique
        return item

    def make_string(self, schema: dict[str, Any]) -> str:
        if (least := schema.get('minLength')) is not None:
            return self._character() * least
        if schema.get('maxLength') == 0:
            return ''
        if schema.get('format') == 'date':
            return (_FIRST_DAY + timedelta(days=self._seed)).isoformat()
        return self._character()

    def make_integer(self, schema: dict[str, Any]) -> int:
        low = _inclusive(schema, 'minimum', 'exclusiveMinimum', 1)
        high = _inclusive(schema, 'maximum', 'exclusiveMaximum', -1)
        if low is None:
            return self._seed if high is None else high - self._seed
        if high is None:
            return low + self._seed
        steps = high - low
        exclusive = 'exclusiveMinimum' in schema or 'exclusiveMaximum' in schema
        if steps > 0 and not exclusive and low % 1 == 0 and high % 1 == 0:
            low, steps = int(low), int(high) - int(low) + 1
        return low + self._seed % steps if steps else low

    def make_number(self, schema: dict[str, Any]) -> float:
        low = _tightest(max, schema.get('minimum'), schema.get('exclusiveMinimum'))
        high = _tightest(min, schema.get('maximum'), schema.get('exclusiveMaximum'))
        if low is not None and high is not None:
            return float(self._between(low, high, schema.get('exclusiveMinimum')))
        if low is not None:
            return float(low + self._seed + ('exclusiveMinimum' in schema))
        if high is not None:
            return float(high - self._seed - ('exclusiveMaximum' in schema))
        return float(self._seed)

    def _between(self, low: float, high: float, forbidden: float | None) -> float:
        if low == high:
            return low
        value = low + self._seed % (high - low)
        return low + (high - low) / 2 if value == forbidden else value

    def make_boolean(self, schema: dict[str, Any]) -> bool:
        return bool(self._seed % 2)

    def make_null(self, schema: dict[str, Any]) -> None:
        return None


_BY_TYPE: Final[dict[Any, Callable[[_Sampler, dict[str, Any]], Any]]] = {
    'object': _Sampler.make_object,
    'array': _Sampler.make_array,
    'string': _Sampler.make_string,
    'integer': _Sampler.make_integer,
    'number': _Sampler.make_number,
    'boolean': _Sampler.make_boolean,
    'null': _Sampler.make_null,
}


def _at_pointer(node: Any, ref: str) -> Any:
    if ref != '#' and not ref.startswith('#/'):
        return None
    for token in ref.split('/')[1:]:
        key = token.replace('~1', '/').replace('~0', '~')
        if isinstance(node, dict):
            node = cast(dict[str, Any], node).get(key)
        elif isinstance(node, list):
            node = dict(enumerate(cast(list[Any], node))).get(int(key) if key.isdecimal() else -1)
        else:
            return None
    return node


def _tag(schema: dict[str, Any]) -> list[str]:
    discriminator = schema.get('discriminator')
    name = cast(dict[str, Any], discriminator).get('propertyName') if isinstance(discriminator, dict) else None
    return [name] if name else []


def _inclusive(schema: dict[str, Any], inclusive: str, exclusive: str, step: int) -> Any:
    if (bound := schema.get(inclusive)) is not None:
        return bound
    beyond = schema.get(exclusive)
    return None if beyond is None else beyond + step


def _tightest(choose: Callable[[list[float]], float], *bounds: float | None) -> float | None:
    given = [bound for bound in bounds if bound is not None]
    return choose(given) if given else None
