"""Leads Azure's host names to the emulator's port, in this process alone.

Any other name, and any other address, is an error: nothing here may leave loopback. Certificates and
host names stay checked, by the authority that the emulator's policy names.
"""

import os
import socket
import tomllib
from pathlib import Path

# Where the emulator is asked about itself, over plain HTTP.
CONTROL = "emulator.invalid"


class Loopback:
    """What the emulator's policy says: which names lead to which address, and whom to trust."""

    def __init__(self, policy: Path) -> None:
        table = tomllib.loads(policy.read_text(encoding="utf-8"))
        self.names = [rule["host"] for rule in table["connect-to"]]
        (address,) = {rule["address"] for rule in table["connect-to"]}
        host, port = address.rsplit(":", 1)
        self.address = (host, int(port))
        (authority,) = table["ca"]
        self.trusted = policy.with_name("ca.pem")
        self.trusted.write_text(authority["pem"], encoding="utf-8")

    def leads(self, name: str) -> bool:
        """Whether a name leads to the emulator."""
        name = name.lower().rstrip(".")
        return name == CONTROL or any(
            name == rule or (rule.startswith("*.") and name.endswith(rule[1:])) for rule in self.names
        )

    def install(self) -> None:
        """Takes over this process's name resolution and connections."""
        os.environ["REQUESTS_CA_BUNDLE"] = str(self.trusted)
        connect = socket.socket.connect

        def getaddrinfo(host, port, *_args, **_keywords):
            name = host.decode() if isinstance(host, bytes) else str(host)
            if not self.leads(name):
                raise socket.gaierror(socket.EAI_NONAME, f"{name} is not the emulator's; nothing leaves loopback")
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", self.address)]

        def guarded(sock, address):
            if address != self.address:
                raise PermissionError(f"{address} is not the emulator; nothing leaves loopback")
            return connect(sock, address)

        socket.getaddrinfo = getaddrinfo
        socket.socket.connect = guarded
        socket.socket.connect_ex = lambda sock, address: guarded(sock, address) or 0
