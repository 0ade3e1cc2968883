"""Vaults and subscriptions by way of Azure Resource Manager."""

import jwt
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.certificates import CertificateClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

import known
import material


def vault(**properties) -> dict:
    """What a vault is made of."""
    return {
        "location": known.LOCATION,
        "tags": {"made": "by the SDK"},
        "properties": {
            "tenantId": known.TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": True,
            **properties,
        },
    }


def object_id(credential) -> str:
    """The principal that a credential is, as its token says."""
    token = credential.get_token("https://management.azure.com/.default").token
    return jwt.decode(token, options={"verify_signature": False})["oid"]


def made(vaults, name: str, **properties):
    """A vault that was made and waited for."""
    return vaults.begin_create_or_update(known.GROUP, name, vault(**properties)).result()


def test_a_vault_is_made_waited_for_and_used(vaults, credential):
    entry = {
        "tenantId": known.TENANT,
        "objectId": object_id(credential),
        "permissions": {"certificates": ["import", "list"]},
    }
    got = made(vaults, "kv-made", enableRbacAuthorization=False, accessPolicies=[entry])
    assert got.properties.provisioning_state == "Succeeded"
    assert got.properties.vault_uri == "https://kv-made.vault.azure.net/"
    assert got.properties.enable_soft_delete is True
    assert got.tags == {"made": "by the SDK"}
    with CertificateClient(got.properties.vault_uri, credential) as client:
        client.import_certificate("first", material.pfx("first.example")[0])
        assert [item.name for item in client.list_properties_of_certificates()] == ["first"]


def test_a_vault_is_read_and_updated(vaults):
    got = vaults.get(known.GROUP, "kv-one")
    assert got.name == "kv-one"
    assert got.location == known.LOCATION
    assert got.properties.tenant_id == known.TENANT
    assert got.properties.sku.name == "standard"
    made(vaults, "kv-update")
    got = vaults.update(known.GROUP, "kv-update", {"tags": {"other": "tag"}})
    assert got.tags == {"other": "tag"}


def test_an_access_policy_is_added(vaults):
    made(vaults, "kv-access", enableRbacAuthorization=False)
    entry = {
        "tenantId": known.TENANT,
        "objectId": known.UNKNOWN,
        "permissions": {"certificates": ["get", "list"]},
    }
    got = vaults.update_access_policy(known.GROUP, "kv-access", "add", {"properties": {"accessPolicies": [entry]}})
    assert [p.object_id for p in got.properties.access_policies] == [known.UNKNOWN]
    assert [p.object_id for p in vaults.get(known.GROUP, "kv-access").properties.access_policies] == [known.UNKNOWN]


def test_vaults_are_listed_by_subscription_and_group(vaults):
    expected = {"kv-one", "kv-work", "kv-protected", "kv-by-policy", "kv-by-role"}
    assert expected <= {v.name for v in vaults.list_by_subscription()}
    assert expected <= {v.name for v in vaults.list_by_resource_group(known.GROUP)}
    assert expected <= {v.name for v in vaults.list()}


def test_a_list_of_vaults_comes_page_by_page(vaults):
    pages = [[v.name for v in page] for page in vaults.list_by_subscription(top=2).by_page()]
    names = [name for page in pages for name in page]
    assert max(map(len, pages)) == 2
    assert [] in pages, "the service's pages are empty now and then"
    assert len(names) == len(set(names)) >= 5


def test_a_deleted_vault_is_listed_and_purged(vaults):
    made(vaults, "kv-purge")
    vaults.delete(known.GROUP, "kv-purge")
    with pytest.raises(ResourceNotFoundError):
        vaults.get(known.GROUP, "kv-purge")
    assert "kv-purge" in [v.name for v in vaults.list_deleted()]
    got = vaults.get_deleted("kv-purge", known.LOCATION)
    assert got.properties.vault_id.endswith("/vaults/kv-purge")
    assert (got.properties.scheduled_purge_date - got.properties.deletion_date).days == 90
    vaults.begin_purge_deleted("kv-purge", known.LOCATION).result()
    assert "kv-purge" not in [v.name for v in vaults.list_deleted()]


def test_deleting_a_vault_that_is_not_there_is_no_error(vaults):
    vaults.delete(known.GROUP, "kv-nobody")


def test_the_name_of_a_deleted_vault_is_409(vaults):
    made(vaults, "kv-again")
    vaults.delete(known.GROUP, "kv-again")
    with pytest.raises(HttpResponseError) as caught:
        made(vaults, "kv-again")
    assert caught.value.status_code == 409
    assert "soft" in caught.value.message.lower() or "deleted" in caught.value.message.lower()


def test_a_deleted_vault_is_recovered(vaults):
    made(vaults, "kv-recover")
    vaults.delete(known.GROUP, "kv-recover")
    got = made(vaults, "kv-recover", createMode="recover")
    assert got.properties.provisioning_state == "Succeeded"
    assert vaults.get(known.GROUP, "kv-recover").name == "kv-recover"


