"""What each contract adds to the OpenAPI document besides its routes: refusals and examples, by operation id."""

from collections.abc import Mapping
from typing import Any, Final

from moorage.apis.catering import refusals as catering_refusals
from moorage.apis.marketplace import examples as marketplace_examples
from moorage.apis.marketplace import refusals as marketplace_refusals
from moorage.apis.payment_records import refusals as payment_records
from moorage.apis.practice import examples as practice_examples
from moorage.apis.practice import refusals as practice_refusals

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    **marketplace_refusals.REFUSALS,
    **practice_refusals.REFUSALS,
    **catering_refusals.REFUSALS,
    **payment_records.REFUSALS,
}
EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    **marketplace_examples.EXAMPLES,
    **practice_examples.EXAMPLES,
    **payment_records.EXAMPLES,
}
