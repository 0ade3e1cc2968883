"""Opens PKCS#12 files with OpenSSL and with the guest's reader, and compares.

What must come out is computed from what OpenSSL shows, with the package `cryptography`: which
key, which chain, or which refusal. Fails below 99 % of what Key Vault can take, and on any panic.
"""

import base64
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import cryptography_vectors
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

# Some test certificates break rules on purpose, such as negative serial numbers.
warnings.filterwarnings("ignore")

LEAST = 0.99

# What the files' own tests use.
PASSWORDS = [
    "password", "cryptography", "", "changeit", "mypass", "fixture-password", "1234", "test",
    "welcome1", "cassandra", "contraseña🔑",
]  # fmt: skip
WRONG = "certainly another password"

CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "P-256K"}


@dataclasses.dataclass
class Case:
    """One file, with what OpenSSL says about it."""

    origin: str
    path: pathlib.Path
    password: str | None = None
    keys: list = dataclasses.field(default_factory=list)
    certificates: list = dataclasses.field(default_factory=list)
    unread: int = 0


def corpus(work):
    """Every file with where it comes from."""
    vectors = pathlib.Path(cryptography_vectors.__file__).parent
    packages = json.loads((work / "crates.json").read_text())["packages"]
    folders = [("cryptography-vectors", vectors)]
    folders += [
        (package["name"], pathlib.Path(package["manifest_path"]).parent)
        for package in packages
        if package["name"] in ("openssl", "p12-keystore", "pkcs12")
    ]
    folders.append(("made by OpenSSL", work / "made"))
    for origin, folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".p12", ".pfx"):
                yield Case(origin, path)


def blocks(text):
    """The PEM blocks of a text, with their labels."""
    block = None
    for line in text.splitlines():
        if line.startswith("-----BEGIN "):
            label, block = line[11:].rstrip("-"), []
        if block is not None:
            block.append(line)
        if line.startswith("-----END ") and block is not None:
            yield label, "\n".join(block).encode()
            block = None


def show(path, password, *options):
    """What OpenSSL prints for a file, or None."""
    done = subprocess.run(
        ["openssl", "pkcs12", "-in", str(path), "-passin", f"pass:{password}", "-nodes", *options],
        capture_output=True,
        check=False,
    )
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def ask_openssl(case):
    """Fills in what OpenSSL knows."""
    for password in PASSWORDS:
        text = show(case.path, password, "-legacy")
        if text is None:
            continue
        case.password = password
        for label, pem in blocks(text):
            try:
                if label.endswith("PRIVATE KEY"):
                    case.keys.append(serialization.load_pem_private_key(pem, None))
                elif label.endswith("CERTIFICATE"):
                    case.certificates.append(x509.load_pem_x509_certificate(pem))
            except ValueError:
                case.unread += 1
        return case
    return case


def public(key):
    """A key's public half as bytes, or None for one that cannot be read."""
    try:
        key = key.public_key()
        return key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except Exception:
        return None


def is_supported(key):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size in (2048, 3072, 4096)
    return isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES


def expectation(case):
    """The key to take, or the refusal that must come."""
    keys = list({public(key): key for key in case.keys}.values())
    if not keys:
        return None, "NoKey"
    owned = {public(certificate) for certificate in case.certificates}
    if len(keys) > 1:
        matched = [key for key in keys if public(key) in owned]
        if len(matched) != 1 or not all(map(is_supported, keys)):
            return None, "SeveralKeys"
        keys = matched
    [key] = keys
    if not is_supported(key):
        return None, "UnsupportedKey"
    if not case.certificates:
        return None, "NoCertificate"
    if public(key) not in owned:
        return None, "NoMatch"
    return key, None


def issued(certificate, issuer):
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    except Exception:
        # Algorithms that the package does not know: then the names decide.
        return certificate.issuer == issuer.subject
    return True


