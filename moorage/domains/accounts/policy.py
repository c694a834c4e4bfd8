"""Rules of accounts: lifetimes, what a password has to be, and how secrets that leave the house are kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from moorage.domains.accounts.errors import WeakPasswordError

# The most used passwords of leaked lists that are long enough for our minimum (NIST SP 800-63B, 3.1.1.2).
_COMMON: Final = frozenset(
    [
        "password",
        "password1",
        "password12",
        "password123",
        "passw0rd",
        "12345678",
        "123456789",
        "1234567890",
        "123123123",
        "11111111",
        "00000000",
        "qwertyui",
        "qwerty123",
        "qwertyuiop",
        "1q2w3e4r",
        "1qaz2wsx",
        "abcd1234",
        "abc12345",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "superman",
        "trustno1",
        "whatever",
        "welcome1",
        "letmein1",
        "starwars",
        "computer",
        "michelle",
        "jennifer",
        "internet",
        "changeme",
        "adminadmin",
    ]
)


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """How long things last, and how long a password is."""

    refresh_token: timedelta = timedelta(days=7)
    refresh_grace: timedelta = timedelta(seconds=10)
    verify_link: timedelta = timedelta(hours=48)
    reset_link: timedelta = timedelta(minutes=60)
    sign_in_link: timedelta = timedelta(minutes=15)
    password_min_length: int = 8
    password_max_length: int = 256


def check_password(password: str, email: str, terms: AccountTerms) -> None:
    """Raise WeakPasswordError for a password that is too short, too long, common, or the address itself."""
    if len(password) < terms.password_min_length:
        raise WeakPasswordError(f"A password has at least {terms.password_min_length} characters.", pointer="/password")
    if len(password) > terms.password_max_length:
        raise WeakPasswordError(f"A password has at most {terms.password_max_length} characters.", pointer="/password")
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) < 3 or plain in {email.casefold(), email.casefold().partition("@")[0]}:
        raise WeakPasswordError(pointer="/password")


def new_secret() -> str:
    """256 random bits as text, for a refresh token or a link."""
    return secrets.token_urlsafe(32)


def at_rest(secret: str) -> bytes:
    """What is kept of a secret: its SHA-256. 256 random bits need no salt and no slowness."""
    return hashlib.sha256(secret.encode()).digest()
