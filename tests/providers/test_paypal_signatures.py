"""Who sent a PayPal webhook: the signed string, the certificate's place, its chain, its owner and its dates."""

import base64
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from moorage.domains.payments.gateway import InvalidSignatureError, OutcomeUnknownError, TimestampOutOfToleranceError
from moorage.providers.paypal.certificates import LIVE_NAME, LIVE_ORIGINS, Certificates
from moorage.providers.paypal.signatures import Transmission
from tests.fakes.paypal import keys
from tests.fakes.paypal.fixtures import adapter

GOLDEN = b'{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'
BODY = b'{"id":"WH-1","event_type":"X.Y","create_time":"2026-11-21T08:00:00Z","resource":{}}'


async def checked(gateway, headers, body=BODY, now=None):
    await gateway.prepare_verification(headers, body)
    return gateway.verify(headers, body, now=now or datetime.now(UTC))


def test_the_golden_string_is_what_is_signed():
    told = Transmission("T1", "2026-11-21T08:00:00Z", "", "", "SHA256withRSA")
    assert told.signed_text("WH-1", GOLDEN) == "T1|2026-11-21T08:00:00Z|WH-1|1415589888"


async def test_what_the_fake_signs_is_signed_as_paypal_writes_it(paypal_fake):
    headers = paypal_fake.sign(BODY)
    names = ("PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME")
    text = "|".join([*(headers[name] for name in names), paypal_fake.webhook_id, str(zlib.crc32(BODY))])
    signature = base64.b64decode(headers["PAYPAL-TRANSMISSION-SIG"])
    key = paypal_fake.signer.certificate.public_key()
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())  # raises where it is not


async def test_a_certificate_is_fetched_once_and_believed_until_it_expires(paypal, paypal_fake):
    for _ in range(3):
        assert (await checked(paypal, paypal_fake.sign(BODY))).kind == "other"
    assert paypal_fake.served.calls("GET", "/v1/notifications/certs") == 1
    later = datetime.now(UTC) + timedelta(days=40)
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, paypal_fake.sign(BODY, later), now=later)


@pytest.mark.parametrize("header", ["PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME", "PAYPAL-TRANSMISSION-SIG"])
async def test_what_is_signed_cannot_be_changed(paypal, paypal_fake, header):
    headers = paypal_fake.sign(BODY)
    value = headers[header]
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, headers | {header: value[:4] + ("A" if value[4] != "A" else "B") + value[5:]})


async def test_a_signature_for_another_webhook_is_refused(paypal, paypal_fake):
    headers = paypal_fake.signer.headers(BODY, "ANOTHERWEBHOOK", paypal_fake.base_url, datetime.now(UTC))
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, headers)


async def test_another_algorithm_is_refused(paypal, paypal_fake):
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, paypal_fake.sign(BODY) | {"PAYPAL-AUTH-ALGO": "SHA1withRSA"})


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/notifications/certs/CERT-1",
        "{base}.evil.example/v1/notifications/certs/CERT-1",
        "{base}@evil.example/v1/notifications/certs/CERT-1",
        "{base}/v1/notifications/certs/../../checkout/orders",
        "{base}/elsewhere/CERT-1",
        "{base}/v1/notifications/certs/CERT-1?x=1",
        "file:///etc/passwd",
    ],
)
async def test_a_certificate_is_fetched_from_paypal_alone(paypal, paypal_fake, url):
    headers = paypal_fake.sign(BODY) | {"PAYPAL-CERT-URL": url.replace("{base}", paypal_fake.base_url)}
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, headers)
    assert paypal_fake.served.calls() == 0


async def test_live_certificates_come_from_the_live_service():
    asked = []

    async def fetch(url: str) -> str:
        asked.append(url)
        return ""

    certificates = Certificates(origins=LIVE_ORIGINS, name=LIVE_NAME, fetch=fetch)
    for host in ("api.sandbox.paypal.com", "paypal.com.evil.example", "evil-paypal.com", "api.paypal.com:444"):
        await certificates.load(f"https://{host}/v1/notifications/certs/CERT-1")
    await certificates.load("http://api.paypal.com/v1/notifications/certs/CERT-1")
    assert asked == []
    with pytest.raises(OutcomeUnknownError):  # it was asked, and what it said is no certificate
        await certificates.load("https://api.paypal.com/v1/notifications/certs/CERT-1")
    assert asked == ["https://api.paypal.com/v1/notifications/certs/CERT-1"]


async def test_a_certificate_of_another_authority_is_not_believed(paypal_fake):
    gateway = adapter(paypal_fake)  # trusts the usual roots
    with pytest.raises(InvalidSignatureError):
        await checked(gateway, paypal_fake.sign(BODY))
    await gateway.aclose()


@pytest.mark.parametrize(
    "made",
    [
        lambda: keys.authority("Another Root").issue(),
        lambda: keys.authority().issue("www.paypal.com"),
        lambda: keys.authority().issue(lifetime=timedelta(hours=-1)),
    ],
    ids=["another root", "another owner", "expired"],
)
async def test_a_certificate_that_is_not_the_message_services_is_not_believed(paypal, paypal_fake, made):
    paypal_fake.signer = made()
    with pytest.raises(InvalidSignatureError):
        await checked(paypal, paypal_fake.sign(BODY))


async def test_a_certificate_that_cannot_be_had_is_asked_for_again_later(paypal, paypal_fake):
    paypal_fake.fault("500_before", path="/v1/notifications/certs")
    for _ in range(3):
        with pytest.raises(OutcomeUnknownError):
            await checked(paypal, paypal_fake.sign(BODY))
    assert paypal_fake.served.calls("GET", "/v1/notifications/certs") == 1  # not with every delivery


async def test_a_certificate_that_paypal_does_not_have_is_asked_for_once(paypal, paypal_fake):
    headers = paypal_fake.sign(BODY)
    headers["PAYPAL-CERT-URL"] += "-made-up"
    for _ in range(3):
        with pytest.raises(InvalidSignatureError):
            await checked(paypal, headers)
    assert paypal_fake.served.calls("GET", "/v1/notifications/certs") == 1


async def test_paypal_can_be_asked_instead(paypal_fake):
    gateway = adapter(paypal_fake, asks_paypal=True)
    headers = paypal_fake.sign(BODY)
    assert (await checked(gateway, headers)).event_id == "WH-1"
    for forged in (BODY.replace(b"X.Y", b"X.Z"), BODY + b" ", b"{}", BODY + b', "webhook_event": ' + BODY, b"[]"):
        with pytest.raises(InvalidSignatureError):
            await checked(gateway, headers, forged)
    with pytest.raises(InvalidSignatureError):
        gateway.verify(paypal_fake.sign(BODY), BODY, now=datetime.now(UTC))  # nobody asked about this one
    old = paypal_fake.sign(BODY, datetime.now(UTC) - timedelta(seconds=400))
    with pytest.raises(TimestampOutOfToleranceError):
        await checked(gateway, old)
    await gateway.aclose()
