"""Keys, certificates and requests as a user would bring them."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

DAY = datetime.timedelta(days=1)


def rsa_key():
    """An RSA key of 2,048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def ec_key():
    """A key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def name(common: str) -> x509.Name:
    """A distinguished name of one part."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def certificate(common: str, key, issuer=None, issuer_key=None) -> x509.Certificate:
    """A certificate for a key or a public key; signed by itself where no issuer is given."""
    public = key if issuer_key else key.public_key()
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(name(issuer or common))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 90 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common)]), critical=False)
        .sign(issuer_key or key, hashes.SHA256())
    )


def pfx(common: str, password: str | None = None, key=None) -> tuple[bytes, x509.Certificate]:
    """PKCS#12 with a key and its certificate."""
    key = key or rsa_key()
    made = certificate(common, key)
    lock = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(common.encode(), key, made, None, lock), made


def pem(common: str, key=None) -> tuple[bytes, x509.Certificate]:
    """PEM with a PKCS#8 key and its certificate."""
    key = key or rsa_key()
    made = certificate(common, key)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text + made.public_bytes(Encoding.PEM), made


def der(made: x509.Certificate) -> bytes:
    """A certificate as DER."""
    return made.public_bytes(Encoding.DER)
