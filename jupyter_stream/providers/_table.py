"""The rows of the table of providers, and what a row is made of. `jupyter_stream.providers` finds and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from jupyter_stream.messages import FinishReason

__all__ = ('PROVIDERS', 'Auth', 'ModelKind', 'Provider', 'Variable', 'WireName')

WireName = Literal[
    'anthropic',
    'bedrock',
    'cohere',
    'gemini',
    'groq',
    'huggingface',
    'mistral',
    'openai_chat',
    'openai_responses',
]
ModelKind = Literal['http', 'local', 'vertex', 'bedrock', 'mantle']

_BEARER: Final = 'Bearer {key}'


@dataclass(frozen=True)
class Auth:
    """How the key travels: the header's name, and its value with `{key}` in it."""

    header: str = 'authorization'
    value: str = _BEARER


@dataclass(frozen=True)
class Variable:
    """An environment variable that is part of an address.

    Attributes:
        name: the variable's name, which is also its placeholder in the address.
        pattern: what it must look like as a whole; the group `value` is what is used. It keeps a value from pointing
            the request, key and all, at another host.
        example: a value to show in the error message.
        default: the value where the variable is not set; None where it must be set.
        aliases: other variables that may hold the value, in order.
        from_key: where neither is set, what a key says of the value: patterns of whole keys, each with the value, in
            which a group of the pattern may stand in braces.
    """

    name: str
    pattern: str
    example: str
    default: str | None = None
    aliases: tuple[str, ...] = ()
    from_key: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Provider:
    """A place to send requests to. It never holds a key, so it may be shown and pickled.

    Attributes:
        name: the `provider_name` of its responses.
        title: the provider's name in sentences.
        base_url: the address; it may hold `{VARIABLE}`s. None for the embedded model, whose server is found when asked.
        key_env: the variables that may hold the key, in order.
        base_url_env: the variables that may hold another base URL, in order.
        host_env: the vendor's own variables that may hold a host, or host and port; asked after `base_url_env`.
        prefixes: what model strings begin with; `name` when empty.
        variables: what the placeholders in `base_url` and `query` mean.
        wire: the protocol, by its name in `jupyter_stream.wire`.
        model: the kind of its models, by its name in `jupyter_stream.models`: HTTP, embedded, or signed in to a cloud.
        key_unless: a variable that, when set, says that one signs in without the key in the environment.
        path: what follows the base URL; `{model}` stands for the model's name.
        query: the query string's parameters, with placeholders.
        headers: further headers of every request.
        optional_headers: further headers, by the variable whose value each has; left out where that is not set.
        key_header: how the key is sent.
        key_required: False where requests without a key are served too.
        canonical_system: see `ModelResponse.canonical_system`.
        finish_reasons: the provider's finish reasons beyond those of the protocol.
        sends_finish_reason: False where an answer may end well without a finish reason.
        usage_is_cumulative: each usage report replaces the one before, instead of adding to it.
        reasoning_is_extra: thinking is not counted among the output tokens.
        names_downstream: chunks say which provider behind this one answers, and what it cost.
        null_choices_is_error: a chunk with `"choices": null` is a failure, not a chunk to pass over.
        vendor_required: model names must look like `vendor/model`.
        model_required: False where a model string may end after the colon.
        models: well-known names, for suggestions.
        docs: the page that the row was written from.
    """

    name: str
    title: str
    base_url: str | None
    key_env: tuple[str, ...] = ()
    base_url_env: tuple[str, ...] = ()
    host_env: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    wire: WireName = 'openai_chat'
    model: ModelKind = 'http'
    key_unless: str | None = None
    path: str = '/chat/completions'
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    optional_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    key_header: Auth = Auth()
    key_required: bool = True
    canonical_system: str | None = None
    finish_reasons: Mapping[str, FinishReason] = field(default_factory=dict[str, FinishReason])
    sends_finish_reason: bool = True
    usage_is_cumulative: bool = False
    reasoning_is_extra: bool = False
    names_downstream: bool = False
    null_choices_is_error: bool = False
    vendor_required: bool = False
    model_required: bool = True
    models: tuple[str, ...] = ()
    docs: str = ''

    @property
    def all_prefixes(self) -> tuple[str, ...]:
        """What a model string of this provider may begin with."""
        return self.prefixes or (self.name,)

    def auth(self, api_key: str | None) -> dict[str, str]:
        """The header that carries the key; none without a key."""
        return {self.key_header.header: self.key_header.value.format(key=api_key)} if api_key else {}


