"""The managed identities of a machine, asked of the instance metadata service over plain HTTP."""

import time

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from azure.keyvault.certificates import CertificateClient

import known

SCOPE = "https://vault.azure.net/.default"
TOKEN = {"host": "169.254.169.254", "path": "/metadata/identity/oauth2/token"}


def test_the_machines_own_identity_opens_a_vault():
    with ManagedIdentityCredential() as credential, CertificateClient(known.VAULT, credential) as client:
        assert client.get_certificate("cert-01").name == "cert-01"


def test_a_user_assigned_identity_opens_a_vault():
    with ManagedIdentityCredential(client_id=known.USER_ASSIGNED) as credential:
        with CertificateClient(known.VAULT, credential) as client:
            assert client.get_certificate("cert-01").name == "cert-01"


def test_a_user_assigned_identity_can_be_named_by_its_resource_id():
    resource = (
        f"/subscriptions/{known.SUBSCRIPTION}/resourceGroups/{known.GROUP}"
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one"
    )
    with ManagedIdentityCredential(identity_config={"resource_id": resource}) as credential:
        assert credential.get_token(SCOPE).token


def test_the_token_of_a_machine_says_how_long_it_lives():
    with ManagedIdentityCredential() as credential:
        token = credential.get_token(SCOPE)
        assert 3000 < token.expires_on - time.time() < 90000


def test_an_identity_that_is_not_assigned_is_unavailable():
    with ManagedIdentityCredential(client_id=known.UNKNOWN) as credential:
        with pytest.raises(CredentialUnavailableError) as caught:
            credential.get_token(SCOPE)
    assert "no identity" in caught.value.message.lower() or "not found" in caught.value.message.lower()


@pytest.mark.parametrize("status", [404, 410, 429, 500])
def test_a_metadata_service_that_is_updating_is_asked_again(emulator, status):
    emulator.fault(TOKEN, {"effect": "status", "status": status}, times=1)
    with ManagedIdentityCredential(retry_backoff_factor=0.01) as credential:
        assert credential.get_token(SCOPE).token


def test_a_metadata_service_that_stays_throttled_is_an_error(emulator):
    emulator.fault(TOKEN, {"effect": "status", "status": 429})
    with ManagedIdentityCredential(retry_total=0) as credential:
        with pytest.raises((ClientAuthenticationError, CredentialUnavailableError)):
            credential.get_token(SCOPE)
