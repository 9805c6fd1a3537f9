"""Names, fields, order and defaults are those of pydantic_ai, class by class; the skips say where and why not."""

import dataclasses
import inspect
import subprocess
import sys
import typing

import pydantic_ai.exceptions
import pydantic_ai.messages
import pydantic_ai.models
import pydantic_ai.native_tools
import pydantic_ai.output
import pydantic_ai.settings
import pydantic_ai.tools
import pydantic_ai.usage
import pytest

from jupyter_stream import exceptions, messages, native_tools, output, parameters, settings, tools, usage

PEERS = {
    messages: pydantic_ai.messages,
    native_tools: pydantic_ai.native_tools,
    output: pydantic_ai.output,
    parameters: pydantic_ai.models,
    settings: pydantic_ai.settings,
    tools: pydantic_ai.tools,
    usage: pydantic_ai.usage,
}

AGENTS_OWN = {
    # The agent's bookkeeping on the parameters of a request; excluded from JSON, repr and comparison.
    'ModelRequestParameters': {
        '_telemetry_mcp_url_ids',
        '_telemetry_mcp_url_toolset_ids',
        '_telemetry_mcp_url_tool_names',
        '_framing_announcement',
    },
}

NOT_OURS = {
    **dict.fromkeys(
        ('ToolSearchCallPart', 'ToolSearchReturnPart', 'NativeToolSearchCallPart', 'NativeToolSearchReturnPart'),
        'folded into the plain tool parts: the same JSON, kept apart by tool_kind',
    ),
    **dict.fromkeys(
        ('LoadCapabilityCallPart', 'LoadCapabilityReturnPart'), 'folded into the plain tool parts, as above'
    ),
}
"""Classes that end in Part, Url, Content or Delta at the peer and that we leave out."""


def ours():
    """Every public dataclass of ours that the peer's module of the same name has too."""
    return [
        pytest.param(cls, getattr(peer, name), id=f'{module.__name__.split(".")[-1]}.{name}')
        for module, peer in PEERS.items()
        for name, cls in vars(module).items()
        if dataclasses.is_dataclass(cls) and isinstance(cls, type) and hasattr(peer, name)
    ]


def default_of(field):
    if field.default_factory is not dataclasses.MISSING:
        try:
            made = field.default_factory()
        except TypeError:
            return 'factory'
        # Clocks and ids differ from call to call: their kind is what can be compared.
        return ('factory', type(made).__name__, made if made in ([], {}, set()) else None)
    return field.default if field.default is not dataclasses.MISSING else 'required'


def shape(cls, skipped=()):
    fields = [field for field in dataclasses.fields(cls) if field.name not in skipped]
    return [(field.name, field.kw_only, default_of(field)) for field in fields]


@pytest.mark.parametrize(('cls', 'peer'), ours())
def test_fields_order_and_defaults_are_the_peers(cls, peer):
    assert shape(cls) == shape(peer, AGENTS_OWN.get(cls.__name__, ()))


@pytest.mark.parametrize(('cls', 'peer'), ours())
def test_repr_and_equality_take_the_fields_that_the_peers_take(cls, peer):
    def taken(which):
        skipped = AGENTS_OWN.get(which.__name__, ())
        return [(f.name, f.repr, f.compare) for f in dataclasses.fields(which) if f.name not in skipped]

    assert taken(cls) == taken(peer)


def public_names(peer):
    wanted = ('Part', 'Url', 'Content', 'Delta', 'Event', 'Source', 'Anchor', 'Citation')
    classes = {name for name, cls in vars(peer).items() if isinstance(cls, type) and dataclasses.is_dataclass(cls)}
    return {name for name in classes if name.endswith(wanted) and not name.startswith(('_', 'Realtime'))}


AGENT_EVENTS = {
    name
    for name in public_names(pydantic_ai.messages)
    if name.endswith('Event') and not name.startswith(('PartStart', 'PartDelta', 'PartEnd', 'FinalResult'))
}
"""Events of an agent's run, which no stream of a direct request emits."""


def test_no_message_class_is_missing_but_those_that_say_why():
    assert public_names(pydantic_ai.messages) - set(vars(messages)) - AGENT_EVENTS == set(NOT_OURS)


ADDED_SETTINGS = {'idle_timeout', 'max_event_bytes', 'max_stream_bytes'}
"""Ours: the peer has no limit on silence alone."""


