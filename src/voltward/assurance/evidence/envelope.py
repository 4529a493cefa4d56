"""A signed statement in its canonical encoding: DSSE envelope, RFC 8785 JSON, canonical base64.

Source: DSSE protocol and envelope v1.0.2 (secure-systems-lab/dsse); in-toto Statement v1.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error
from securesystemslib.signer import CryptoSigner, SSlibKey

from voltward.assurance.evidence.keys import key_id
from voltward.assurance.evidence.layout import PAYLOAD_TYPE


@dataclass(frozen=True)
class SignedStatement:
    """An envelope as read; nothing is trusted before `is_signed_by` said yes.

    Attributes:
        key_id: The key that it names.
        payload: The signed bytes.
    """

    key_id: str
    payload: bytes
    _envelope: Envelope

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Tell whether a key made the signature, whatever key the envelope names."""
        try:
            self._envelope.verify([SSlibKey.from_crypto(key, self.key_id)], threshold=1)
        except Error:
            return False
        return True


def sign_statement(statement: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return a statement signed, as it stands in its file."""
    public = SSlibKey.from_crypto(key.public_key(), key_id(key.public_key()))
    envelope = Envelope(rfc8785.dumps(dict(statement)), PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key, public))
    return _encoded(envelope)


def read_statement(content: bytes) -> SignedStatement:
    """Return the envelope of a file.

    Raises:
        ValueError: It is not an envelope with one signature, or not in its canonical encoding: a
            changed blank, case or ignored field counts too.
    """
    try:
        envelope = Envelope.from_dict(json.loads(content))
        (signature,) = envelope.signatures.values()
        again = _encoded(envelope)
    except (Error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not an envelope with one signature") from error
    if envelope.payload_type != PAYLOAD_TYPE or signature.unrecognized_fields or again != content:
        raise ValueError("not the canonical encoding of a signed statement")
    return SignedStatement(signature.keyid, envelope.payload, envelope)


def _encoded(envelope: Envelope) -> bytes:
    return rfc8785.dumps(envelope.to_dict()) + b"\n"
