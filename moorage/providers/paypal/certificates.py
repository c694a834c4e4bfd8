"""The certificates that PayPal signs webhooks with: fetched from PayPal only, kept, and believed when their chain ends
at a root that we trust and they are made out to PayPal's message service.
"""

import asyncio
import contextlib
import re
import time
import warnings
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import certifi
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import Certificate, DNSName, load_pem_x509_certificate, load_pem_x509_certificates
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError

V = TypeVar("V")
LIVE_NAME: Final = "messageverificationcerts.paypal.com"
SANDBOX_NAME: Final = "messageverificationcerts.sandbox.paypal.com"
LIVE_ORIGINS: Final = ("https://api.paypal.com", "https://api-m.paypal.com")
SANDBOX_ORIGINS: Final = ("https://api.sandbox.paypal.com", "https://api-m.sandbox.paypal.com")
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"
_PATH: Final = re.compile(r"/v1/notifications/certs/[A-Za-z0-9_-]{1,100}", re.ASCII)
# PayPal has a handful at a time. Anybody may name further ones to us: what is kept of them does not grow without end,
# and PayPal is not asked for one after the other.
_KEPT: Final = 16
_BREATH_S: Final = 1.0
_MAX_PEM_CHARS: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Believed:
    key: RSAPublicKey
    not_before: datetime
    not_after: datetime


class Certificates:
    """Certificates by address. `origins` are the only places to fetch from ("https://api.paypal.com"); `fetch` gets an
    address's text; `name` is whom they are made out to; `ca_file` holds the roots to trust, else the usual ones.
    """

    def __init__(
        self,
        *,
        origins: Sequence[str],
        name: str,
        fetch: Callable[[str], Awaitable[str]],
        ca_file: Path | None = None,
    ) -> None:
        """Fetch nothing yet."""
        self._origins = frozenset(origins)
        self._name = name
        self._fetch = fetch
        self._ca_file = ca_file
        self._store: Store | None = None
        self._chains: dict[str, Sequence[Certificate]] = {}
        self._believed: dict[str, _Believed] = {}
        self._missing: dict[str, None] = {}
        self._next_try_s = 0.0
        self._turn = asyncio.Lock()

    async def load(self, url: str) -> None:
        """Have the certificate of `url` at hand; fetched once, however many deliveries name it. An address that is not
        PayPal's is left alone, and so is one where PayPal has none. Raises OutcomeUnknownError where PayPal does not
        answer: the delivery is to come again.
        """
        if url in self._chains or not self._is_ours(url):
            return
        async with self._turn:
            if url in self._chains or url in self._missing:
                return
            if time.monotonic() < self._next_try_s:
                raise OutcomeUnknownError
            try:
                _keep(self._chains, url, _chain(await self._fetch(url)))
            except ProviderDeclinedError:
                _keep(self._missing, url, None)
                self._next_try_s = time.monotonic() + _BREATH_S
            except OutcomeUnknownError:
                self._next_try_s = time.monotonic() + _BREATH_S
                raise

    def key(self, url: str, now: datetime) -> RSAPublicKey | None:
        """The public key of a loaded certificate that is believed at `now`; None where there is none."""
        found = self._believed.get(url)
        if found is None:
            found = self._check(self._chains.get(url, ()), now)
            if found is None:
                return None
            _keep(self._believed, url, found)
        return found.key if found.not_before <= now <= found.not_after else None

    def _is_ours(self, url: str) -> bool:
        parts = urlsplit(url)
        plain = not (parts.query or parts.fragment or "@" in parts.netloc)
        return plain and f"{parts.scheme}://{parts.netloc}" in self._origins and bool(_PATH.fullmatch(parts.path))

    def _check(self, chain: Sequence[Certificate], now: datetime) -> _Believed | None:
        if not chain:
            return None
        if self._store is None:
            self._store = Store(_roots(self._ca_file or Path(certifi.where())))
        verifier = PolicyBuilder().store(self._store).time(now).build_server_verifier(DNSName(self._name))
        try:
            path = verifier.verify(chain[0], list(chain[1:]))
        except VerificationError:
            return None
        key = chain[0].public_key()
        if not isinstance(key, RSAPublicKey):
            return None
        return _Believed(
            key, max(one.not_valid_before_utc for one in path), min(one.not_valid_after_utc for one in path)
        )


def _roots(file: Path) -> list[Certificate]:
    """The roots in a file. One that breaks the standard (the usual ones hold such) is left out, not all of them."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for part in file.read_bytes().split(_END)[:-1]:
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                found.append(load_pem_x509_certificate(part[part.index(_BEGIN) :] + _END))
    return found


def _chain(pem: str) -> Sequence[Certificate]:
    """The certificates of a PEM text, the signer's own first. What cannot be read is as good as none."""
    try:
        return load_pem_x509_certificates(pem[:_MAX_PEM_CHARS].encode())
    except ValueError as error:
        raise OutcomeUnknownError from error


def _keep(kept: dict[str, V], url: str, value: V) -> None:
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
    kept[url] = value
