"""What a vault refuses, and what the SDKs make of it: 401, 403, 429, foreign hosts."""

import socket

import certifi
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import ApiVersion, CertificateClient

import known
import material

LIST = {"method": "GET", "host": "vault.azure.net", "path": "/certificates"}


@pytest.fixture
def reader():
    """The application that may only look."""
    with ClientSecretCredential(known.TENANT, known.READER_CLIENT, known.READER_SECRET) as credential:
        yield credential


def test_the_challenge_names_tenant_and_resource(emulator):
    asked = []

    class Listening:
        def get_token(self, *scopes, **keywords):
            asked.append((scopes, keywords))
            return AccessToken("not a token", 2**33)

    with CertificateClient(known.VAULT, Listening()) as client:
        with pytest.raises(ClientAuthenticationError) as caught:
            client.get_certificate("cert-01")
    assert caught.value.status_code == 401
    scopes, keywords = asked[0]
    assert scopes == ("https://vault.azure.net/.default",)
    assert keywords["tenant_id"] == known.TENANT


def test_a_token_for_another_service_is_401(credential):
    class ForManagement:
        def get_token(self, *_scopes, **_keywords):
            return credential.get_token("https://management.azure.com/.default")

    with CertificateClient(known.VAULT, ForManagement()) as client:
        with pytest.raises(ClientAuthenticationError) as caught:
            client.get_certificate("cert-01")
    assert caught.value.status_code == 401
    assert "AKV10022: Invalid audience. Expected https://vault.azure.net" in caught.value.message


def test_a_token_of_another_tenant_is_401():
    with ClientSecretCredential(known.OTHER_TENANT, known.CLIENT, known.SECRET) as other:

        class Foreign:
            def get_token(self, *scopes, **_keywords):
                return other.get_token(*scopes)

        with CertificateClient(known.VAULT, Foreign()) as client:
            with pytest.raises(ClientAuthenticationError) as caught:
                client.get_certificate("cert-01")
    assert "AKV10032: Invalid issuer" in caught.value.message


@pytest.mark.parametrize(
    ("vault", "inner"), [(known.BY_POLICY, "AccessDenied"), (known.BY_ROLE, "ForbiddenByRbac")]
)
def test_what_an_identity_may_not_do_is_403(reader, vault, inner):
    with CertificateClient(vault, reader) as client:
        assert len(list(client.list_properties_of_certificates())) == 3
        with pytest.raises(HttpResponseError) as caught:
            client.import_certificate("forbidden", material.pfx("forbidden.example")[0])
    assert caught.value.status_code == 403
    assert caught.value.error.code == "Forbidden"
    assert caught.value.error.innererror["code"] == inner
    assert known.READER_CLIENT in caught.value.message


def test_deleting_without_the_right_to_look_ends_the_poller(emulator, work):
    work.import_certificate("unseen", material.pfx("unseen.example")[0])
    when = {"method": "GET", "host": "kv-work.vault.azure.net", "path": "/deletedcertificates/unseen"}
    emulator.fault(when, {"effect": "status", "status": 403})
    poller = work.begin_delete_certificate("unseen")
    poller.wait()
    assert poller.done()


def test_a_throttled_vault_is_asked_again_by_the_sdk(emulator, credential):
    emulator.fault(LIST, {"effect": "status", "status": 429}, times=2)
    with CertificateClient(known.VAULT, credential, retry_backoff_factor=0.01) as client:
        assert len(list(client.list_properties_of_certificates())) == 60


def test_a_throttled_vault_is_429_in_the_end(emulator, credential):
    emulator.fault(LIST, {"effect": "status", "status": 429})
    with CertificateClient(known.VAULT, credential, retry_total=0) as client:
        with pytest.raises(HttpResponseError) as caught:
            next(client.list_properties_of_certificates())
    assert caught.value.status_code == 429
    assert caught.value.error.code == "Throttled"
    assert "Retry-After" not in caught.value.response.headers


def test_a_next_link_to_another_host_goes_nowhere(emulator, credential):
    """The Python SDK follows it; that nothing leaves loopback is what stops it here."""
    emulator.fault(LIST, {"effect": "next-link-host", "host": "vault.azure.net.attacker.example"})
    with CertificateClient(known.VAULT, credential, retry_total=0) as client:
        with pytest.raises(ServiceRequestError, match="nothing leaves loopback"):
            list(client.list_properties_of_certificates())


def test_a_vault_that_does_not_exist_is_no_answer(credential):
    with CertificateClient("https://kv-nobody.vault.azure.net", credential, retry_total=0) as client:
        with pytest.raises(ServiceRequestError):
            client.get_certificate("cert-01")


def test_every_stable_api_version_is_known_here():
    """test_every_api_version_of_the_sdk_is_answered goes through them; this notices a new one."""
    assert {v.value for v in ApiVersion} == {
        "2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01",
    }


class Tampering(RequestsTransport):
    """Somebody on the way who wants the token for a domain of their own."""

    def send(self, request, **keywords):
        response = super().send(request, **keywords)
        if response.status_code == 401:
            said = response.headers["WWW-Authenticate"]
            response.headers["WWW-Authenticate"] = said.replace("https://vault.azure.net", "https://vault.example")
        return response


def test_the_sdk_checks_that_the_challenge_is_for_the_vaults_domain(credential):
    with CertificateClient(known.VAULT, credential, transport=Tampering()) as client:
        with pytest.raises(ValueError, match="does not match the requested domain"):
            client.get_certificate("cert-01")


def test_the_sdk_checks_who_signed_the_servers_certificate(credential):
    options = {"connection_verify": certifi.where(), "retry_total": 0}
    with CertificateClient(known.VAULT, credential, **options) as client:
        with pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"):
            client.get_certificate("cert-01")


def test_nothing_leaves_loopback():
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("azure.example", 443)
    with socket.socket() as outside, pytest.raises(PermissionError):
        outside.connect(("127.0.0.2", 443))
