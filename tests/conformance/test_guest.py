"""What the SDKs send beside what this project's extension sends for the same steps."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, ManagedIdentityCredential
from azure.keyvault.certificates import (
    CertificateClient,
    CertificateContentType,
    CertificatePolicy,
    CertificatePolicyAction,
    KeyType,
    LifetimeAction,
    WellKnownIssuerNames,
)
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

import known
import material
from conftest import HERE, recorder
from recorder import step
from test_vaults import vault

TYPE = "Microsoft.KeyVault/vaults"
JOBS = HERE.parent / "fixtures" / "jobs"

# Every step that is compared, by what a request looks like.
STEPS = {
    "authority": r"GET /\{tenant\}/v2\.0/\.well-known/openid-configuration",
    "token": r"POST /\{tenant\}/oauth2/v2\.0/token",
    "identity token": "GET /metadata/identity/oauth2/token",
    "list": "GET /certificates",
    "next page": r"GET /certificates \$skiptoken",
    "get": r"GET /certificates/\{name\}/?",
    "import": r"POST /certificates/\{name\}/import",
    "delete": r"DELETE /certificates/\{name\}",
    "get deleted": r"GET /deletedcertificates/\{name\}",
    "recover": r"POST /deletedcertificates/\{name\}/recover",
    "get group": r"GET /subscriptions/\{subscription\}/resourceGroups/\{group\}",
    "get subscription": r"GET /subscriptions/\{subscription\}",
    "get vault": r"GET .*/resourceGroups/\{group\}/providers/Microsoft\.KeyVault/vaults/\{vault\}",
    "check name": r"POST /subscriptions/\{subscription\}/providers/Microsoft\.KeyVault/checkNameAvailability",
    "put vault": r"PUT .*/resourceGroups/\{group\}/providers/Microsoft\.KeyVault/vaults/\{vault\}",
    "list subscriptions": "GET /subscriptions",
    "list vaults": r"GET /subscriptions/\{subscription\}/providers/Microsoft\.KeyVault/vaults",
}


def named(sent: dict) -> str:
    """Which step of a job a request is; one that no job has is its own name."""
    line = f"{sent['method']} {sent['path']}" + (" $skiptoken" if "$skiptoken" in sent["query"] else "")
    return next((name for name, pattern in STEPS.items() if re.fullmatch(pattern, line)), line)


def inventory(credential) -> None:
    """A list of all pages, and a get."""
    with CertificateClient(known.VAULT, credential) as client:
        for item in client.list_properties_of_certificates():
            client.get_certificate(item.name)


def add(credential) -> None:
    """A look, an import, a deletion; and an import again, by way of a recovery."""
    data, _ = material.pfx("guest.example")
    key = {"key_type": KeyType.rsa, "key_size": 2048, "exportable": True, "content_type": CertificateContentType.pkcs12}
    policy, tags = CertificatePolicy(**key), {"env": "prod"}
    # What the vault said of the first version, which a second one shall keep.
    kept = LifetimeAction(CertificatePolicyAction.email_contacts, lifetime_percentage=80)
    with CertificateClient(known.WORK, credential) as client:
        with pytest.raises(ResourceNotFoundError):
            client.get_certificate("guest")
        client.import_certificate("guest", data, policy=policy, tags=tags)
        client.begin_delete_certificate("guest").wait()
        with pytest.raises(ResourceExistsError):
            client.import_certificate("guest", data, policy=policy, tags=tags)
        client.begin_recover_deleted_certificate("guest").wait()
        # Over a certificate the issuer is said, so that the vault does not go on renewing by itself.
        policy = CertificatePolicy(
            issuer_name=WellKnownIssuerNames.unknown, lifetime_actions=[kept], reuse_key=False, **key
        )
        client.import_certificate("guest", data, policy=policy, tags=tags)


def remove(credential) -> None:
    """A deletion that is waited for; the job names no thumbprint, which would have to be looked at first."""
    data, _ = material.pfx("guest.example")
    with secret() as another, CertificateClient(known.WORK, another) as client:
        client.import_certificate("guest-removed", data)
    recorder.steps = []
    with CertificateClient(known.WORK, credential) as client:
        client.begin_delete_certificate("guest-removed").wait()


def create(credential) -> None:
    """A look at the subscription and the group, one for the vault and its name, and the vault made and waited for."""
    with SubscriptionClient(credential) as client:
        assert client.subscriptions.get(known.SUBSCRIPTION).subscription_id == known.SUBSCRIPTION
    with ResourceManagementClient(credential, known.SUBSCRIPTION) as client:
        assert client.resource_groups.get(known.GROUP).location == known.LOCATION
    with KeyVaultManagementClient(credential, known.SUBSCRIPTION, polling_interval=1) as client:
        with pytest.raises(ResourceNotFoundError):
            client.vaults.get(known.GROUP, "kv-guest")
        assert client.vaults.check_name_availability({"name": "kv-guest", "type": TYPE}).name_available
        body = {**vault(enableSoftDelete=True)}
        del body["tags"]
        client.vaults.begin_create_or_update(known.GROUP, "kv-guest", body).result()


def discovery(credential) -> None:
    """Subscriptions, and the vaults of each."""
    with SubscriptionClient(credential) as client:
        found = [s.subscription_id for s in client.subscriptions.list()]
    assert known.SUBSCRIPTION in found
    with KeyVaultManagementClient(credential, known.SUBSCRIPTION) as client:
        assert "kv-one" in {v.name for v in client.vaults.list_by_subscription()}


def secret():
    """The application's credential."""
    return ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET)


