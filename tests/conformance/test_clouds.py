"""China and Government, by authority and host names."""

import pytest
from azure.core import AzureClouds
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureAuthorityHosts, ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

import known

CLOUDS = [
    pytest.param(AzureAuthorityHosts.AZURE_CHINA, known.CHINA, AzureClouds.AZURE_CHINA_CLOUD, id="china"),
    pytest.param(
        AzureAuthorityHosts.AZURE_GOVERNMENT, known.GOVERNMENT, AzureClouds.AZURE_US_GOVERNMENT, id="government"
    ),
]


@pytest.mark.parametrize(("authority", "vault", "cloud"), CLOUDS)
def test_a_sovereign_cloud_has_its_own_hosts(authority, vault, cloud):
    with ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET, authority=authority) as credential:
        with CertificateClient(vault, credential) as client:
            assert len(list(client.list_properties_of_certificates())) == 60
            assert client.get_certificate("cert-01").id.startswith(vault)
        with SubscriptionClient(credential, cloud_setting=cloud) as client:
            assert known.SUBSCRIPTION in [s.subscription_id for s in client.subscriptions.list()]
        with KeyVaultManagementClient(credential, known.SUBSCRIPTION, cloud_setting=cloud) as client:
            assert "kv-one" in [v.name for v in client.vaults.list_by_subscription()]


@pytest.mark.parametrize(("authority", "vault", "cloud"), CLOUDS)
def test_a_token_of_one_cloud_is_refused_by_another(credential, authority, vault, cloud):
    class Foreign:
        def get_token(self, *_scopes, **_keywords):
            return credential.get_token("https://vault.azure.net/.default")

    with CertificateClient(vault, Foreign()) as client:
        with pytest.raises(ClientAuthenticationError) as caught:
            client.get_certificate("cert-01")
    assert caught.value.status_code == 401


@pytest.mark.parametrize(("authority", "vault", "cloud"), CLOUDS)
def test_an_authority_issues_no_tokens_for_another_clouds_vaults(authority, vault, cloud):
    with ClientSecretCredential(known.TENANT, known.CLIENT, known.SECRET, authority=authority) as credential:
        with pytest.raises(ClientAuthenticationError) as caught:
            credential.get_token("https://vault.azure.net/.default")
    assert "AADSTS500011" in caught.value.message
