"""What the SDKs send: method, host, path, query keys and body keys of each request, never a value.

Names and ids become placeholders, so that two programs that ask for the same thing give the same step.
"""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import urllib3.connectionpool

from loopback import CONTROL

HOSTS = [
    (r"(login\.microsoftonline\.(com|us)|login\.(chinacloudapi|partner\.microsoftonline)\.cn)", "{authority}"),
    (r"[a-z0-9-]+\.vault\.(azure\.net|azure\.cn|usgovcloudapi\.net)", "{vault}"),
    (r"management\.(azure\.com|chinacloudapi\.cn|usgovcloudapi\.net)", "{arm}"),
]
PATHS = [
    (r"/pending/merge$", "/pending/merge"),
    (r"^/[^/]+/(oauth2/v2\.0/token|v2\.0/\.well-known/openid-configuration)$", r"/{tenant}/\1"),
    (r"^/(certificates|secrets)/[^/]+/(?!pending|policy|versions|import|create)[^/]+$", r"/\1/{name}/{version}"),
    (r"^/(certificates|secrets|deletedcertificates)/(?!contacts|issuers|restore)[^/]+", r"/\1/{name}"),
    (r"^/subscriptions/[^/]+", "/subscriptions/{subscription}"),
    (r"(?i)/resourceGroups/[^/]+", "/resourceGroups/{group}"),
    (r"/locations/[^/]+", "/locations/{location}"),
    (r"/(vaults|deletedVaults)/[^/]+", r"/\1/{vault}"),
    (r"/operationResults/.+$", "/operationResults/{operation}"),
]
# Objects whose keys are the user's words.
WORDS = {"tags"}


def host_template(host: str) -> str:
    """A host name with what is a vault's or a cloud's replaced."""
    for pattern, template in HOSTS:
        if re.fullmatch(pattern, host.lower()):
            return template
    return host.lower()


def path_template(path: str) -> str:
    """A path with names and ids replaced."""
    for pattern, template in PATHS:
        path = re.sub(pattern, template, path)
    return path


def keys(value, prefix="") -> set[str]:
    """The dotted paths of everything in a JSON value."""
    if isinstance(value, dict):
        if prefix.rpartition(".")[2] in WORDS:
            return {f"{prefix}.*"} if value else {prefix}
        inner = set().union(*(keys(v, f"{prefix}.{k}" if prefix else k) for k, v in value.items()))
        return inner or {prefix}
    if isinstance(value, list):
        return set().union(*(keys(item, f"{prefix}[]") for item in value)) or {f"{prefix}[]"}
    return {prefix}


def body_keys(body, content_type: str) -> list[str]:
    """The keys of a form or of JSON, sorted."""
    if not body:
        return []
    text = body.decode() if isinstance(body, bytes) else body
    if isinstance(text, str) and content_type.startswith("application/x-www-form-urlencoded"):
        return sorted({key for key, _ in parse_qsl(text, keep_blank_values=True)})
    return sorted(keys(json.loads(text)) - {""})


def step(method: str, host: str, target: str, body=None, content_type="") -> dict:
    """One request as it is compared."""
    parts = urlsplit(target)
    return {
        "method": method,
        "host": host_template(host),
        "path": path_template(parts.path),
        "query": sorted({key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}),
        "body": body_keys(body, content_type),
    }


class Recorder:
    """Keeps each different request that this process sends, in the order in which they first came."""

    def __init__(self) -> None:
        self.steps: list[dict] = []

    def install(self) -> None:
        """Listens below every SDK, where requests become HTTP."""
        urlopen = urllib3.connectionpool.HTTPConnectionPool.urlopen
        recorder = self

        def listening(pool, method, url, body=None, headers=None, *args, **keywords):
            recorder.heard(method, pool.host, url, body, headers or {})
            return urlopen(pool, method, url, body, headers, *args, **keywords)

        urllib3.connectionpool.HTTPConnectionPool.urlopen = listening

    def heard(self, method, host, url, body, headers) -> None:
        """Keeps a request, but for those to the emulator itself."""
        if host == CONTROL:
            return
        kinds = [value for name, value in headers.items() if name.lower() == "content-type"]
        kind = kinds[0] if kinds else ""
        heard = step(method, host, url, body, kind.decode() if isinstance(kind, bytes) else kind)
        if heard not in self.steps:
            self.steps.append(heard)
