"""Imports of PKCS#12 and PEM, and what becomes of a certificate afterwards."""

import base64

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.certificates import (
    CertificateContentType,
    CertificatePolicy,
    KeyCurveName,
    KeyType,
    LifetimeAction,
    CertificatePolicyAction,
    WellKnownIssuerNames,
)
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

import material

PEM = CertificatePolicy(issuer_name=WellKnownIssuerNames.unknown, content_type=CertificateContentType.pem)


def test_pkcs12_with_a_password_is_imported(work):
    data, made = material.pfx("import.example", "p@ss wörd")
    got = work.import_certificate("import-pfx", data, password="p@ss wörd", tags={"from": "pfx"})
    assert bytes(got.cer) == material.der(made)
    assert got.properties.tags == {"from": "pfx"}
    assert got.properties.enabled is True
    assert got.policy.subject == "CN=import.example"
    assert list(got.policy.san_dns_names) == ["import.example"]
    assert got.policy.key_type == KeyType.rsa
    assert got.policy.key_size == 2048
    assert got.policy.issuer_name == WellKnownIssuerNames.unknown
    assert bytes(work.get_certificate("import-pfx").cer) == material.der(made)


def test_pkcs12_without_a_password_is_imported(work):
    data, made = material.pfx("nopassword.example")
    assert bytes(work.import_certificate("import-nopassword", data).cer) == material.der(made)


def test_an_ec_key_is_imported_with_its_curve(work):
    data, made = material.pfx("ec.example", key=material.ec_key())
    policy = CertificatePolicy(key_type=KeyType.ec, content_type=CertificateContentType.pkcs12, exportable=True)
    got = work.import_certificate("import-ec", data, policy=policy)
    assert bytes(got.cer) == material.der(made)
    assert got.policy.key_type == KeyType.ec
    assert got.policy.key_curve_name == KeyCurveName.p_256
    assert got.policy.key_size == 256


def test_pem_is_imported_as_the_sdk_sends_it(work, secrets):
    """The Python SDK encodes PEM text as Base64, which the service takes beside the text itself."""
    data, made = material.pem("pem.example")
    got = work.import_certificate("import-pem", data, policy=PEM)
    assert bytes(got.cer) == material.der(made)
    assert got.policy.content_type == CertificateContentType.pem
    assert secrets.get_secret("import-pem").value.startswith("-----BEGIN")


def test_a_wrong_password_is_400(work):
    data, _ = material.pfx("locked.example", "right")
    with pytest.raises(HttpResponseError) as caught:
        work.import_certificate("import-wrong", data, password="other")
    assert caught.value.status_code == 400
    assert caught.value.error.code == "BadParameter"
    assert "PKCS#12" in caught.value.message
    assert "other" not in caught.value.message


def test_what_is_no_certificate_is_400(work):
    with pytest.raises(HttpResponseError) as caught:
        work.import_certificate("import-rubbish", b"rubbish")
    assert caught.value.status_code == 400


def test_a_key_that_the_policy_does_not_expect_is_400(work):
    data, _ = material.pfx("mismatch.example")
    policy = CertificatePolicy(key_type=KeyType.ec, content_type=CertificateContentType.pkcs12, exportable=True)
    with pytest.raises(HttpResponseError) as caught:
        work.import_certificate("import-mismatch", data, policy=policy)
    assert caught.value.status_code == 400


def test_sixteen_tags_are_400(work):
    data, _ = material.pfx("tags.example")
    with pytest.raises(HttpResponseError) as caught:
        work.import_certificate("import-tags", data, tags={f"tag{n}": "x" for n in range(16)})
    assert caught.value.status_code == 400


def test_a_second_import_is_a_second_version(work):
    first = work.import_certificate("import-twice", material.pfx("one.example")[0])
    second = work.import_certificate("import-twice", material.pfx("two.example")[0])
    versions = {v.version for v in work.list_properties_of_certificate_versions("import-twice")}
    assert versions == {first.properties.version, second.properties.version}
    assert work.get_certificate("import-twice").properties.version == second.properties.version
    old = work.get_certificate_version("import-twice", first.properties.version)
    assert bytes(old.cer) == bytes(first.cer)


