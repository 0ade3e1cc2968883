"""Reads Microsoft's recordings of the live service out of two source packages.

They are YAML as vcrpy writes it. Those of asynchronous clients hold Python objects for addresses, which are
read here as text and never made into objects.
"""

import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import yaml

class Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with addresses as text."""


def _sequence(loader, node):
    return loader.construct_sequence(node, deep=True)


Reader.add_constructor("tag:yaml.org,2002:python/tuple", _sequence)
Reader.add_constructor("tag:yaml.org,2002:python/object/new:urllib.parse.SplitResult", _sequence)
Reader.add_constructor(
    "tag:yaml.org,2002:python/object/new:yarl.URL",
    lambda loader, node: loader.construct_mapping(node, deep=True),
)


@dataclass
class Step:
    """One request and its answer."""

    recording: str
    number: int
    method: str
    url: str
    sent: object
    sent_type: str
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self):
        """The answer's JSON, None where there is none."""
        return json.loads(self.text) if self.text.strip() else None


def _headers(table) -> dict[str, str]:
    return {
        name.lower(): value[0] if isinstance(value, list) else value for name, value in (table or {}).items()
    }


def _text(body) -> str:
    if isinstance(body, dict):
        body = body.get("string", body.get("base64_string"))
    if isinstance(body, bytes):
        return body.decode()
    return body or ""


def _step(recording: str, number: int, table: dict) -> Step:
    request, response = table["request"], table["response"]
    sent = _text(request.get("body"))
    return Step(
        recording=recording,
        number=number,
        method=request["method"],
        url=request["uri"],
        sent=json.loads(sent) if sent else None,
        sent_type=_headers(request["headers"]).get("content-type", "application/json"),
        status=response["status"]["code"],
        headers=_headers(response["headers"]),
        text=_text(response["body"]),
    )


def recordings(folder: Path) -> dict[str, list[Step]]:
    """Every recording of every package in a folder, by name."""
    found = {}
    for package in sorted(folder.iterdir()):
        for name, text in _members(package):
            short = name.removeprefix("test_").removesuffix(".yaml")
            table = yaml.load(io.StringIO(text), Reader)
            found[short] = [_step(short, n, t) for n, t in enumerate(table["interactions"], 1)]
    return found


def _members(package: Path):
    if package.suffix == ".zip":
        with zipfile.ZipFile(package) as archive:
            for name in sorted(archive.namelist()):
                if "/tests/recordings/" in name and name.endswith(".yaml"):
                    yield Path(name).name, archive.read(name).decode()
    else:
        with tarfile.open(package) as archive:
            for member in sorted(archive.getmembers(), key=lambda m: m.name):
                if "/tests/recordings/" in member.name and member.name.endswith(".yaml"):
                    yield Path(member.name).name, archive.extractfile(member).read().decode()
