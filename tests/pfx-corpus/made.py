"""Makes PKCS#12 files with the OpenSSL at hand: every kind of key, every protection."""

import pathlib
import subprocess
import sys

KEYS = {
    "rsa-2048": ("RSA", "rsa_keygen_bits:2048"),
    "rsa-3072": ("RSA", "rsa_keygen_bits:3072"),
    "rsa-4096": ("RSA", "rsa_keygen_bits:4096"),
    "p-256": ("EC", "ec_paramgen_curve:P-256"),
    "p-384": ("EC", "ec_paramgen_curve:P-384"),
    "p-521": ("EC", "ec_paramgen_curve:P-521"),
    "secp256k1": ("EC", "ec_paramgen_curve:secp256k1"),
    "p-224": ("EC", "ec_paramgen_curve:P-224"),
    "brainpool": ("EC", "ec_paramgen_curve:brainpoolP256r1"),
    "ed25519": ("ED25519", None),
    "rsa-1024": ("RSA", "rsa_keygen_bits:1024"),
}

ENCRYPTIONS = [
    "NONE", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC",
    "PBE-SHA1-3DES", "PBE-SHA1-2DES", "PBE-SHA1-RC2-40", "PBE-SHA1-RC2-128",
    "PBE-SHA1-RC4-40", "PBE-SHA1-RC4-128",
]  # fmt: skip

DIGESTS = ["sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256"]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_key(folder, name):
    """A key with a certificate of its own."""
    algorithm, option = KEYS[name]
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    options = ["-pkeyopt", option] if option else []
    openssl("genpkey", "-algorithm", algorithm, *options, "-out", str(key))
    openssl("req", "-x509", "-new", "-key", str(key), "-subj", f"/CN={name}",
            "-days", "3650", "-out", str(certificate))  # fmt: skip
    return key, certificate


def main(folder):
    source = pathlib.Path(__file__).read_text()
    mark = folder / "made-by"
    if mark.exists() and mark.read_text() == source:
        return
    folder.mkdir(parents=True, exist_ok=True)
    pairs = {name: make_key(folder, name) for name in KEYS}

    def export(file, key, *options, password="password"):
        private, certificate = pairs[key]
        openssl("pkcs12", "-export", "-legacy", "-inkey", str(private), "-in", str(certificate),
                "-passout", f"pass:{password}", "-out", str(folder / f"{file}.p12"),
                *options)  # fmt: skip

    for key in KEYS:
        export(key, key, "-certpbe", "AES-256-CBC", "-keypbe", "AES-256-CBC", "-macalg", "sha256")
    for encryption in ENCRYPTIONS:
        both = ["-certpbe", encryption, "-keypbe", encryption]
        for key in ["rsa-2048", "p-256"]:
            export(f"{key}-{encryption}", key, *both)
            export(f"{key}-{encryption}-no-mac", key, *both, "-nomac")
            export(f"{key}-{encryption}-empty", key, *both, password="")
        export(f"unicode-{encryption}", "p-256", *both, password="contraseña🔑")
    for digest in DIGESTS:
        export(f"mac-{digest}", "p-256", "-macalg", digest)
    mark.write_text(source)


main(pathlib.Path(sys.argv[1]))
