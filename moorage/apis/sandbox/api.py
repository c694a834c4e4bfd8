"""The sandbox's HTTP API, whole."""

from fastapi import APIRouter, Security

from moorage.apis.sandbox import accounts, events, intents, refunds, subscriptions, transfers
from moorage.apis.sandbox.route import API_KEY, PREFIX

router = APIRouter(prefix=PREFIX, tags=["sandbox"], dependencies=[Security(API_KEY)])
for part in (intents, subscriptions, refunds, accounts, transfers, events):
    router.include_router(part.router)
