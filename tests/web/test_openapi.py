"""The OpenAPI document says what the server does: the parameters agree, and schemathesis finds nothing else."""

import pytest

from mediarec.apps.web_queries import ENDPOINT_PARAMETERS, PARAMETERS


def test_the_document_is_the_table(client):
    document = client.get("/api/openapi.json").json
    for path, names in (
        ("/api/suggest", ENDPOINT_PARAMETERS["suggest"]),
        ("/api/recommend", ENDPOINT_PARAMETERS["recommend"]),
    ):
        said = {p["name"]: p["schema"] for p in document["paths"][path]["get"]["parameters"]}
        assert tuple(said) == names
        assert all(
            said[n].get("maximum") == PARAMETERS[n].maximum
            for n in names
            if PARAMETERS[n].type in ("whole", "number")
        )
    routes = {
        r.rule
        for r in client.application.url_map.iter_rules()
        if r.rule.startswith("/api/") and "openapi" not in r.rule
    }
    assert {
        p.replace("{", "<").replace("}", ">") for p in document["paths"] if p.startswith("/api")
    } == {r.replace("<path:show_id>", "<id>") for r in routes}


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
    "/api/titles/{id}",
    "/api/clusters",
    "/api/clusters/{method}",
    "/api/clusters/{method}/{number}",
    "/api/filters",
    "/healthz",
]


@pytest.fixture(scope="module")
def schema(site):
    return schemathesis.openapi.from_wsgi("/api/openapi.json", site())


WRONG = [
    "/api/suggest",
    "/api/recommend",
    "/api/clusters/{method}/{number}",
]  # where a request can break the document


@pytest.mark.parametrize(
    "path, mode", [*((p, "POSITIVE") for p in PATHS), *((p, "NEGATIVE") for p in WRONG)]
)
def test_it_holds(schema, path, mode):
    """Requests that fit the document, and requests that do not, are answered as it says."""
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
    def holds(case):
        case.validate_response(case.call(), checks=CHECKS)

    holds()


def test_every_path_is_tried(schema):
    assert sorted(PATHS) == sorted(schema)
