"""What the SDKs send beside what this project's extension sends for the same step."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import CertificateClient

import known
from conftest import HERE, recorder
from recorder import step

JOBS = HERE.parent / "fixtures" / "jobs"


@dataclass(frozen=True)
class Differs:
    """One thing in which a step differs, and stays so."""

    step: str
    what: str
    sdk: str
    extension: str
    reason: str


# Everything else is equal: method, host, path, query keys and body keys.
DIFFERENCES = [
    Differs(
        "discovery", "step", "sent", "not sent",
        "MSAL reads the authority's endpoints from a document; the extension knows the one that it needs, "
        "and its rules allow no other",
    ),
    Differs(
        "token", "body", "claims, client_id, client_info, client_secret, grant_type, scope",
        "client_id, client_secret, grant_type, scope",
        "client_info asks for facts about a user, who is none here; claims says that a client can handle "
        "revoked tokens, which the extension does only once a vault asks for it",
    ),
    Differs(
        "get", "path", "/certificates/{name}/", "/certificates/{name}",
        "the Python SDK puts an empty version at the end, the .NET SDK does not; Azure takes both",
    ),
]


def named(sent: dict) -> str:
    """Which step of a job a request is."""
    if sent["path"].endswith("/openid-configuration"):
        return "discovery"
    if sent["path"].endswith("/token"):
        return "token"
    if sent["path"] == "/certificates":
        return "next page" if "$skiptoken" in sent["query"] else "list"
    return "get"


def sdk(credential, vault: str) -> dict[str, dict]:
    """An inventory by the SDKs."""
    recorder.steps = []
    with credential, CertificateClient(vault, credential) as client:
        for item in client.list_properties_of_certificates():
            client.get_certificate(item.name)
    return {named(sent): sent for sent in recorder.steps}


def extension(job: Path) -> dict[str, dict]:
    """The same inventory as a job, from the emulator's request log; bodies from the job's rules."""
    log, policy = Path(os.environ["EMULATOR_REQUESTS"]), os.environ["EMULATOR_POLICY"]
    before = log.stat().st_size
    akv = os.environ["AKV"]
    run = subprocess.run([akv, "run", "--job", job, "--policy", policy], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = {}
    for line in log.read_bytes()[before:].decode().splitlines():
        sent = json.loads(line)
        target = sent["path"] + "?" + "&".join(f"{key}=" for key in sent["query"])
        each = step(sent["method"], sent["host"], target)
        found[named(each)] = each
    found["token"]["body"] = form_keys(job, policy)
    return found


def form_keys(job: Path, policy: str) -> list[str]:
    """The keys of the token request that a job may make, without those that are only sometimes there."""
    explain = [os.environ["AKV"], "policy", "explain", "--policy", policy, job]
    said = subprocess.run(explain, capture_output=True, text=True, check=True).stdout
    (form,) = re.findall(r"^\s*form (.+)$", said, re.MULTILINE)
    return sorted(pair.partition("=")[0] for pair in form.split("&") if not pair.startswith("["))


def differences(ours: dict[str, dict], theirs: dict[str, dict]):
    """Every difference between two inventories: step, what, the SDK's, the extension's."""
    for name in {**theirs, **ours}:
        sent = ["sent" if name in steps else "not sent" for steps in (theirs, ours)]
        if "not sent" in sent:
            yield name, "step", *sent
            continue
        for what in ("method", "host", "path", "query", "body"):
            pair = [steps[name][what] for steps in (theirs, ours)]
            if pair[0] != pair[1]:
                yield name, what, *(", ".join(v) if isinstance(v, list) else v for v in pair)


LISTED = {(d.step, d.what, d.sdk, d.extension) for d in DIFFERENCES}


def test_an_inventory_sends_what_the_sdks_send():
    theirs = sdk(ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET), known.VAULT)
    ours = extension(JOBS / "inventory-service-principal.json")
    assert set(ours) == {"token", "list", "next page", "get"}
    assert set(differences(ours, theirs)) == LISTED
