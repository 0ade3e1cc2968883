"""Certificates that the vault makes: self-signed, and requests for somebody else to sign."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.certificates import CertificatePolicy, KeyUsageType, WellKnownIssuerNames
from cryptography import x509

import material


def by_outsider(subject: str) -> CertificatePolicy:
    """A policy for a certificate that somebody else signs."""
    return CertificatePolicy(issuer_name=WellKnownIssuerNames.unknown, subject=subject, san_dns_names=["csr.example"])


def test_a_self_signed_certificate_is_made(work):
    policy = CertificatePolicy(
        issuer_name=WellKnownIssuerNames.self,
        subject="CN=self.example",
        san_dns_names=["self.example", "www.self.example"],
        key_usage=[KeyUsageType.digital_signature, KeyUsageType.key_encipherment],
        validity_in_months=24,
    )
    got = work.begin_create_certificate("create", policy, tags={"made": "here"}).result()
    assert got.name == "create"
    assert got.properties.tags == {"made": "here"}
    read = x509.load_der_x509_certificate(bytes(got.cer))
    assert read.subject == read.issuer
    assert read.subject.rfc4514_string() == "CN=self.example"
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["self.example", "www.self.example"]
    assert 700 < (read.not_valid_after_utc - read.not_valid_before_utc).days < 740
    operation = work.get_certificate_operation("create")
    assert operation.status == "completed"
    assert operation.target.endswith("/certificates/create")
    assert list(work.list_properties_of_certificate_versions("create"))


def test_the_default_policy_makes_a_certificate(work):
    got = work.begin_create_certificate("create-default", CertificatePolicy.get_default()).result()
    assert got.policy.issuer_name == WellKnownIssuerNames.self
    assert got.policy.key_size == 2048
    assert got.policy.validity_in_months == 12
    (action,) = got.policy.lifetime_actions
    assert action.action == "AutoRenew"


def test_a_request_is_signed_elsewhere_and_merged(work):
    operation = work.begin_create_certificate("merge", by_outsider("CN=csr.example")).result()
    assert operation.status == "inProgress"
    assert operation.issuer_name == WellKnownIssuerNames.unknown
    assert "Perform Merge" in operation.status_details
    request = x509.load_der_x509_csr(bytes(operation.csr))
    assert request.is_signature_valid
    authority = material.rsa_key()
    root = material.certificate("An Authority", authority)
    leaf = material.certificate("csr.example", request.public_key(), "An Authority", authority)
    merged = work.merge_certificate("merge", [material.der(leaf), material.der(root)], tags={"by": "authority"})
    assert bytes(merged.cer) == material.der(leaf)
    assert merged.properties.tags == {"by": "authority"}
    assert bytes(work.get_certificate("merge").cer) == material.der(leaf)
    assert work.get_certificate_operation("merge").status == "completed"


def test_a_certificate_of_another_key_is_not_merged(work):
    work.begin_create_certificate("merge-other", by_outsider("CN=csr.example")).result()
    other = material.certificate("csr.example", material.rsa_key())
    with pytest.raises(HttpResponseError) as caught:
        work.merge_certificate("merge-other", [material.der(other)])
    assert caught.value.status_code == 400


def test_a_pending_request_is_cancelled_and_removed(work, emulator):
    work.begin_create_certificate("cancel", by_outsider("CN=cancel.example")).result()
    assert work.cancel_certificate_operation("cancel").cancellation_requested is True
    emulator.advance(10)
    assert work.get_certificate_operation("cancel").status == "cancelled"
    assert work.delete_certificate_operation("cancel").name == "cancel"
    with pytest.raises(ResourceNotFoundError) as caught:
        work.get_certificate_operation("cancel")
    assert caught.value.error.code == "PendingCertificateNotFound"


def test_a_pending_certificate_is_listed_only_when_asked_for(work):
    work.begin_create_certificate("pending", by_outsider("CN=pending.example")).result()
    assert "pending" not in [i.name for i in work.list_properties_of_certificates()]
    assert "pending" in [i.name for i in work.list_properties_of_certificates(include_pending=True)]


def test_a_subject_that_is_no_name_is_400(work):
    with pytest.raises(HttpResponseError) as caught:
        work.begin_create_certificate("bad-subject", by_outsider("not a name"))
    assert caught.value.status_code == 400
    assert caught.value.error.code == "BadParameter"
    assert "Invalid X.500 distinguished name" in caught.value.message
