"""The emulator's port, the recorder, and what every scenario starts from."""

import json
import os
from pathlib import Path

import pytest
import requests

from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.keyvault.certificates._shared import HttpChallengeCache as CertificateChallenges
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets._shared import HttpChallengeCache as SecretChallenges
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

import known
from loopback import CONTROL, Loopback
from recorder import Recorder

HERE = Path(__file__).parent
RECORDED = HERE / "recorded.json"

loopback = Loopback(Path(os.environ["EMULATOR_POLICY"]))
recorder = Recorder()
# What has to be said at the end whatever passed: steps of recordings that were not compared.
notes: list[str] = []


def pytest_addoption(parser):
    """How recorded.json is written anew."""
    parser.addoption("--record", action="store_true", help="write what the SDKs sent to recorded.json")


def pytest_configure(config):
    """Takes over the network before any SDK is used."""
    loopback.install()
    recorder.install()
    config.heard = {}
    config.recorded = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}


def pytest_sessionfinish(session):
    """Writes what was heard, where that was asked for."""
    config = session.config
    if config.getoption("--record"):
        kept = {**config.recorded, **config.heard}
        lines = ",\n".join(
            f"  {json.dumps(name)}: [\n"
            + ",\n".join(f"    {json.dumps(step)}" for step in kept[name])
            + "\n  ]"
            for name in sorted(kept)
        )
        RECORDED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter):
    """Says what was not compared, and why."""
    if notes:
        terminalreporter.section("recorded steps that were not compared")
        for note in notes:
            terminalreporter.write_line(note)


@pytest.fixture(autouse=True)
def heard(request):
    """Compares what a scenario's SDKs sent with what they sent when recorded.json was written."""
    recorder.steps = []
    # Each package has its own; a challenge that an earlier scenario saw would not be seen here.
    for cache in (CertificateChallenges, SecretChallenges):
        cache.clear()
    yield
    if request.node.get_closest_marker("unrecorded"):
        return
    name = request.node.name
    steps = list(recorder.steps)
    if getattr(request.node, "failed", False):
        return
    request.config.heard[name] = steps
    if not request.config.getoption("--record"):
        expected = request.config.recorded.get(name)
        assert steps == expected, "the SDKs sent something else than recorded.json has; see --record in ./run"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets `heard` know that a scenario failed, whose requests then say nothing."""
    outcome = yield
    if call.when in ("setup", "call") and not outcome.get_result().passed:
        item.failed = True


class Emulator:
    """The emulator asked about itself: faults, clock, assertions."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.base = f"http://{CONTROL}"

    def _ask(self, method: str, path: str, body=None):
        response = self.session.request(method, self.base + path, json=body)
        response.raise_for_status()
        return response.json() if response.content else None

    def fault(self, when: dict, then: dict, times: int | None = None) -> None:
        """Lets something go wrong."""
        self._ask("POST", "/faults", {"when": when, "then": then, **({"times": times} if times else {})})

    def end_faults(self) -> None:
        """Ends every fault."""
        self._ask("DELETE", "/faults")

    def advance(self, seconds: int) -> None:
        """Moves the emulator's clock on."""
        self._ask("POST", "/clock", {"advance-seconds": seconds})

    def assertion(self, issuer: str, subject: str, **more) -> str:
        """A federated assertion as an outside issuer would sign it."""
        return self._ask("POST", "/assertions", {"issuer": issuer, "subject": subject, **more})["assertion"]


@pytest.fixture
def emulator():
    """The emulator itself; its faults end with the scenario."""
    emulator = Emulator()
    yield emulator
    emulator.end_faults()


@pytest.fixture
def credential():
    """The application that may do everything."""
    with ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET) as credential:
        yield credential


@pytest.fixture
def certificates(credential):
    """The vault with 60 certificates, to be read."""
    with CertificateClient(known.VAULT, credential) as client:
        yield client


@pytest.fixture
def work(credential):
    """A vault to write in."""
    with CertificateClient(known.WORK, credential) as client:
        yield client


@pytest.fixture
def secrets(credential):
    """The secrets of the vault to write in."""
    with SecretClient(known.WORK, credential) as client:
        yield client


@pytest.fixture
def vaults(credential):
    """Vaults by way of Azure Resource Manager, polled every second."""
    with KeyVaultManagementClient(credential, known.SUBSCRIPTION, polling_interval=1) as client:
        yield client.vaults


@pytest.fixture
def subscriptions(credential):
    """Subscriptions by way of Azure Resource Manager."""
    with SubscriptionClient(credential) as client:
        yield client