def test_a_vault_without_access_policies_or_roles_is_400(credential):
    wanted = vault()
    del wanted["properties"]["accessPolicies"]
    del wanted["properties"]["enableRbacAuthorization"]
    # From 2026-02-01 on, roles decide where nothing is said.
    with KeyVaultManagementClient(credential, known.SUBSCRIPTION, api_version="2025-05-01") as client:
        with pytest.raises(HttpResponseError) as caught:
            client.vaults.begin_create_or_update(known.GROUP, "kv-without", wanted).result()
    assert caught.value.status_code == 400
    assert "accessPolicies" in caught.value.message


def test_a_vault_that_is_not_there_is_404(vaults):
    with pytest.raises(ResourceNotFoundError) as caught:
        vaults.get(known.GROUP, "kv-nobody")
    assert caught.value.error.code == "ResourceNotFound"


def test_a_group_that_is_not_there_is_404(vaults):
    with pytest.raises(ResourceNotFoundError) as caught:
        vaults.get("rg-nobody", "kv-nobody")
    assert caught.value.error.code == "ResourceGroupNotFound"


def test_a_name_is_checked(vaults):
    def check(name: str):
        return vaults.check_name_availability({"name": name, "type": "Microsoft.KeyVault/vaults"})

    assert check("kv-free").name_available is True
    taken = check("kv-one")
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    bad = check("1-bad--name")
    assert (bad.name_available, bad.reason) == (False, "AccountNameInvalid")


def test_an_identity_without_a_role_is_403():
    with ClientSecretCredential(known.TENANT, known.READER_CLIENT, known.READER_SECRET) as credential:
        with KeyVaultManagementClient(credential, known.SUBSCRIPTION) as client:
            with pytest.raises(HttpResponseError) as caught:
                client.vaults.get(known.GROUP, "kv-one")
    assert caught.value.status_code == 403
    assert caught.value.error.code == "AuthorizationFailed"


def test_a_throttled_subscription_is_asked_again_after_retry_after(vaults, emulator):
    when = {"method": "GET", "host": "management.azure.com"}
    then = {"effect": "error", "code": "SubscriptionRequestsThrottled", "retry-after": "1"}
    emulator.fault(when, then, times=1)
    assert vaults.get(known.GROUP, "kv-one").name == "kv-one"


def test_a_throttled_subscription_is_429_in_the_end(credential, emulator):
    when = {"method": "GET", "host": "management.azure.com"}
    emulator.fault(when, {"effect": "error", "code": "SubscriptionRequestsThrottled", "retry-after": "7"})
    with KeyVaultManagementClient(credential, known.SUBSCRIPTION, retry_total=0) as client:
        with pytest.raises(HttpResponseError) as caught:
            client.vaults.get(known.GROUP, "kv-one")
    assert caught.value.status_code == 429
    assert caught.value.error.code == "SubscriptionRequestsThrottled"
    assert caught.value.response.headers["Retry-After"] == "7"


def test_subscriptions_are_listed_with_their_states(subscriptions):
    found = {s.subscription_id: s for s in subscriptions.subscriptions.list()}
    assert found[known.SUBSCRIPTION].display_name == "Contoso Production"
    assert found[known.SUBSCRIPTION].state == "Enabled"
    assert found[known.SUBSCRIPTION].tenant_id == known.TENANT
    assert {s.state for s in found.values()} == {"Enabled", "Disabled"}


def test_a_subscription_is_read(subscriptions):
    got = subscriptions.subscriptions.get(known.SUBSCRIPTION)
    assert got.id == f"/subscriptions/{known.SUBSCRIPTION}"
    assert got.subscription_policies.spending_limit in {"On", "Off"}


def test_a_subscription_that_is_not_there_is_404(subscriptions):
    with pytest.raises(ResourceNotFoundError) as caught:
        subscriptions.subscriptions.get(known.UNKNOWN)
    assert caught.value.error.code == "SubscriptionNotFound"


def test_tenants_are_listed(subscriptions):
    assert [t.tenant_id for t in subscriptions.tenants.list()] == [known.TENANT]


def test_a_tenant_without_subscriptions_lists_none():
    with ClientSecretCredential(known.OTHER_TENANT, known.CLIENT, known.SECRET) as credential:
        with SubscriptionClient(credential) as client:
            assert list(client.subscriptions.list()) == []


def test_where_roles_decide_no_access_policies_are_needed(vaults):
    body = vault()
    del body["properties"]["accessPolicies"]
    got = vaults.begin_create_or_update(known.GROUP, "kv-roles", body).result()
    assert got.properties.enable_rbac_authorization is True
    assert got.properties.network_acls is None


def test_the_firewalls_rules_are_kept_as_given(vaults):
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "192.0.2.0/24"}]}
    made(vaults, "kv-rules", networkAcls=acls)
    got = vaults.get(known.GROUP, "kv-rules").properties.network_acls
    assert (got.bypass, got.default_action) == ("AzureServices", "Deny")
    assert [rule.value for rule in got.ip_rules] == ["192.0.2.0/24"]
