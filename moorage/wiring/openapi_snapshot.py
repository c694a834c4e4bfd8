"""`make openapi`: writes down what the API promises (the document, the list of error codes), so that a change of it is
seen in review.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from moorage.web.openapi import build_document
from moorage.wiring.app import build_api
from moorage.wiring.error_list import PAGE, page_of
from moorage.wiring.settings import Settings

SNAPSHOT = Path(__file__).resolve().parents[2] / "tests" / "contracts" / "openapi.json"


def promised() -> dict[str, Any]:
    """The document as every installation serves it, at a made-up address."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(environment="test", moorage_home=Path(home), base_url="http://localhost")
        return build_document(build_api(settings), server_url="http://localhost")


def written(document: dict[str, Any]) -> str:
    """How the snapshot is written: sorted, so that a change shows as itself."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(written(promised()))
    PAGE.write_text(page_of(promised()))