_AZURE: Final = (
    Variable(
        'AZURE_OPENAI_ENDPOINT', r'(?P<value>https?://[^/?#\s@]+)(?:/openai)?/?', 'https://my-resource.openai.azure.com'
    ),
    Variable('OPENAI_API_VERSION', r'(?P<value>[\w.-]+)', '2025-01-01-preview', default='2025-01-01-preview'),
)

_SNOWFLAKE: Final = (
    Variable(
        'SNOWFLAKE_ACCOUNT',
        r'(?:https?://)?(?P<value>[A-Za-z0-9._-]+?)(?:\.snowflakecomputing\.com)?/?',
        'myorg-myaccount',
    ),
)

_GATEWAY: Final = (
    Variable(
        'PYDANTIC_AI_GATEWAY_BASE_URL',
        r'(?P<value>https?://[^?#\s@]+?)/?',
        'https://gateway-us.pydantic.dev/proxy',
        aliases=('PAIG_BASE_URL',),
        # The prompt must not go to another region than the key's.
        from_key=(
            (r'pylf_v\d+_staging[a-z]*_[\w-]+', 'https://gateway.pydantic.info/proxy'),
            (r'pylf_v\d+_(?P<region>[a-z]+)_[\w-]+', 'https://gateway-{region}.pydantic.dev/proxy'),
        ),
    ),
)
_GATEWAY_KEY: Final = ('PYDANTIC_AI_GATEWAY_API_KEY', 'PAIG_API_KEY')

_AWS_REGION: Final = Variable('AWS_DEFAULT_REGION', r'(?P<value>[a-z0-9-]+)', 'us-east-1', aliases=('AWS_REGION',))

