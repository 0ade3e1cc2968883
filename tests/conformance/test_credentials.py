"""Client secrets and client assertions, right and wrong, as azure-identity presents them."""

import time

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientAssertionCredential, ClientSecretCredential
from azure.keyvault.certificates import CertificateClient

import known

SCOPE = "https://vault.azure.net/.default"


def refusal(credential, scope=SCOPE) -> str:
    """What a credential says that gets no token."""
    with pytest.raises(ClientAuthenticationError) as caught:
        credential.get_token(scope)
    return caught.value.message


def test_a_client_secret_opens_a_vault(certificates):
    assert certificates.get_certificate("cert-01").name == "cert-01"


def test_a_token_says_how_long_it_lives(credential):
    token = credential.get_token(SCOPE)
    assert 3500 < token.expires_on - time.time() <= 3600


def test_a_tenant_can_be_named_by_its_domain():
    """The challenge then names the tenant by its id, which the credential has to be allowed."""
    allowed = {"additionally_allowed_tenants": [known.TENANT]}
    with ClientSecretCredential("contoso.example", known.CLIENT, known.SECRET, **allowed) as credential:
        assert credential.get_token(SCOPE).token
        with CertificateClient(known.VAULT, credential) as client:
            assert client.get_certificate("cert-01").name == "cert-01"


def test_a_wrong_client_secret_is_refused_with_7000215():
    said = refusal(ClientSecretCredential(known.TENANT, known.CLIENT, "guessed"))
    assert "AADSTS7000215" in said
    assert "guessed" not in said


def test_an_expired_client_secret_is_refused_with_7000222():
    credential = ClientSecretCredential(known.TENANT, known.EXPIRED_CLIENT, known.EXPIRED_SECRET)
    assert "AADSTS7000222" in refusal(credential)


def test_an_unknown_application_is_refused_with_700016():
    assert "AADSTS700016" in refusal(ClientSecretCredential(known.TENANT, known.UNKNOWN, known.SECRET))


def test_an_unknown_tenant_is_refused_by_its_name():
    """MSAL asks for the tenant's discovery document first, is refused that, and says so in its own words."""
    said = refusal(ClientSecretCredential(known.UNKNOWN, known.CLIENT, known.SECRET))
    assert f"Unable to get authority configuration for https://login.microsoftonline.com/{known.UNKNOWN}" in said


def test_a_scope_without_default_is_refused_with_1002012(credential):
    assert "AADSTS1002012" in refusal(credential, "https://vault.azure.net/user_impersonation")


def test_an_unknown_resource_is_refused_with_500011(credential):
    assert "AADSTS500011" in refusal(credential, "https://nobody.example/.default")


def test_a_federated_assertion_opens_a_vault(emulator):
    def assertion() -> str:
        return emulator.assertion(known.ISSUER, known.SUBJECT)

    with ClientAssertionCredential(known.TENANT, known.FEDERATED_CLIENT, assertion) as credential:
        with CertificateClient(known.VAULT, credential) as client:
            assert client.get_certificate("cert-01").name == "cert-01"


def test_an_assertion_about_another_subject_is_refused_with_700213(emulator):
    def assertion() -> str:
        return emulator.assertion(known.ISSUER, "repo:contoso/web:ref:refs/heads/other")

    said = refusal(ClientAssertionCredential(known.TENANT, known.FEDERATED_CLIENT, assertion))
    assert "AADSTS700213" in said


def test_an_assertion_that_differs_in_case_is_refused_with_7002138(emulator):
    def assertion() -> str:
        return emulator.assertion(known.ISSUER, known.SUBJECT.upper())

    said = refusal(ClientAssertionCredential(known.TENANT, known.FEDERATED_CLIENT, assertion))
    assert "AADSTS7002138" in said


def test_an_assertion_that_is_no_token_is_refused():
    said = refusal(ClientAssertionCredential(known.TENANT, known.FEDERATED_CLIENT, lambda: "not.a.token"))
    assert "AADSTS" in said


def test_a_throttled_token_request_is_repeated_by_the_sdk(emulator):
    when = {"method": "POST", "host": "login.microsoftonline.com"}
    emulator.fault(when, {"effect": "status", "status": 503, "retry-after": "0"}, times=1)
    with ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET) as credential:
        assert credential.get_token(SCOPE).token


def test_a_throttled_token_request_is_an_error_in_the_end(emulator):
    when = {"method": "POST", "host": "login.microsoftonline.com"}
    emulator.fault(when, {"effect": "status", "status": 429, "retry-after": "7"})
    with ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET, retry_total=0) as credential:
        with pytest.raises(ClientAuthenticationError):
            credential.get_token(SCOPE)