def identity():
    """The user-assigned managed identity's."""
    return ManagedIdentityCredential(client_id=known.USER_ASSIGNED)


@dataclass(frozen=True)
class Scenario:
    """What both do: the SDKs by a function, the extension by jobs, one after the other."""

    sdk: Callable
    credential: Callable
    # What the SDKs send, by the names above; of it, the extension sends all that DIFFERENCES does not name.
    steps: set[str]
    # The samples that do the same.
    jobs: tuple[str, ...]
    # Samples that have to run before, and are not compared.
    before: tuple[str, ...] = ()


# Another job is a row here, and what it does differently a row below.
SCENARIOS = {
    "inventory": Scenario(
        inventory, secret, {"authority", "token", "list", "next page", "get"}, ("inventory-service-principal",),
    ),
    "managed identity": Scenario(
        inventory, identity, {"identity token", "list", "next page", "get"}, ("inventory-managed-identity-user",),
    ),
    "add": Scenario(
        add, secret, {"authority", "token", "get", "import", "delete", "get deleted", "recover"},
        ("add-rsa-2048-chain", "remove", "add-renewal-overwrite-preserve-tags", "remove"),
    ),
    "remove": Scenario(
        remove, secret, {"authority", "token", "delete", "get deleted"},
        ("remove",), before=("add-renewal-overwrite-preserve-tags",),
    ),
    "create": Scenario(
        create, secret, {"authority", "token", "get subscription", "get group", "get vault", "check name", "put vault"},
        ("create-vault-empty-properties",),
    ),
    "discovery": Scenario(
        discovery, secret, {"authority", "token", "list subscriptions", "list vaults"},
        ("discovery-service-principal",),
    ),
}


@dataclass(frozen=True)
class Differs:
    """One thing in which a step differs, and stays so."""

    scenarios: set[str]
    step: str
    what: str
    sdk: str
    extension: str
    reason: str


VAULT = {"inventory", "managed identity", "add", "remove"}
ARM = {"create", "discovery"}
# Everything else is equal: method, host, path, query keys and body keys.
DIFFERENCES = [
    Differs(
        (VAULT | ARM) - {"managed identity"}, "authority", "step", "sent", "not sent",
        "MSAL reads the authority's endpoints from a document; the extension knows the one that it needs, "
        "and its rules allow no other",
    ),
    Differs(
        VAULT - {"managed identity"}, "token", "body",
        "claims, client_id, client_info, client_secret, grant_type, scope",
        "client_id, client_secret, grant_type, scope",
        "client_info asks for facts about a user, who is none here; claims says that a client can handle "
        "revoked tokens, which the extension does only once a vault asks for it",
    ),
    Differs(
        ARM, "token", "body",
        "client_id, client_info, client_secret, grant_type, scope", "client_id, client_secret, grant_type, scope",
        "client_info asks for facts about a user, who is none here",
    ),
    Differs(
        VAULT - {"remove"}, "get", "path",
        "/certificates/{name}/", "/certificates/{name}",
        "the Python SDK puts an empty version at the end, the .NET SDK does not; Azure takes both",
    ),
]


def sent_by_sdk(scenario: Scenario) -> dict[str, dict]:
    """Each step as the SDKs sent it last: a first request to a vault has no body and no token."""
    recorder.steps = []
    with scenario.credential() as credential:
        scenario.sdk(credential)
    return {named(sent): sent for sent in recorder.steps}


def sent_by_extension(scenario: Scenario) -> dict[str, dict]:
    """The same steps of jobs, as the emulator saw them arrive."""
    log = Path(os.environ["EMULATOR_REQUESTS"])
    run_jobs(scenario.before)
    before = log.stat().st_size
    run_jobs(scenario.jobs)
    found = {}
    for line in log.read_bytes()[before:].decode().splitlines():
        seen = json.loads(line)
        target = seen["path"] + "?" + "&".join(f"{key}=" for key in seen["query"])
        sent = {**step(seen["method"], seen["host"], target), "body": seen["body"]}
        found[named(sent)] = sent
    return found


def run_jobs(names: tuple[str, ...]) -> None:
    """Runs samples with `akv`, one after the other."""
    for name in names:
        command = [os.environ["AKV"], "run", "--job", JOBS / f"{name}.json", "--policy", os.environ["EMULATOR_POLICY"]]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, f"{name}: {run.stderr}"


def differences(theirs: dict[str, dict], ours: dict[str, dict]):
    """Every difference between two runs: step, what, the SDK's, the extension's."""
    for name in {**theirs, **ours}:
        sent = ["sent" if name in steps else "not sent" for steps in (theirs, ours)]
        if "not sent" in sent:
            yield name, "step", *sent
            continue
        for what in ("method", "host", "path", "query", "body"):
            pair = [steps[name][what] for steps in (theirs, ours)]
            if pair[0] != pair[1]:
                yield name, what, *(", ".join(v) if isinstance(v, list) else v for v in pair)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_job_sends_what_the_sdks_send(name):
    scenario = SCENARIOS[name]
    theirs = sent_by_sdk(scenario)
    assert set(theirs) == scenario.steps
    ours = sent_by_extension(scenario)
    listed = {(d.step, d.what, d.sdk, d.extension) for d in DIFFERENCES if name in d.scenarios}
    found = set(differences(theirs, ours))
    assert not found - listed, "\n".join(map(str, found - listed))
    assert not listed - found, "no longer a difference"