PROVIDERS: Final[tuple[Provider, ...]] = (
    Provider(
        name='openai',
        title='OpenAI Chat Completions',
        prefixes=('openai-chat',),
        base_url='https://api.openai.com/v1',
        key_env=('OPENAI_API_KEY',),
        base_url_env=('OPENAI_BASE_URL',),
        canonical_system='openai',
        models=('gpt-5.6-sol', 'gpt-5.5', 'gpt-5', 'gpt-5-mini', 'gpt-4.1', 'gpt-4o', 'gpt-4o-mini', 'o3', 'o4-mini'),
        docs='https://platform.openai.com/docs/api-reference/chat/create',
    ),
    Provider(
        name='openai',
        title='OpenAI Responses',
        prefixes=('openai', 'openai-responses'),
        base_url='https://api.openai.com/v1',
        key_env=('OPENAI_API_KEY',),
        base_url_env=('OPENAI_BASE_URL',),
        wire='openai_responses',
        path='/responses',
        canonical_system='openai',
        docs='https://platform.openai.com/docs/api-reference/responses',
    ),
    Provider(
        name='openai',
        title='OpenAI Chat Completions by the Pydantic AI Gateway',
        prefixes=('gateway/openai-chat', 'gateway/chat'),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/openai',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        canonical_system='openai',
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='openai',
        title='OpenAI Responses by the Pydantic AI Gateway',
        prefixes=('gateway/openai', 'gateway/openai-responses', 'gateway/responses'),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/openai',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        wire='openai_responses',
        path='/responses',
        canonical_system='openai',
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='anthropic',
        title='Anthropic',
        base_url='https://api.anthropic.com',
        key_env=('ANTHROPIC_API_KEY',),
        base_url_env=('ANTHROPIC_BASE_URL',),
        wire='anthropic',
        path='/v1/messages',
        headers={'anthropic-version': '2026-10-21'},
        models=('claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'),
        docs='https://platform.claude.com/docs/en/api/messages',
    ),
    Provider(
        name='anthropic',
        title='Anthropic by the Pydantic AI Gateway',
        prefixes=('gateway/anthropic',),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/anthropic',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        wire='anthropic',
        path='/v1/messages',
        headers={'anthropic-version': '2026-10-21'},
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='google',
        title='Gemini',
        base_url='https://generativelanguage.googleapis.com',
        key_env=('GOOGLE_API_KEY', 'GEMINI_API_KEY'),
        base_url_env=('GOOGLE_GEMINI_BASE_URL',),
        wire='gemini',
        path='/v1beta/{model}:streamGenerateContent',
        key_header=Auth('x-goog-api-key', '{key}'),
        canonical_system='google',
        models=('gemini-3-pro-preview', 'gemini-3-flash-preview', 'gemini-2.5-pro', 'gemini-2.5-flash'),
        docs='https://ai.google.dev/api/generate-content',
    ),
    Provider(
        name='google-cloud',
        title='Vertex AI',
        # Where it is depends on the region: `models.vertex` finds out.
        base_url=None,
        key_env=('GOOGLE_API_KEY', 'GEMINI_API_KEY'),
        key_unless='GOOGLE_APPLICATION_CREDENTIALS',
        base_url_env=('GOOGLE_VERTEX_BASE_URL',),
        wire='gemini',
        model='vertex',
        path='/v1beta1/{model}:streamGenerateContent',
        key_header=Auth('x-goog-api-key', '{key}'),
        key_required=False,
        canonical_system='google-cloud',
        models=('gemini-3-pro-preview', 'gemini-2.5-pro', 'gemini-2.5-flash'),
        docs='https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    ),
    Provider(
        name='google-cloud',
        title='Vertex AI by the Pydantic AI Gateway',
        prefixes=('gateway/google', 'gateway/google-cloud'),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/google-vertex',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        wire='gemini',
        path='/v1beta1/{model}:streamGenerateContent',
        canonical_system='google-cloud',
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='azure',
        title='Azure OpenAI',
        base_url='{AZURE_OPENAI_ENDPOINT}/openai',
        key_env=('AZURE_OPENAI_API_KEY',),
        variables=_AZURE,
        path='/deployments/{model}/chat/completions',
        query={'api-version': '{OPENAI_API_VERSION}'},
        key_header=Auth('api-key', '{key}'),
        models=('gpt-5-mini', 'gpt-4o'),
        docs='https://learn.microsoft.com/azure/ai-services/openai/reference',
    ),
    Provider(
        name='azure',
        title='Azure OpenAI Responses',
        prefixes=('azure-responses',),
        base_url='{AZURE_OPENAI_ENDPOINT}/openai',
        key_env=('AZURE_OPENAI_API_KEY',),
        variables=_AZURE,
        wire='openai_responses',
        path='/responses',
        query={'api-version': '{OPENAI_API_VERSION}'},
        key_header=Auth('api-key', '{key}'),
        docs='https://learn.microsoft.com/azure/ai-services/openai/how-to/responses',
    ),
    Provider(
        name='bedrock',
        title='Amazon Bedrock',
        # Where it is depends on the region: `models.bedrock` finds out.
        base_url=None,
        key_env=('AWS_BEARER_TOKEN_BEDROCK',),
        base_url_env=('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_ENDPOINT_URL'),
        wire='bedrock',
        model='bedrock',
        path='/model/{model}/converse-stream',
        key_required=False,
        models=(
            'global.anthropic.claude-sonnet-5-5',
            'global.anthropic.claude-haiku-4-5-20251001-v1:0',
            'global.amazon.nova-2-lite-v1:0',
            'us.amazon.nova-pro-v1:0',
            'us.amazon.nova-lite-v1:0',
            'us.meta.llama4-maverick-17b-instruct-v1:0',
            'openai.gpt-oss-120b-1:0',
        ),
        docs='https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
    ),
    Provider(
        name='bedrock',
        title='Amazon Bedrock by the Pydantic AI Gateway',
        prefixes=('gateway/bedrock', 'gateway/converse'),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/bedrock',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        wire='bedrock',
        model='bedrock',
        path='/model/{model}/converse-stream',
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='bedrock-mantle',
        title='Amazon Bedrock Mantle',
        # Without a path: the models are served under two of them.
        base_url='https://bedrock-mantle.{AWS_DEFAULT_REGION}.api.aws',
        key_env=('AWS_BEARER_TOKEN_BEDROCK',),
        key_required=False,
        variables=(_AWS_REGION,),
        wire='openai_responses',
        model='mantle',
        path='/openai/v1/responses',
        models=('openai.gpt-5.6-sol', 'openai.gpt-oss-120b'),
        docs='https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html',
    ),
    Provider(
        name='meta',
        title='Meta',
        base_url='https://api.meta.ai/v1',
        key_env=('META_API_KEY',),
        wire='openai_responses',
        path='/responses',
        models=('muse-spark-1.3', 'muse-wonder-1.0'),
        docs='https://dev.meta.ai/docs/models',
    ),
    Provider(
        name='deepseek',
        title='DeepSeek',
        base_url='https://api.deepseek.com',
        key_env=('DEEPSEEK_API_KEY',),
        models=('deepseek-v4-pro', 'deepseek-flash', 'deepseek-chat', 'deepseek-reasoner'),
        docs='https://api-docs.deepseek.com',
    ),
    Provider(
        name='mistral',
        title='Mistral',
        base_url='https://api.mistral.ai',
        key_env=('MISTRAL_API_KEY',),
        wire='mistral',
        path='/v1/chat/completions',
        finish_reasons={'model_length': 'length', 'error': 'error'},
        models=(
            'mistral-large-latest',
            'mistral-medium-latest',
            'mistral-small-latest',
            'magistral-medium-latest',
            'codestral-latest',
            'ministral-8b-latest',
        ),
        docs='https://docs.mistral.ai/api/endpoint/chat',
    ),
    Provider(
        name='cohere',
        title='Cohere',
        base_url='https://api.cohere.com',
        key_env=('CO_API_KEY',),
        base_url_env=('CO_BASE_URL',),
        wire='cohere',
        path='/v2/chat',
        models=(
            'command-a-03-2025',
            'command-a-reasoning-08-2025',
            'command-a-vision-07-2025',
            'command-r-plus-08-2024',
            'command-r7b-12-2024',
        ),
        docs='https://docs.cohere.com/reference/chat-stream',
    ),
    Provider(
        name='openrouter',
        title='OpenRouter',
        base_url='https://openrouter.ai/api/v1',
        key_env=('OPENROUTER_API_KEY',),
        optional_headers={'HTTP-Referer': 'OPENROUTER_APP_URL', 'X-Title': 'OPENROUTER_APP_TITLE'},
        finish_reasons={'error': 'error'},
        names_downstream=True,
        null_choices_is_error=True,
        vendor_required=True,
        models=(
            'anthropic/claude-sonnet-4.5',
            'google/gemini-2.5-flash',
            'openai/gpt-4o',
            'deepseek/deepseek-chat',
            'meta-llama/llama-3.3-70b-instruct',
        ),
        docs='https://openrouter.ai/docs/api-reference/overview',
    ),
    Provider(
        name='cerebras',
        title='Cerebras',
        base_url='https://api.cerebras.ai/v1',
        key_env=('CEREBRAS_API_KEY',),
        models=('gpt-oss-120b', 'qwen-3.8-27b', 'zai-glm-4.7'),
        docs='https://inference-docs.cerebras.ai/api-reference/chat-completions',
    ),
    Provider(
        name='zai',
        title='Z.AI',
        base_url='https://api.z.ai/api/paas/v4',
        key_env=('ZAI_API_KEY',),
        finish_reasons={
            'sensitive': 'content_filter',
            'model_context_window_exceeded': 'length',
            'network_error': 'error',
        },
        models=('glm-5.3', 'glm-4.7', 'glm-4.6'),
        docs='https://docs.z.ai/api-reference/llm/chat-completion',
    ),
    Provider(
        name='ollama',
        title='Ollama',
        base_url='http://localhost:11434/v1',
        key_env=('OLLAMA_API_KEY',),
        base_url_env=('OLLAMA_BASE_URL',),
        host_env=('OLLAMA_HOST',),
        key_required=False,
        models=('qwen3', 'llama3.2', 'gpt-oss:20b', 'gemma3'),
        docs='https://docs.ollama.com/api/openai-compatibility',
    ),
    Provider(
        name='crusoe',
        title='Crusoe',
        base_url='https://api.inference.crusoecloud.com/v1',
        key_env=('CRUSOE_API_KEY',),
        models=('meta-llama/Llama-3.3-70B-Instruct',),
        docs='https://docs.crusoecloud.com/serverless-inference/overview',
    ),
    Provider(
        name='snowflake',
        title='Snowflake Cortex',
        base_url='https://{SNOWFLAKE_ACCOUNT}.snowflakecomputing.com/api/v2/cortex/v1',
        key_env=('SNOWFLAKE_TOKEN',),
        variables=_SNOWFLAKE,
        # Cortex sends none, or an empty one, for its Claude models.
        sends_finish_reason=False,
        models=('claude-sonnet-4-6', 'openai-gpt-5.6-sol', 'llama3.3-70b'),
        docs='https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api',
    ),
    Provider(
        name='github',
        title='GitHub Models',
        base_url='https://models.github.ai/inference',
        key_env=('GITHUB_API_KEY',),
        models=('openai/gpt-4o',),
        docs='https://docs.github.com/en/github-models',
    ),
    Provider(
        name='heroku',
        title='Heroku',
        base_url='https://us.inference.heroku.com/v1',
        key_env=('HEROKU_INFERENCE_KEY',),
        base_url_env=('HEROKU_INFERENCE_URL',),
        models=('claude-4-5-sonnet', 'gpt-oss-120b'),
        docs='https://devcenter.heroku.com/articles/heroku-inference-api-v1-chat-completions',
    ),
    Provider(
        name='vercel',
        title='Vercel AI Gateway',
        base_url='https://ai-gateway.vercel.sh/v1',
        key_env=('VERCEL_AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN'),
        models=('openai/gpt-4o', 'anthropic/claude-sonnet-4.5'),
        docs='https://vercel.com/docs/ai-gateway/openai-compat',
    ),
    Provider(
        name='moonshotai',
        title='Moonshot AI',
        base_url='https://api.moonshot.ai/v1',
        key_env=('MOONSHOTAI_API_KEY',),
        base_url_env=('MOONSHOTAI_BASE_URL',),
        models=('kimi-k3', 'kimi-k2.6'),
        docs='https://platform.moonshot.ai/docs/api/chat',
    ),
    Provider(
        name='fireworks',
        title='Fireworks',
        base_url='https://api.fireworks.ai/inference/v1',
        key_env=('FIREWORKS_API_KEY',),
        models=('accounts/fireworks/models/llama-v3p3-70b-instruct',),
        docs='https://docs.fireworks.ai/api-reference/post-chatcompletions',
    ),
    Provider(
        name='together',
        title='Together AI',
        base_url='https://api.together.xyz/v1',
        key_env=('TOGETHER_API_KEY',),
        models=('meta-llama/Llama-3.3-70B-Instruct-Turbo',),
        docs='https://docs.together.ai/reference/chat-completions-1',
    ),
    Provider(
        name='litellm',
        title='LiteLLM',
        # The proxy's own default; there is no hosted one, and a made-up key must not go to somebody else's host.
        base_url='http://localhost:4000',
        key_env=('LITELLM_API_KEY',),
        base_url_env=('LITELLM_BASE_URL',),
        key_required=False,
        docs='https://docs.litellm.ai/docs/proxy/user_keys',
    ),
    Provider(
        name='vllm',
        title='vLLM',
        base_url='http://localhost:8000/v1',
        key_env=('VLLM_API_KEY',),
        base_url_env=('VLLM_BASE_URL',),
        key_required=False,
        docs='https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html',
    ),
    Provider(
        name='nebius',
        title='Nebius',
        base_url='https://api.studio.nebius.com/v1',
        key_env=('NEBIUS_API_KEY',),
        models=('meta-llama/Llama-3.3-70B-Instruct',),
        docs='https://docs.studio.nebius.com/api-reference/introduction',
    ),
    Provider(
        name='ovhcloud',
        title='OVHcloud AI Endpoints',
        base_url='https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
        key_env=('OVHCLOUD_API_KEY',),
        models=('gpt-oss-120b',),
        docs='https://help.ovhcloud.com/csm/en-public-cloud-ai-endpoints-getting-started',
    ),
    Provider(
        name='alibaba',
        title='Alibaba Cloud',
        base_url='https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
        key_env=('ALIBABA_API_KEY', 'DASHSCOPE_API_KEY'),
        models=('qwen-max', 'qwen3-coder-plus'),
        docs='https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope',
    ),
    Provider(
        name='sambanova',
        title='SambaNova',
        base_url='https://api.sambanova.ai/v1',
        key_env=('SAMBANOVA_API_KEY',),
        base_url_env=('SAMBANOVA_BASE_URL',),
        models=('Meta-Llama-3.3-70B-Instruct',),
        docs='https://docs.sambanova.ai/cloud/api-reference/overview',
    ),
    Provider(
        name='xai',
        title='xAI',
        base_url='https://api.x.ai/v1',
        key_env=('XAI_API_KEY',),
        # Every chunk repeats the count so far.
        usage_is_cumulative=True,
        reasoning_is_extra=True,
        models=('grok-4', 'grok-4-fast'),
        docs='https://docs.x.ai/docs/api-reference#chat-completions',
    ),
    Provider(
        name='groq',
        title='Groq',
        base_url='https://api.groq.com',
        key_env=('GROQ_API_KEY',),
        base_url_env=('GROQ_BASE_URL',),
        wire='groq',
        path='/openai/v1/chat/completions',
        models=('openai/gpt-oss-120b', 'openai/gpt-oss-20b', 'qwen/qwen3.8-27b', 'llama-3.3-70b-versatile'),
        docs='https://console.groq.com/docs/api-reference',
    ),
    Provider(
        name='groq',
        title='Groq by the Pydantic AI Gateway',
        prefixes=('gateway/groq',),
        base_url='{PYDANTIC_AI_GATEWAY_BASE_URL}/groq',
        key_env=_GATEWAY_KEY,
        variables=_GATEWAY,
        wire='groq',
        path='/openai/v1/chat/completions',
        docs='https://ai.pydantic.dev/gateway/',
    ),
    Provider(
        name='huggingface',
        title='Hugging Face',
        # The router that chooses a provider by itself; `/{provider}/v1` in its place is the route of one.
        base_url='https://router.huggingface.co/v1',
        key_env=('HF_TOKEN',),
        wire='huggingface',
        finish_reasons={'eos_token': 'stop', 'stop_sequence': 'stop'},
        models=(
            'deepseek-ai/DeepSeek-V4-Pro',
            'moonshotai/Kimi-K3',
            'zai-org/GLM-5.3',
            'Qwen/Qwen3.8-27B',
            'meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8',
        ),
        docs='https://huggingface.co/docs/inference-providers/tasks/chat-completion',
    ),
    Provider(
        name='local',
        title='the embedded model',
        model='local',
        base_url=None,
        key_required=False,
        model_required=False,
        docs='https://github.com/ggml-org/llama.cpp/tree/master/tools/server',
    ),
)
