"""The OpenAPI document agrees with the server: the parameters match, and schemathesis checks it."""

import re

import pytest

from mediarec.apps.web_queries import RecommendParameters, SuggestParameters


@pytest.mark.parametrize(
    "endpoint, schema", [("suggest", SuggestParameters), ("recommend", RecommendParameters)]
)
def test_document_matches_parameters(client, endpoint, schema):
    document = client.get("/api/openapi.json").json
    parameters = document["paths"][f"/api/{endpoint}"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert set(schemas) == set(schema().fields)
    assert (schemas["n"]["minimum"], schemas["n"]["maximum"]) == (1, 50)
    assert all(parameter["description"] for parameter in parameters)


def test_document_lists_all_endpoints(client):
    document = client.get("/api/openapi.json").json
    paths = {path for path in document["paths"] if path.startswith("/api")}
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    endpoints = {rule for rule in rules if rule.startswith("/api/") and "openapi" not in rule}
    assert paths == {to_openapi_path(rule) for rule in endpoints}


def to_openapi_path(rule):
    """Return a Flask rule in the notation of OpenAPI."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule)


schemathesis = pytest.importorskip(
    "schemathesis", reason="schemathesis is not installed: it is in the extra [dev]"
)
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis import checks  # noqa: E402
from schemathesis.specs.openapi import checks as openapi  # noqa: E402

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
    openapi.unsupported_method,
]
PATHS = [
    "/api/suggest",
    "/api/recommend",
    "/api/titles/{show_id}",
    "/api/clusters",
    "/api/clusters/{method}",
    "/api/clusters/{method}/{number}",
    "/api/filters",
    "/healthz",
]
NEGATIVE_PATHS = [
    "/api/suggest",
    "/api/recommend",
    "/api/clusters/{method}/{number}",
]  # paths with parameters that a request can violate
CASES = [(path, "POSITIVE") for path in PATHS] + [(path, "NEGATIVE") for path in NEGATIVE_PATHS]


@pytest.fixture(scope="module")
def schema(make_app):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", make_app())


@pytest.mark.parametrize("path, mode", CASES)
def test_conformance(schema, path, mode):
    """Requests that follow or violate the document get the responses that it describes."""
    mode = schemathesis.GenerationMode[mode]

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path]["GET"].as_strategy(generation_mode=mode))
    def check_case(case):
        response = case.call(headers={"Accept-Encoding": "identity"})
        case.validate_response(response, checks=CHECKS)

    check_case()


def test_all_paths_covered(schema):
    assert sorted(PATHS) == sorted(schema)
