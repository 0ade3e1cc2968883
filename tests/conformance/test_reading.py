"""Lists and gets in a vault with 60 certificates."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from cryptography import x509

import known


def test_sixty_certificates_come_page_by_page_each_once(certificates):
    names = [item.name for item in certificates.list_properties_of_certificates()]
    assert len(names) == len(set(names)) == 60
    assert names == sorted(names)


def test_pages_have_25_certificates_at_most_and_one_may_be_empty(certificates):
    pages = [len(list(page)) for page in certificates.list_properties_of_certificates().by_page()]
    assert max(pages) == 25
    assert sum(pages) == 60
    assert 0 in pages[:-1]


def test_a_smaller_page_can_be_asked_for(certificates):
    pages = certificates.list_properties_of_certificates(max_page_size=7).by_page()
    assert len(list(next(pages))) == 7
    assert len(list(next(pages))) == 7


def test_a_list_can_go_on_from_where_it_stopped(certificates):
    pages = certificates.list_properties_of_certificates().by_page()
    first = [item.name for item in next(pages)]
    token = pages.continuation_token
    assert ":443/" in token and "$skiptoken=" in token
    rest = [i.name for page in certificates.list_properties_of_certificates().by_page(token) for i in page]
    assert len(first + rest) == 60
    assert not set(first) & set(rest)


def test_an_item_of_a_list_says_what_the_certificate_says(certificates):
    item = next(i for i in certificates.list_properties_of_certificates() if i.name == "cert-03")
    whole = certificates.get_certificate("cert-03")
    assert item.version is None
    assert item.x509_thumbprint == whole.properties.x509_thumbprint
    assert item.tags == whole.properties.tags == {"team": "payments", "environment": "production"}
    assert item.expires_on == whole.properties.expires_on
    assert item.enabled is True


def test_a_certificate_is_x509_with_its_thumbprint_and_times(certificates):
    from cryptography.hazmat.primitives import hashes

    got = certificates.get_certificate("cert-01")
    read = x509.load_der_x509_certificate(bytes(got.cer))
    assert got.properties.x509_thumbprint == read.fingerprint(hashes.SHA1())
    assert got.properties.expires_on == read.not_valid_after_utc
    assert got.properties.not_before == read.not_valid_before_utc
    assert got.properties.vault_url == known.VAULT
    assert got.secret_id == f"{known.VAULT}/secrets/cert-01/{got.properties.version}"
    assert got.key_id == f"{known.VAULT}/keys/cert-01/{got.properties.version}"
    assert got.policy.content_type == "application/x-pkcs12"


def test_every_version_is_listed_and_can_be_read(certificates):
    versions = list(certificates.list_properties_of_certificate_versions("cert-42"))
    assert len({v.version for v in versions}) == 3
    current = certificates.get_certificate("cert-42").properties.version
    assert current in {v.version for v in versions}
    for version in versions:
        got = certificates.get_certificate_version("cert-42", version.version)
        assert got.properties.version == version.version
        assert got.properties.x509_thumbprint == version.x509_thumbprint


def test_the_versions_of_a_certificate_that_is_not_there_are_none(certificates):
    assert list(certificates.list_properties_of_certificate_versions("nobody")) == []


def test_a_certificate_that_is_not_there_is_404(certificates):
    with pytest.raises(ResourceNotFoundError) as caught:
        certificates.get_certificate("nobody")
    assert caught.value.error.code == "CertificateNotFound"
    assert "nobody was not found in this key vault" in caught.value.message


def test_a_version_that_is_not_there_is_404(certificates):
    with pytest.raises(ResourceNotFoundError) as caught:
        certificates.get_certificate_version("cert-01", "0" * 32)
    assert caught.value.error.code == "CertificateNotFound"


def test_a_name_that_cannot_be_is_400(certificates):
    with pytest.raises(HttpResponseError) as caught:
        certificates.get_certificate("www.example.com")
    assert caught.value.status_code == 400
    assert caught.value.error.code == "BadParameter"


@pytest.mark.parametrize("version", ["7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01", "2026-04-01"])
def test_every_api_version_of_the_sdk_is_answered(credential, version):
    from azure.keyvault.certificates import CertificateClient

    with CertificateClient(known.VAULT, credential, api_version=version) as client:
        assert client.get_certificate("cert-01").name == "cert-01"