@pytest.mark.parametrize('name', ['ModelSettings', 'CacheConfig', 'RecordedModelSettings'])
def test_settings_have_the_peers_keys_in_its_order(name):
    keys = [key for key in getattr(settings, name).__annotations__ if key not in ADDED_SETTINGS]
    assert keys == list(getattr(pydantic_ai.settings, name).__annotations__)


@pytest.mark.parametrize(
    ('module', 'name'),
    [
        (messages, 'FinishReason'),
        (messages, 'ModelResponseState'),
        (messages, 'ModelRequestState'),
        (messages, 'UploadedFileProviderName'),
        (messages, 'AudioMediaType'),
        (messages, 'DocumentFormat'),
        (output, 'OutputMode'),
        (settings, 'ThinkingEffort'),
        (settings, 'ServiceTier'),
        (settings, 'CacheRetention'),
        (parameters, 'ToolVisibility'),
        (exceptions, 'TransportPhase'),
    ],
)
def test_literals_have_the_peers_values(module, name):
    peer = {**PEERS, exceptions: pydantic_ai.exceptions}[module]
    assert typing.get_args(getattr(module, name)) == typing.get_args(getattr(peer, name))


@pytest.mark.parametrize(
    ('cls', 'peer'),
    [
        (getattr(messages, name), getattr(pydantic_ai.messages, name))
        for name in ('ImageUrl', 'AudioUrl', 'VideoUrl', 'DocumentUrl', 'BinaryContent', 'UploadedFile')
    ],
)
def test_files_take_the_arguments_that_the_peers_take(cls, peer):
    mine = set(inspect.signature(cls).parameters)
    # The peer's signature is made by pydantic, which leaves out the private names that it accepts too.
    assert set(inspect.signature(peer).parameters) - mine == set()


def test_merged_settings():
    merge = settings.merge_model_settings
    assert merge(None, None) is None
    assert merge({'seed': 1}, None) == {'seed': 1} == merge(None, {'seed': 1})
    assert merge({'seed': 1, 'top_p': 0.5}, {'seed': 2}) == {'seed': 2, 'top_p': 0.5}


def test_parameters_find_tools_and_hide_the_deferred():
    seen, deferred, out = (tools.ToolDefinition(name=name, defer_loading=name == 'b') for name in 'abc')
    given = parameters.ModelRequestParameters(function_tools=[seen, deferred], output_tools=[out])
    assert list(given.tool_defs) == ['a', 'b', 'c']
    assert list(given.declared_tool_defs) == ['a', 'c']
    assert given.visibility_of('b') == 'withheld' and given.visibility_of('unknown') == 'visible'


def test_an_auto_mode_is_decided_once():
    auto = parameters.ModelRequestParameters(output_mode='auto')
    assert auto.with_default_output_mode('tool').allow_text_output is False
    assert auto.with_default_output_mode('native').allow_text_output is True
    fixed = parameters.ModelRequestParameters(output_mode='text')
    assert fixed.with_default_output_mode('tool') is fixed


def test_the_repr_of_parameters_is_the_peers():
    mine = parameters.ModelRequestParameters(function_tools=[tools.ToolDefinition(name='f', strict=True)])
    peer = pydantic_ai.models.ModelRequestParameters(
        function_tools=[pydantic_ai.tools.ToolDefinition(name='f', strict=True)]
    )
    assert repr(mine) == repr(peer)


def test_a_native_tool_keeps_its_token_out_of_its_repr():
    tool = native_tools.MCPServerTool(id='x', url='https://x', authorization_token='tok', headers={'k': 'hidden'})
    assert 'tok' not in repr(tool).replace('MCPServerTool', '') and 'hidden' not in repr(tool)


def test_every_native_tool_is_found_by_its_kind():
    peers = {kind for kind in pydantic_ai.native_tools.NATIVE_TOOL_TYPES if kind != 'tool_search'}
    assert set(native_tools.NATIVE_TOOL_TYPES) == peers  # Tool search belongs to agents.


@pytest.mark.parametrize('module', ['messages', 'exceptions', 'usage', 'parameters', 'settings', 'native_tools'])
def test_importing_the_vocabulary_loads_nothing_heavy(module):
    code = (
        f'import sys, jupyter_stream.{module}\n'
        'heavy = {"pydantic", "pydantic_core", "httpx", "IPython", "ipywidgets", "asyncio"} & set(sys.modules)\n'
        'sys.exit(str(heavy) if heavy else 0)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
