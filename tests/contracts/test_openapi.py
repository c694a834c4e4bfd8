"""The OpenAPI document and the reference: complete, and as it was last agreed."""

import re
from pathlib import Path

import jsonschema
import pytest

from moorage.kernel.errors import MoorageError
from moorage.web.contracts import CONTRACTS, MARKETPLACE, contract_of
from moorage.web.open_routes import SIGNED
from moorage.web.openapi import of_contract, operations
from moorage.web.problems import FIELD_CODES
from moorage.wiring.openapi_snapshot import SNAPSHOTS, parts, promised, written

PACKAGE = Path(__file__).resolve().parents[2] / "moorage"


@pytest.fixture(scope="module")
def document():
    return promised()


def test_each_contract_is_the_one_that_was_agreed(document):
    agreed = {path.stem: path.read_text() for path in SNAPSHOTS.glob("*.json")}
    found = parts(document)
    assert set(agreed) == set(found)
    assert [name for name in found if agreed[name] != found[name]] == [], "look at what changed, then `make openapi`"


def test_every_operation_is_of_one_contract_and_every_tag_of_its_topics(document):
    whole = [operation["operationId"] for _, _, operation in operations(document)]
    split = [(one, op) for one in CONTRACTS for _, _, op in operations(of_contract(document, one))]
    assert sorted(operation["operationId"] for _, operation in split) == sorted(whole)
    assert [op["operationId"] for one, op in split if not set(op["tags"]) <= set(one.topics)] == []


def test_the_document_of_a_contract_names_nothing_that_it_lacks(document):
    for contract in CONTRACTS:
        part = of_contract(document, contract)
        for kind, name in re.findall(r'"#/components/(\w+)/([^"]+)"', written(part)):
            assert name in part["components"][kind], (contract.name, name)


def test_every_operation_has_a_clean_id_of_its_own_and_a_sentence(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in ids)
    assert [op["operationId"] for _, _, op in operations(document) if not op.get("description")] == []


def test_every_body_has_an_example_and_every_answer_a_schema(document):
    for path, _, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert "example" in media or "examples" in media, path
        for status, response in operation["responses"].items():
            for kind, media in response.get("content", {}).items():
                assert "schema" in media or kind != "application/json", (path, status)


def test_every_example_of_a_body_is_one_that_its_schema_takes(document):
    for path, method, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            if "example" in media:
                schema = {**media["schema"], "components": document["components"]}
                problems = list(jsonschema.Draft202012Validator(schema).iter_errors(media["example"]))
                assert not problems, (method, path, problems[0].message)


def test_every_operation_of_the_api_says_the_errors_that_all_share(document):
    for path, _, operation in operations(document):
        name = operation["operationId"]
        if contract_of(name, path).is_api and name not in SIGNED:
            assert {"400", "429", "500", "503"} <= set(operation["responses"]), name
            if "requestBody" in operation:
                assert {"413", "415", "422"} <= set(operation["responses"]), name


def test_the_document_is_valid_openapi(document):
    assert document["openapi"].startswith("3.1")
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', written(document)))
    assert named <= set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_code_that_a_field_can_be_refused_with_is_documented():
    said = {code for path in PACKAGE.rglob("*.py") for code in re.findall(r'refusal\(\s*"([a-z_]+)"', path.read_text())}
    assert said <= set(FIELD_CODES) | set(MoorageError.by_code)


async def test_the_document_is_served_whole_and_by_contract(api):
    whole = (await api.get("/openapi.json")).json()
    part = (await api.get("/openapi/marketplace.json")).json()
    assert whole["servers"] == [{"url": "http://moorage.test"}]
    of_the_marketplace = [
        operation["operationId"]
        for path, _, operation in operations(whole)
        if contract_of(operation["operationId"], path) is MARKETPLACE
    ]
    assert [operation["operationId"] for _, _, operation in operations(part)] == of_the_marketplace
    for contract in CONTRACTS:
        assert (await api.get(f"/openapi/{contract.name}.json")).json()["info"]["title"].endswith(contract.title)
    assert (await api.get("/openapi/nothing.json")).status_code == 404


async def test_the_reference_shows_every_operation_without_any_other_host(api, document):
    pages = await reference_pages(api)
    listed, shown = pages["/docs"].text, "".join(page.text for path, page in pages.items() if path.count("/") == 3)
    for _, _, operation in operations(document):
        assert f'#{operation["operationId"]}"' in listed
        assert f'id="{operation["operationId"]}"' in shown
    for code in ("slot_unavailable", "invalid_token", "unknown_field"):
        assert f'id="{code}"' in pages["/docs/errors"].text
    for path, page in pages.items():
        assert page.status_code == 200, path
        assert not re.search(r"<script|(?:src|href)=[\"'](?:https?:)?//", page.text)
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert (await api.get("/docs/marketplace/nothing")).status_code == 404


async def test_no_page_of_the_reference_weighs_more_than_a_page_may(api):
    style = await compressed(api, "/static/moorage.css")
    for path in await reference_pages(api):
        assert await compressed(api, path) + style <= 20_000, path


async def test_a_refusal_s_type_leads_to_its_code(api):
    refused = (await api.get("/users/")).json()
    address, _, code = refused["type"].partition("#")
    assert (address, code) == ("/docs/errors", refused["code"])
    assert f'id="{code}"' in (await api.get(address)).text


async def reference_pages(api):
    """The reference's pages by their paths: the first, and those that it leads to."""
    first = await api.get("/docs")
    return {"/docs": first} | {
        path: await api.get(path) for path in set(re.findall(r'href="(/docs/[^"#]+)', first.text))
    }


async def compressed(api, path):
    """How many bytes it travels in."""
    return int((await api.get(path, headers={"accept-encoding": "gzip"})).headers["content-length"])
