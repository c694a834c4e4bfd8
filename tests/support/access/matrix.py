"""Who may call what, of all contracts together: operation by operation, as the documents name them."""

from moorage.web import openapi
from moorage.wiring.openapi_snapshot import promised
from tests.support.access import catering, marketplace, operations, payment_records, practice
from tests.support.access.asks import Ask, Asks
from tests.support.access.cast import Cast

OPERATIONS = {op["operationId"]: (method, path) for path, method, op in openapi.operations(promised())}
CONTRACTS = (marketplace, practice, payment_records, catering, operations)
EXPECTED: dict[str, str] = {name: cells for contract in CONTRACTS for name, cells in contract.EXPECTED.items()}
ASKS: dict[str, Asks] = {name: ask for contract in CONTRACTS for name, ask in contract.ASKS.items()}
TOKEN_UNREAD: set[str] = set().union(*(contract.TOKEN_UNREAD for contract in CONTRACTS))
"""These take something else than an access token, and do not look at one."""


async def status(cast: Cast, caller: str, operation: str, ask: Ask) -> str:
    """The status that this caller gets for this question."""
    method, path = OPERATIONS[operation]
    known = {name: str(value) for name, value in ask.path.items()}
    answer = await cast.ask(caller, method, path.format_map(known), json=ask.body, params=ask.query)
    return str(answer.status_code)
