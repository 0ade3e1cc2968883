"""The answers of the live service, as Microsoft recorded them, against the emulator's."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

import conftest
import known
from recording import recordings
from replay import Replay, compare

RECORDINGS = recordings(Path(os.environ["RECORDINGS"]))


@dataclass(frozen=True)
class Listed:
    """A difference that is known, and stays."""

    kind: str
    what: str
    # A section of the wire reference, and why.
    section: str
    reason: str


# At most 15, none of them in statuses, keys or types.
DIFFERENCES = [
    Listed(
        "order", "vault: members are in alphabetical order", "2.4", "JSON gives the order of members no meaning",
    ),
    Listed("order", "arm: members are in alphabetical order", "3.4", "JSON gives the order of members no meaning"),
    Listed(
        "header", "vault: retry-after is new", "2.6",
        "a create and its operation come with Retry-After: 10, as in most recordings; the samples' lack it",
    ),
    Listed(
        "header", "arm: retry-after is new", "3.5",
        "the emulator shortens a client's wait for a purge; the recorded service leaves it to the client",
    ),
    Listed(
        "header", "arm: x-ms-keyvault-service-version is missing", "3.1",
        "the provider's own header, absent from newer recordings of Azure Resource Manager",
    ),
    Listed(
        "header", "arm: x-ms-ratelimit-remaining-subscription-writes is new", "3.1",
        "a name check counts as a write, and the emulator says what is left after every write",
    ),
]


@dataclass(frozen=True)
class Skipped:
    """Steps that are not compared, by method and path."""

    method: str
    path: str
    reason: str


BACKUP = "backups are not played: their content is the service's secret"
SKIPPED = [
    Skipped("POST", "/certificates/[^/]+/backup", BACKUP),
    Skipped("POST", "/certificates/restore", BACKUP),
    Skipped("GET", "/providers/Microsoft.KeyVault/operations", "the provider's own operations are not played"),
]
LONGER = "a page that the recorded list had and ours has not"
HARD = "recorded in a vault without soft delete, of which Azure makes no more"

found: set[tuple[str, str]] = set()
compared: Counter = Counter()
skipped: Counter = Counter()


def vault_of(steps) -> str | None:
    """The name of the vault that a recording is about, none where it makes its own."""
    host = urlsplit(steps[0].url).hostname
    return host.split(".")[0] if host.endswith(".vault.azure.net") else None


def make_vault(replay: Replay, name: str) -> None:
    """A vault of the recorded name, open to the application that sends."""
    import jwt

    token = replay.token("arm")
    claims = jwt.decode(token, options={"verify_signature": False})
    url = (
        f"https://management.azure.com/subscriptions/{known.SUBSCRIPTION}/resourceGroups/{known.GROUP}"
        f"/providers/Microsoft.KeyVault/vaults/{name}?api-version=2019-09-01"
    )
    everything = {kind: ["all"] for kind in ("keys", "secrets", "certificates", "storage")}
    properties = {
        "tenantId": known.TENANT,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [{"tenantId": known.TENANT, "objectId": claims["oid"], "permissions": everything}],
        "enabledForDeployment": True,
        "enabledForDiskEncryption": True,
        "enabledForTemplateDeployment": True,
        "softDeleteRetentionInDays": 30,
        "enableRbacAuthorization": False,
    }
    headers = {"Authorization": f"Bearer {token}"}
    made = requests.put(url, json={"location": known.LOCATION, "properties": properties}, headers=headers)
    for _ in range(5):
        made.raise_for_status()
        if made.json()["properties"]["provisioningState"] == "Succeeded":
            return
        made = requests.get(url, headers=headers)
    raise AssertionError(f"{name} is still {made.json()['properties']['provisioningState']}")


@pytest.mark.unrecorded
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_of_the_live_service_agrees(name, emulator, credential):
    steps = RECORDINGS[name]
    replay = Replay(emulator, credential)
    if vault := vault_of(steps):
        make_vault(replay, vault)
    wrong = []
    for step in steps:
        path = urlsplit(step.url).path
        where = f"{name} step {step.number}: {step.method} {path}"
        reason = next(
            (s.reason for s in SKIPPED if re.fullmatch(s.method, step.method) and re.fullmatch(s.path, path)), None
        )
        url = replay.url(step)
        if url is None:
            skipped[(f"{step.method} {path.rpartition('/')[2]}", LONGER)] += 1
            continue
        answer = replay.send(step, url)
        if reason and step.status != 401:
            skipped[(f"{step.method} {path_class(path)}", reason)] += 1
            if answer.status == step.status:
                wrong.append(f"{where} is played by now, and listed as skipped")
            continue
        replay.learn(step, answer)
        if step.method == "DELETE" and step.status == 200 and vault and "recoveryId" not in (step.json or {}):
            if not path.endswith("/pending"):
                skipped[("DELETE /certificates/{name}", HARD)] += 1
                assert answer.status == 200, where
                continue
        compared[step.method] += 1
        for difference in compare(step, answer):
            found.add(difference)
            if difference not in {(d.kind, d.what) for d in DIFFERENCES}:
                wrong.append(f"{where}: {difference[0]} {difference[1]}")
    assert not wrong, "\n".join(wrong)


def path_class(path: str) -> str:
    """A path with names replaced."""
    path = re.sub(r"/certificates/(?!contacts|issuers|restore)[^/]+", "/certificates/{name}", path)
    return re.sub(r"/issuers/[^/]+", "/issuers/{issuer}", path)


@pytest.mark.unrecorded
def test_the_differences_from_the_recordings_are_few_and_only_in_headers_and_order(request):
    conftest.notes += [f"{count:4} x {what}: {reason}" for (what, reason), count in sorted(skipped.items())]
    conftest.notes.append(f"{sum(compared.values()):4} steps were compared")
    assert len(DIFFERENCES) <= 15
    assert {d.kind for d in DIFFERENCES} <= {"header", "order"}
    ran = sum(compared.values()) + sum(skipped.values())
    if ran == sum(map(len, RECORDINGS.values())):
        gone = [d for d in DIFFERENCES if (d.kind, d.what) not in found]
        assert not gone, "no longer a difference"
