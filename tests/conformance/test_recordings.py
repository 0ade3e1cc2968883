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
import lists
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
        "header", "vault: content-type is new", "1.4.1",
        "the challenges of one recording have no body, and so no type; those of all others have both",
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
    """Steps of which no more than the status is looked at, by method and path, and how many there are."""

    method: str
    path: str
    count: int
    reason: str

    def is_for(self, step, path: str) -> bool:
        """Whether a step is one of them."""
        return step.method == self.method and step.status == 200 and bool(re.fullmatch(self.path, path))


OPERATIONS = Skipped(
    "GET", "/providers/Microsoft.KeyVault/operations", 1, "the provider's own operations are not played",
)
HARD = Skipped(
    "DELETE", "/certificates/(?!contacts)[^/]+", 9,
    "recorded in a vault without soft delete, of which Azure makes no more",
)
SKIPPED = [OPERATIONS, HARD]

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
    else:
        lists.make(replay, steps)
    wrong = []
    for step in steps:
        path = urlsplit(step.url).path
        where = f"{name} step {step.number}: {step.method} {path}"
        url = replay.url(step)
        if url is None:
            wrong.append(f"{where} follows a link that was not given here")
            continue
        answer = replay.send(step, url)
        if OPERATIONS.is_for(step, path):
            skipped[OPERATIONS] += 1
            if answer.status == step.status:
                wrong.append(f"{where} is played by now, and listed as skipped")
            continue
        if HARD.is_for(step, path) and "recoveryId" not in step.json:
            skipped[HARD] += 1
            if answer.status != step.status:
                wrong.append(f"{where}: {answer.status}, was {step.status}")
            replay.purge(step)
            continue
        replay.learn(step, answer)
        compared[step.method] += 1
        for difference in compare(step, answer):
            found.add(difference)
            if difference not in {(d.kind, d.what) for d in DIFFERENCES}:
                wrong.append(f"{where}: {difference[0]} {difference[1]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.unrecorded
def test_the_differences_from_the_recordings_are_few_and_only_in_headers_and_order():
    conftest.notes += [f"{count:4} x {s.method} {s.path}: {s.reason}" for s, count in skipped.items()]
    conftest.notes.append(f"{sum(compared.values()):4} steps were compared")
    assert len(DIFFERENCES) <= 15
    assert {d.kind for d in DIFFERENCES} <= {"header", "order"}
    ran = sum(compared.values()) + sum(skipped.values())
    if ran == sum(map(len, RECORDINGS.values())):
        assert skipped == {s: s.count for s in SKIPPED}
        gone = [d for d in DIFFERENCES if (d.kind, d.what) not in found]
        assert not gone, "no longer a difference"
