"""Delete, recover and purge, with the SDK's own pollers."""

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.certificates import CertificateClient

import known
import material


def deleted(work, name: str):
    """A certificate that was imported and deleted."""
    work.import_certificate(name, material.pfx(f"{name}.example")[0], tags={"of": name})
    poller = work.begin_delete_certificate(name)
    poller.wait()
    return poller.result()


def test_a_deleted_certificate_shows_among_the_deleted_ones(work):
    result = deleted(work, "delete")
    assert result.recovery_id == f"{known.WORK}/deletedcertificates/delete"
    assert (result.scheduled_purge_date - result.deleted_on).days == 90
    with pytest.raises(ResourceNotFoundError) as caught:
        work.get_certificate("delete")
    assert "If you recently deleted this certificate" in caught.value.message
    got = work.get_deleted_certificate("delete")
    assert got.name == "delete"
    assert got.properties.tags == {"of": "delete"}
    assert "delete" in [item.name for item in work.list_deleted_certificates()]
    assert "delete" not in [item.name for item in work.list_properties_of_certificates()]


def test_a_recovered_certificate_is_what_it_was(work):
    before = deleted(work, "recover")
    poller = work.begin_recover_deleted_certificate("recover")
    poller.wait()
    assert poller.result().name == "recover"
    got = work.get_certificate("recover")
    assert got.properties.version == before.properties.version
    assert got.properties.tags == {"of": "recover"}
    with pytest.raises(ResourceNotFoundError):
        work.get_deleted_certificate("recover")


def test_a_purged_certificate_is_gone_and_its_name_free_again(work, emulator):
    deleted(work, "purge")
    work.purge_deleted_certificate("purge")
    # The name stays taken for a while.
    emulator.advance(5)
    with pytest.raises(ResourceNotFoundError) as caught:
        work.get_deleted_certificate("purge")
    assert "Deleted Certificate not found: purge" in caught.value.message
    assert work.import_certificate("purge", material.pfx("again.example")[0]).name == "purge"


def test_a_backup_is_restored_after_a_purge(work, emulator):
    before = work.import_certificate("backup", material.pfx("backup.example")[0], tags={"of": "backup"})
    backup = work.backup_certificate("backup")
    with pytest.raises(ResourceExistsError) as caught:
        work.restore_certificate_backup(backup)
    assert caught.value.error.code == "Conflict"
    work.begin_delete_certificate("backup").wait()
    work.purge_deleted_certificate("backup")
    emulator.advance(5)
    got = work.restore_certificate_backup(backup)
    assert bytes(got.cer) == bytes(before.cer)
    assert got.properties.tags == {"of": "backup"}
    assert work.get_certificate("backup").properties.version == before.properties.version


def test_an_import_over_a_deleted_name_is_409(work):
    deleted(work, "conflict")
    with pytest.raises(ResourceExistsError) as caught:
        work.import_certificate("conflict", material.pfx("conflict.example")[0])
    assert caught.value.status_code == 409
    assert caught.value.error.code == "Conflict"
    assert caught.value.error.innererror["code"] == "ObjectIsDeletedButRecoverable"
    assert "in a deleted but recoverable state" in caught.value.message


def test_a_certificate_that_is_still_being_deleted_is_409(work):
    work.import_certificate("hurry", material.pfx("hurry.example")[0])
    poller = work.begin_delete_certificate("hurry")
    with pytest.raises(ResourceExistsError) as caught:
        work.purge_deleted_certificate("hurry")
    assert caught.value.error.innererror["code"] == "ObjectIsBeingDeleted"
    poller.wait()


def test_deleting_what_is_not_there_is_404(work):
    with pytest.raises(ResourceNotFoundError) as caught:
        work.begin_delete_certificate("nobody")
    assert caught.value.error.code == "CertificateNotFound"


def test_recovering_and_purging_what_is_not_there_is_404(work):
    with pytest.raises(ResourceNotFoundError):
        work.begin_recover_deleted_certificate("nobody")
    with pytest.raises(ResourceNotFoundError):
        work.purge_deleted_certificate("nobody")


def test_purge_protection_refuses_a_purge_with_403(credential):
    with CertificateClient(known.PROTECTED, credential) as client:
        deleted(client, "protected")
        with pytest.raises(HttpResponseError) as caught:
            client.purge_deleted_certificate("protected")
    assert caught.value.status_code == 403
    assert caught.value.error.code == "Forbidden"
    assert "purge protection is enabled" in caught.value.message
