"""Secrets at rest: values sealed with the operator's keys and bound to the row they belong to.

Knows no table and no environment; whoever opens the store hands it a box.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class KeyUnfit(Exception):
    """A key is missing or malformed, or none of the keys opens a stored secret; never carries key or secret."""


class SecretBox:
    """Seals and opens small mappings with Fernet keys, newest first: the first seals, any of them opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises KeyUnfit when there is no key, or one is not a Fernet key (32 bytes, url-safe base64)."""
        if not keys:
            raise KeyUnfit("no secret key is set")
        ring: list[Fernet] = []
        for place, key in enumerate(keys, start=1):
            try:
                ring.append(Fernet(key))
            except ValueError:
                raise KeyUnfit(f"secret key {place} of {len(keys)} is not a Fernet key") from None
        self._ring = MultiFernet(ring)
        self._ids = tuple(_key_id(key) for key in keys)

    def seal(self, context: str, value: Mapping[str, str]) -> str:
        """Encrypt `value` for the row named by `context`, such as `team|user|row id`."""
        plain = json.dumps({"context": context, "value": dict(value)})
        return self._ring.encrypt(plain.encode()).decode()

    def open(self, context: str, sealed: str) -> dict[str, str]:
        """What was sealed for `context`. Raises KeyUnfit for another key and for a secret moved from another row."""
        try:
            plain = json.loads(self._ring.decrypt(sealed.encode()))
        except InvalidToken:
            raise KeyUnfit(f"a stored secret opens with none of the keys {', '.join(self._ids)}") from None
        if plain["context"] != context:
            raise KeyUnfit("a stored secret belongs to another row")
        return {str(name): str(secret) for name, secret in plain["value"].items()}

    def rotate(self, sealed: str) -> str:
        """The same secret under the newest key. Raises KeyUnfit when no key opens it."""
        try:
            return self._ring.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise KeyUnfit(f"a stored secret opens with none of the keys {', '.join(self._ids)}") from None


def _key_id(key: str) -> str:
    """A short name by which an operator tells keys apart without seeing them."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]
