"""Signing in to Vertex AI. google-auth is a stand-in here; one test takes the real one, where it is installed."""

from __future__ import annotations

import asyncio
import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest

from jupyter_stream import providers
from jupyter_stream.direct import model_request
from jupyter_stream.exceptions import ModelAPIError, UserError
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import infer_model
from jupyter_stream.models.vertex import VertexModel, host

ASK = [ModelRequest.user_text_prompt('hi')]
BODY = b'data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}\n\n'
VARIABLES = (
    'GOOGLE_API_KEY',
    'GEMINI_API_KEY',
    'GOOGLE_APPLICATION_CREDENTIALS',
    'GOOGLE_CLOUD_PROJECT',
    'GOOGLE_CLOUD_LOCATION',
    'GOOGLE_VERTEX_BASE_URL',
)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


class Credentials:
    quota_project_id = 'payer'

    def __init__(self) -> None:
        self.valid = False
        self.token = ''
        self.refreshed = 0

    def refresh(self, ask: Any) -> None:
        self.refreshed += 1
        self.valid, self.token = True, f'tok-{self.refreshed}'


class GoogleAuthError(Exception):
    pass


@pytest.fixture
def google_auth(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in whose `default` gives `credentials` and `project`, or raises `failure`."""
    said = SimpleNamespace(credentials=Credentials(), project='own-project', failure=None, scopes=None)

    def default(scopes: Any, request: Any) -> tuple[Any, Any]:
        if said.failure:
            raise said.failure
        said.scopes = scopes
        return said.credentials, said.project

    modules = {name: ModuleType(name) for name in ('google', 'google.auth', 'google.auth.exceptions')}
    modules['google.auth'].default = default  # type: ignore[attr-defined]
    modules['google.auth.exceptions'].GoogleAuthError = GoogleAuthError  # type: ignore[attr-defined]
    modules['google.auth.exceptions'].TransportError = GoogleAuthError  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return said


def asked(times: int = 1, **options: Any) -> list[httpx.Request]:
    """The requests that a Vertex model sends."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={'content-type': 'text/event-stream'}, content=BODY)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            name = options.pop('name', 'google-cloud:gemini-2.5-flash')
            if options.keys() <= {'api_key', 'base_url'}:
                model = infer_model(name, http_client=client, **options)
            else:
                provider = providers.find('google-cloud')
                assert provider is not None
                model = VertexModel(provider, name.partition(':')[2], http_client=client, **options)
            for _ in range(times):
                response = await model_request(model, ASK)
                assert response.provider_url == model.base_url

    asyncio.run(ask())
    return seen


def path_of(request: httpx.Request) -> str:
    return request.url.raw_path.decode()


# --------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ('location', 'address'),
    [
        ('us-central1', 'https://us-central1-aiplatform.googleapis.com'),
        ('global', 'https://aiplatform.googleapis.com'),
        ('eu', 'https://aiplatform.eu.rep.googleapis.com'),
    ],
)
def test_where_a_location_is_served(location: str, address: str) -> None:
    assert host(location) == address


@pytest.mark.parametrize('location', ['evil.test/', 'a@b', '', 'a b'])
def test_a_location_can_not_point_elsewhere(location: str) -> None:
    with pytest.raises(UserError, match='location'):
        host(location)


def test_a_project_can_not_point_elsewhere(google_auth: SimpleNamespace) -> None:
    with pytest.raises(UserError, match='project'):
        asked(project='../x')


# -------------------------------------------------------------------- by a key


def test_a_key_needs_neither_project_nor_google_auth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'google.auth', None)
    [request] = asked(api_key='k')
    assert (request.url.host, request.headers['x-goog-api-key']) == ('aiplatform.googleapis.com', 'k')
    expected = '/v1beta1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse'
    assert path_of(request) == expected and 'authorization' not in request.headers


