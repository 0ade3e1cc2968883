"""Sends what a recording has to the emulator, and compares the answers.

Ids that the service makes up are learnt from the answers, pair by pair; time is moved on where a recorded
client waited.
"""

import base64
import json
import re
from urllib.parse import unquote, urlsplit

import requests
from cryptography import x509

import known
import material
from recording import Step
from shapes import header_differences, json_differences

# What the recordings hold in place of names, and what seed.toml has.
RECORDED_SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000000"
RECORDED_TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ADAPTED = {
    RECORDED_SUBSCRIPTION: f"/subscriptions/{known.RECORDED_SUBSCRIPTION}",
    RECORDED_TENANT: known.TENANT,
    "/resourceGroups/rgname": f"/resourceGroups/{known.RECORDED_GROUP}",
    '"sample-vault"': '"kv-one"',
}
VERSION = re.compile(r"/([0-9a-f]{32})$")
# How often, and by how much, time is moved on before an answer counts as different.
WAITS = 8
SECONDS = 5


def plain(url: str) -> str:
    """A link in one spelling: the recorded client unquoted what the service quotes, and lost doubled slashes."""
    return re.sub("(?<!:)/+", "/", unquote(url))


class Answer:
    """An answer of the emulator."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.json = response.json() if response.content else None


def state(status: int, body) -> tuple:
    """What a client that waits looks at."""
    body = body if isinstance(body, dict) else {}
    properties = body.get("properties") or {}
    return status, body.get("status"), properties.get("provisioningState")


class Replay:
    """One recording being sent."""

    def __init__(self, emulator, credential) -> None:
        self.emulator = emulator
        self.credential = credential
        self.session = requests.Session()
        self.links: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.requests_to_sign: dict[str, str] = {}
        self.backups: dict[str, str] = {}

    def token(self, service: str) -> str:
        """A token for the service, new each time: the emulator's clock runs ahead of the SDK's."""
        resource = "vault.azure.net" if service == "vault" else "management.azure.com"
        form = {
            "grant_type": "client_credentials",
            "client_id": known.CLIENT,
            "client_secret": known.SECRET,
            "scope": f"https://{resource}/.default",
        }
        url = f"https://login.microsoftonline.com/{known.TENANT}/oauth2/v2.0/token"
        answer = self.session.post(url, data=form)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def vault(self, method: str, url: str, body=None) -> int:
        """Makes or deletes a vault beside the recorded requests; one that was deleted before stays so."""
        headers = {"Authorization": f"Bearer {self.token('arm')}"}
        answer = self.session.request(method, f"{url}?api-version=2019-09-01", headers=headers, json=body)
        assert answer.status_code in (200, 409), answer.text
        return answer.status_code

    def url(self, step: Step) -> str | None:
        """Where a recorded request goes here; None where it follows a link that nobody gave here."""
        link = plain(step.url)
        if link in self.links:
            return self.links[link]
        if "$skiptoken" in link or "/operationResults/" in link:
            return None
        url = step.url
        for recorded, ours in {**ADAPTED, **self.versions}.items():
            url = url.replace(recorded, ours)
        return url

    def body(self, step: Step) -> str | None:
        """What a recorded request carries here."""
        if step.sent is None:
            return None
        if "x5c" in step.sent:
            return json.dumps({**step.sent, "x5c": [self.signed(step)]})
        text = json.dumps(step.sent)
        for recorded, ours in {**ADAPTED, **self.backups}.items():
            text = text.replace(recorded, ours)
        return text

    def signed(self, step: Step) -> str:
        """A certificate for the request made here, encoded twice as the recorded one is."""
        name = urlsplit(step.url).path.split("/")[2]
        request = x509.load_der_x509_csr(base64.b64decode(self.requests_to_sign[name]))
        authority = material.rsa_key()
        made = material.certificate("MyCert", request.public_key(), "An Authority", authority)
        return base64.b64encode(base64.b64encode(material.der(made))).decode()

    def send(self, step: Step, url: str) -> Answer:
        """Sends a request, again after a while where the recorded client was further."""
        service = "vault" if ".vault.azure.net" in step.url else "arm"
        headers = {"Accept": "application/json"}
        body = self.body(step)
        if body is not None:
            headers["Content-Type"] = step.sent_type
        for wait in range(WAITS + 1):
            if step.status != 401:
                headers["Authorization"] = f"Bearer {self.token(service)}"
            answer = Answer(self.session.request(step.method, url, headers=headers, data=body))
            behind = state(answer.status, answer.json) != state(step.status, step.json)
            # Only what changed nothing may be sent again.
            if not behind or not (step.method == "GET" or answer.status in (404, 409)) or wait == WAITS:
                return answer
            self.emulator.advance(SECONDS)
        raise AssertionError("unreachable")

    def purge(self, step: Step) -> None:
        """Lets a certificate be as gone as it was in a vault without soft delete."""
        self.emulator.advance(SECONDS)
        url = step.url.replace("/certificates/", "/deletedcertificates/")
        headers = {"Authorization": f"Bearer {self.token('vault')}"}
        self.session.delete(url, headers=headers).raise_for_status()
        self.emulator.advance(SECONDS)

    def learn(self, step: Step, answer: Answer) -> None:
        """Notes which ids and links of ours stand for recorded ones."""
        if "location" in step.headers and "location" in answer.headers:
            self.links[plain(step.headers["location"])] = answer.headers["location"]
        recorded, ours = step.json, answer.json
        if not (isinstance(recorded, dict) and isinstance(ours, dict)):
            return
        if recorded.get("nextLink") and ours.get("nextLink"):
            self.links[plain(recorded["nextLink"])] = ours["nextLink"]
        if step.url.partition("?")[0].endswith("/backup"):
            self.backups[recorded["value"]] = ours["value"]
        before, after = (VERSION.search(str(body.get("id"))) for body in (recorded, ours))
        if before and after:
            self.versions[before[1]] = after[1]
        if ours.get("csr"):
            self.requests_to_sign[ours["id"].split("/")[4]] = ours["csr"]


def compare(step: Step, answer: Answer):
    """Every difference between a recorded answer and ours."""
    if answer.status != step.status:
        yield "status", f"{answer.status}, was {step.status}: {json.dumps(answer.json)[:300]}"
        return
    service = "vault" if ".vault.azure.net" in step.url else "arm"
    recorded, ours = step.json, answer.json
    if step.status == 401 and recorded is None:
        # One recording has challenges without a body; the others say what is in it, and the list names it.
        ours = None
    for kind, what in (
        *header_differences(service, step.headers, answer.headers),
        *json_differences([recorded], [ours]),
    ):
        yield kind, f"{service}: {what}"
