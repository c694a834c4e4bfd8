"""A certificate authority of its own, a certificate made out to PayPal's message service, and signing with it."""

import base64
import functools
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAME = "messageverificationcerts.sandbox.paypal.com"


@dataclass(frozen=True)
class Authority:
    """Issues certificates. `root` is what a client trusts."""

    key: rsa.RSAPrivateKey
    root: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def issue(self, name: str = NAME, *, lifetime: timedelta = timedelta(days=30)) -> "Signer":
        """A signer whose certificate is made out to `name`."""
        key = _key()
        now = datetime.now(UTC)
        certificate = (
            _builder(_named(name), self.root.subject, key, now, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Signer(key, certificate, self)


@dataclass(frozen=True)
class Signer:
    """Signs deliveries. `name` is the certificate's at its address."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    authority: Authority
    name: str = field(default_factory=lambda: f"CERT-360caa42-fca2a594-{secrets.token_hex(4)}")

    @property
    def pem(self) -> str:
        """The chain as PayPal serves it: its own certificate first."""
        chain = (self.certificate, self.authority.root)
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)

    def headers(self, body: bytes, webhook_id: str, base_url: str, at: datetime) -> dict[str, str]:
        """What a delivery of `body` carries."""
        transmission, time = str(uuid4()), at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = f"{transmission}|{time}|{webhook_id}|{zlib.crc32(body)}"
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": time,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": f"{base_url}/v1/notifications/certs/{self.name}",
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }


@functools.cache
def authority(name: str = "Trial Root") -> Authority:
    """The authority of that name, one for the whole process: keys take time."""
    key, now = _key(), datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    root = (
        _builder(_named(name), _named(name), key, now, timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, root)


@functools.cache
def signer() -> Signer:
    """The fake's usual signer."""
    return authority().issue()


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + lifetime)
    )


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