def wrong_with(case, key, answer):
    """What is wrong with an answer that has a bundle, or None."""
    chain = [x509.load_der_x509_certificate(base64.b64decode(c)) for c in answer["chain"]]
    if public(chain[0]) != public(key):
        return "the leaf is not the key's certificate"
    if not all(any(issued(below, above) for below in chain[:at]) for at, above in enumerate(chain) if at):
        return "the chain has a certificate that has signed none before it"
    if len(set(chain)) != len(chain) or not set(chain) <= set(case.certificates):
        return "the chain repeats or invents certificates"
    open_ended = [below for below in chain if not issued(below, below)]
    if any(issued(below, c) for c in case.certificates if c not in chain for below in open_ended):
        return "a certificate that has signed one of the chain is not in it"
    if isinstance(key, rsa.RSAPrivateKey):
        stated = ("RSA", key.key_size, None)
    else:
        stated = ("EC", None, CURVES[key.curve.name])
    if (answer["kind"], answer["key_size"], answer["crv"]) != stated:
        return "kind, size or curve are not the key's"
    return wrong_with_written(key, chain, base64.b64decode(answer["pkcs12"]))


def wrong_with_written(key, chain, written):
    """What is wrong with the PKCS#12 that was written, or None."""
    try:
        loaded = pkcs12.load_pkcs12(written, None)
    except ValueError as error:
        return f"cryptography does not read what was written: {error}"
    if loaded.key is None or loaded.key.private_numbers() != key.private_numbers():
        return "what was written has another key"
    if loaded.cert is None or loaded.cert.certificate != chain[0]:
        return "what was written has another leaf"
    if [extra.certificate for extra in loaded.additional_certs] != chain[1:]:
        return "what was written has another chain"
    with tempfile.NamedTemporaryFile(suffix=".p12") as file:
        file.write(written)
        file.flush()
        shown = show(file.name, "", "-nomacver")
    if shown is None:
        return "OpenSSL does not read what was written"
    certificates = [x509.load_pem_x509_certificate(p) for l, p in blocks(shown) if l == "CERTIFICATE"]
    if certificates != chain:
        return "OpenSSL reads another order from what was written"
    return None


def report(lines):
    """The answers of the guest's reader."""
    done = subprocess.run(
        [os.environ["PFX_REPORT"]],
        input="".join(f"pfx\t{path}\t{password}\n" for path, password in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


COLUMNS = ["files", "OpenSSL opens", "for Key Vault", "same here", "refused rightly", "differ"]


def main(work):
    cases = list(corpus(work))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        cases = list(pool.map(ask_openssl, cases))
    answers = report([(case.path, case.password or "") for case in cases])
    refusals = report([(case.path, WRONG) for case in cases])
    counts, differences = {}, []
    panics = sum(answer.get("why") == "Panic" for answer in answers + refusals)
    told = sum(answer.get("why") == "WrongPassword" for answer in refusals)
    opened_alone = 0

    def judge(case, answer):
        """Columns to count in, and the difference."""
        if case.password is None:
            return [], f"OpenSSL does not open it; here: {answer.get('error', 'opened')}"
        key, refusal = expectation(case)
        columns = ["OpenSSL opens"]
        if key is None:
            if answer.get("why") == refusal:
                return [*columns, "refused rightly"], None
            return columns, f"{refusal} must come; here: {answer.get('error', 'opened')}"
        columns.append("for Key Vault")
        wrong = answer.get("error") or wrong_with(case, key, answer)
        return [*columns, *([] if wrong else ["same here"])], wrong

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = list(pool.map(judge, cases, answers))
    for case, answer, (columns, difference) in zip(cases, answers, judged):
        opened_alone += case.password is None and "error" not in answer
        row = counts.setdefault(case.origin, dict.fromkeys(COLUMNS, 0))
        for column in ["files", *columns, *(["differ"] if difference else [])]:
            row[column] += 1
        if difference:
            differences.append(f"{case.origin}: {case.path.name}: {difference}")

    total = {column: sum(row[column] for row in counts.values()) for column in COLUMNS}
    print(f"{'':22}" + "".join(f"{column:>17}" for column in COLUMNS))
    for origin, row in [*counts.items(), ("all", total)]:
        print(f"{origin:22}" + "".join(f"{row[column]:>17}" for column in COLUMNS))
    for difference in differences:
        print(f"  differs: {difference}")
    rate = total["same here"] / max(total["for Key Vault"], 1)
    print(f"same key and chain: {rate:.2%} of the RSA and EC files that a vault can take")
    print(f"another password: told for {told} files of {len(cases)}; panics: {panics}")
    if rate < LEAST or panics:
        sys.exit(f"pfx-corpus: at least {LEAST:.0%} and no panic are wanted")


main(pathlib.Path(sys.argv[1]))
