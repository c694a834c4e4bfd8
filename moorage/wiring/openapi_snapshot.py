"""`make openapi`: writes down what the API promises (the document, the list of error codes), so that a change of it is
seen in review.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from moorage.web.contracts import CONTRACTS
from moorage.web.openapi import build_document, of_contract
from moorage.wiring.app import build_api
from moorage.wiring.error_list import PAGE, page_of
from moorage.wiring.settings import Settings

SNAPSHOTS = Path(__file__).resolve().parents[2] / "tests" / "contracts" / "openapi"


def promised() -> dict[str, Any]:
    """The document as every installation serves it, at a made-up address."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(environment="test", moorage_home=Path(home), base_url="http://localhost")
        return build_document(build_api(settings), server_url="http://localhost")


def written(document: dict[str, Any]) -> str:
    """How the snapshot is written: sorted, so that a change shows as itself."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def parts(document: dict[str, Any]) -> dict[str, str]:
    """What is kept of `document`: a text for each contract that has an operation, by its name."""
    of_each = {contract.name: of_contract(document, contract) for contract in CONTRACTS}
    return {name: written(part) for name, part in of_each.items() if part["paths"]}


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    document = promised()
    kept = parts(document)
    for path in SNAPSHOTS.glob("*.json"):
        if path.stem not in kept:
            path.unlink()
    for name, text in kept.items():
        (SNAPSHOTS / f"{name}.json").write_text(text)
    PAGE.write_text(page_of(document))