def test_tags_and_enabled_are_updated(work):
    made = work.import_certificate("update", material.pfx("update.example")[0], tags={"a": "1"})
    got = work.update_certificate_properties("update", enabled=False, tags={"b": "2"})
    assert got.properties.version == made.properties.version
    assert got.properties.enabled is False
    assert got.properties.tags == {"b": "2"}
    got = work.update_certificate_properties("update", made.properties.version, enabled=True)
    assert got.properties.enabled is True
    assert got.properties.tags == {"b": "2"}


def test_the_policy_is_read_and_updated(work):
    work.import_certificate("policy", material.pfx("policy.example")[0])
    policy = work.get_certificate_policy("policy")
    assert policy.subject == "CN=policy.example"
    actions = [LifetimeAction(CertificatePolicyAction.email_contacts, lifetime_percentage=98)]
    work.update_certificate_policy("policy", CertificatePolicy(lifetime_actions=actions))
    policy = work.get_certificate_policy("policy")
    assert policy.subject == "CN=policy.example"
    (action,) = policy.lifetime_actions
    assert action.action == CertificatePolicyAction.email_contacts
    assert action.lifetime_percentage == 98


def test_the_secret_of_a_certificate_has_its_key(work, secrets):
    key = material.rsa_key()
    data, made = material.pfx("secret.example", "gone afterwards", key)
    got = work.import_certificate("secret", data, password="gone afterwards")
    secret = secrets.get_secret("secret", got.properties.version)
    assert secret.id == got.secret_id
    assert secret.properties.content_type == "application/x-pkcs12"
    assert secret.properties.managed is True
    assert secret.properties.key_id == got.key_id
    private, certificate, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret.value), None)
    assert material.der(certificate) == material.der(made)
    assert private.private_numbers() == key.private_numbers()


def test_the_secret_of_a_disabled_certificate_is_403(work, secrets):
    work.import_certificate("disabled", material.pfx("disabled.example")[0], enabled=False)
    with pytest.raises(HttpResponseError) as caught:
        secrets.get_secret("disabled")
    assert caught.value.status_code == 403
    assert caught.value.error.innererror["code"] == "SecretDisabled"


def test_an_import_over_a_request_in_progress_is_409(work):
    policy = CertificatePolicy(issuer_name=WellKnownIssuerNames.unknown, subject="CN=under-way.example")
    assert work.begin_create_certificate("import-under-way", policy).result().status == "inProgress"
    data, made = material.pfx("under-way.example")
    with pytest.raises(HttpResponseError) as refused:
        work.import_certificate("import-under-way", data)
    assert refused.value.status_code == 409
    assert "status is inProgress" in refused.value.message
    work.delete_certificate_operation("import-under-way")
    assert bytes(work.import_certificate("import-under-way", data).cer) == material.der(made)


def test_an_rsa_key_that_an_ec_key_signed_is_400(work):
    key, authority = material.rsa_key(), material.ec_key()
    made = material.certificate("mixed.example", key.public_key(), "An Authority", authority)
    data = pkcs12.serialize_key_and_certificates(b"mixed", key, made, None, NoEncryption())
    with pytest.raises(HttpResponseError) as refused:
        work.import_certificate("import-mixed", data)
    assert refused.value.status_code == 400
    assert "Unsupported key size (2048)" in refused.value.message
    assert refused.value.error.innererror["code"] == "KeySizeNotSupported"


def test_a_version_has_no_policy_and_its_name_has(work):
    got = work.import_certificate("import-version", material.pfx("version.example")[0])
    version = work.get_certificate_version("import-version", got.properties.version)
    assert version.properties.version == got.properties.version
    assert getattr(version, "policy", None) is None
    assert work.get_certificate("import-version").policy.subject == "CN=version.example"


def test_empty_tags_are_kept_apart_from_none(work):
    data = material.pfx("tags.example")[0]
    assert work.import_certificate("import-tags", data, tags={}).properties.tags == {}
    assert work.import_certificate("import-tags", data).properties.tags is None


def test_a_key_is_for_hardware_in_a_premium_vault_alone(work):
    policy = CertificatePolicy(key_type=KeyType.rsa_hsm, content_type=CertificateContentType.pkcs12)
    with pytest.raises(HttpResponseError) as refused:
        work.import_certificate("import-hsm", material.pfx("hsm.example")[0], policy=policy)
    assert "Hardware key operation not allowed on standard vault" in refused.value.message