def test_a_credentials_file_goes_before_a_key_of_the_environment(
    google_auth: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('GOOGLE_API_KEY', 'k')
    monkeypatch.setenv('GOOGLE_APPLICATION_CREDENTIALS', '/somewhere.json')
    [request] = asked()
    assert request.headers['authorization'] == 'Bearer tok-1' and 'x-goog-api-key' not in request.headers


# ------------------------------------------------------------------- by a token


def test_a_token_is_fetched_once_and_again_when_it_has_expired(google_auth: SimpleNamespace) -> None:
    requests = asked(2, base_url='https://proxy.test')
    assert [request.headers['authorization'] for request in requests] == ['Bearer tok-1'] * 2
    assert google_auth.scopes == ['https://www.googleapis.com/auth/cloud-platform']
    google_auth.credentials.valid = False
    assert asked()[0].headers['authorization'] == 'Bearer tok-2'


def test_project_and_location_come_from_the_environment(
    google_auth: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('GOOGLE_CLOUD_PROJECT', 'p1')
    monkeypatch.setenv('GOOGLE_CLOUD_LOCATION', 'europe-west4')
    [request] = asked()
    assert request.url.host == 'europe-west4-aiplatform.googleapis.com'
    place = '/v1beta1/projects/p1/locations/europe-west4/publishers/google/models/gemini-2.5-flash'
    assert path_of(request) == f'{place}:streamGenerateContent?alt=sse'
    assert request.headers['x-goog-user-project'] == 'payer'


def test_without_a_project_it_is_that_of_the_credentials(google_auth: SimpleNamespace) -> None:
    first, second = asked(2)
    assert path_of(first) == path_of(second)
    assert path_of(first).startswith('/v1beta1/projects/own-project/locations/us-central1/publishers/')
    google_auth.project = None
    with pytest.raises(UserError, match='GOOGLE_CLOUD_PROJECT'):
        asked()


def test_the_name_of_an_endpoint_has_its_place_already(google_auth: SimpleNamespace) -> None:
    [request] = asked(name='google-cloud:projects/p/locations/l/endpoints/1', project='other')
    assert path_of(request) == '/v1beta1/projects/p/locations/l/endpoints/1:streamGenerateContent?alt=sse'


def test_without_google_auth_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'google.auth', None)
    with pytest.raises(UserError, match=r'pip install "jupyter-stream\[google\]"'):
        asked()


def test_without_credentials_the_error_says_how_to_get_them(google_auth: SimpleNamespace) -> None:
    google_auth.failure = GoogleAuthError('nothing found')
    with pytest.raises(UserError, match=r'gcloud auth application-default login.*nothing found'):
        asked()


def test_a_refused_sign_in_is_an_error_of_the_model_without_secrets(google_auth: SimpleNamespace) -> None:
    def refuse(ask: Any) -> None:
        raise GoogleAuthError('invalid_grant for ya29 and AIza' + 'x' * 30)

    google_auth.credentials.refresh = refuse
    with pytest.raises(ModelAPIError, match='no access token: invalid_grant') as caught:
        asked()
    assert 'xxxx' not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_with_the_real_google_auth(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('google.auth')
    user = {'type': 'authorized_user', 'client_id': 'i', 'client_secret': 's', 'refresh_token': 'r'}
    file = tmp_path / 'adc.json'
    file.write_text(json.dumps({**user, 'quota_project_id': 'payer'}))
    monkeypatch.setenv('GOOGLE_APPLICATION_CREDENTIALS', str(file))

    def answer(self: httpx.Client, method: str, url: str, **_: Any) -> httpx.Response:
        assert (method, url) == ('POST', 'https://oauth2.googleapis.com/token')
        return httpx.Response(200, json={'access_token': 'tok', 'expires_in': 3600})

    monkeypatch.setattr(httpx.Client, 'request', answer)
    [request] = asked(project='p1')
    assert request.headers['authorization'] == 'Bearer tok'
    assert request.headers['x-goog-user-project'] == 'payer'
