"""Whose webhook it is: our own check against the golden vectors, and against the SDK's."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from moorage.domains.payments.gateway import InvalidSignatureError, TimestampOutOfToleranceError
from moorage.providers.stripe.signatures import signature, signed_at
from tests.fakes.stripe.fake import WEBHOOK_SECRET, StripeFake
from tests.fakes.stripe.fixtures import stripe_gateway

BODY = b'{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'
GOLDEN = "67da5088c63e080c71bd2bb0cb5c03d85a8fc6a21ce3aaf484df809654745b92"
AT = 1_700_000_000
NOW = datetime.fromtimestamp(AT, UTC)


@pytest.fixture
async def gateway():
    made = stripe_gateway("http://127.0.0.1:1", webhook_secrets=["whsec_test_secret"])
    yield made
    await made.aclose()


def headers(*signatures, at=AT, name="stripe-signature"):
    return {name: ",".join([f"t={at}", *(f"v1={one}" for one in signatures)])}


def test_the_golden_vector_is_what_we_compute():
    assert signature("whsec_test_secret", BODY, str(AT)) == GOLDEN
    assert signed_at(["whsec_test_secret"], f"t={AT},v1={GOLDEN}", BODY) == AT


async def test_the_golden_vector_is_believed(gateway):
    event = gateway.verify(headers(GOLDEN), BODY, now=NOW)
    assert (event.event_id, event.event_type) == ("evt_1", "payment_intent.succeeded")


async def test_case_4_one_byte_changed_anywhere_is_refused(gateway):
    for position in range(len(BODY)):
        forged = BODY[:position] + bytes([BODY[position] ^ 1]) + BODY[position + 1 :]
        with pytest.raises(InvalidSignatureError):
            gateway.verify(headers(GOLDEN), forged, now=NOW)


@pytest.mark.parametrize(("age_s", "believed"), [(299, True), (300, True), (301, False), (-299, True), (-301, False)])
async def test_case_5_five_minutes_either_way_and_no_more(gateway, age_s, believed):
    now = NOW + timedelta(seconds=age_s)
    if believed:
        assert gateway.verify(headers(GOLDEN), BODY, now=now).event_id == "evt_1"
    else:
        with pytest.raises(TimestampOutOfToleranceError):
            gateway.verify(headers(GOLDEN), BODY, now=now)


def test_case_5_the_sdk_alone_would_believe_the_future():
    ahead = int(datetime.now(UTC).timestamp()) + 3600
    header = f"t={ahead},v1={signature('whsec_test_secret', BODY, str(ahead))}"
    assert stripe.WebhookSignature.verify_header(BODY.decode(), header, "whsec_test_secret", 300)


async def test_case_6_the_second_of_two_signatures_may_be_the_right_one(gateway):
    assert gateway.verify(headers("0" * 64, GOLDEN), BODY, now=NOW).event_id == "evt_1"


async def test_case_6_a_previous_secret_still_counts_while_secrets_rotate():
    rotating = stripe_gateway("http://127.0.0.1:1", webhook_secrets=["whsec_new", "whsec_test_secret"])
    assert rotating.verify(headers(GOLDEN, name="Stripe-Signature"), BODY, now=NOW).event_id == "evt_1"
    await rotating.aclose()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=1700000000",
        f"v1={GOLDEN}",
        f"t=1700000000,v0={GOLDEN}",
        f"t=1700000000,t=1700000000,v1={GOLDEN}",
        f"t=1700000000,v1={GOLDEN.upper()}",
        f"t=-1,v1={GOLDEN}",
        f"t=1700000000,v1={GOLDEN}" + "," * 3000,
    ],
)
async def test_a_malformed_header_is_refused(gateway, header):
    with pytest.raises(InvalidSignatureError):
        gateway.verify({} if header is None else {"stripe-signature": header}, BODY, now=NOW)


async def test_with_no_secret_nothing_is_believed():
    bare = stripe_gateway("http://127.0.0.1:1", webhook_secrets=[])
    with pytest.raises(InvalidSignatureError):
        bare.verify(headers(signature("", BODY, str(AT))), BODY, now=NOW)
    await bare.aclose()


@pytest.mark.parametrize("body", [BODY, b'{"id": "evt_\xc3\xa9"}', b"{}", json.dumps({"a": "x" * 5000}).encode()])
def test_the_sdk_and_we_agree_on_what_the_fake_signs(body):
    header = StripeFake().sign(body)["Stripe-Signature"]
    assert stripe.WebhookSignature.verify_header(body.decode(), header, WEBHOOK_SECRET, 300)
    assert signed_at([WEBHOOK_SECRET], header, body) is not None
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body.decode() + " ", header, WEBHOOK_SECRET, 300)
    assert signed_at([WEBHOOK_SECRET], header, body + b" ") is None
