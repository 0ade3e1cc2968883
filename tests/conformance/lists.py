"""Makes here what stood in recorded lists, so that pages can be compared page by page.

The recorded subscription was full of other people's vaults. Ours has one vault on each page, with the settings
that the vaults on the recorded page had together; pages that were empty have a vault without any.
"""

import re

import known

LISTS = re.compile(r"/subscriptions/[^/]+/providers/Microsoft\.KeyVault/(vaults|deletedVaults)$")
SETTINGS = (
    "enabledForDeployment",
    "enabledForDiskEncryption",
    "enabledForTemplateDeployment",
    "softDeleteRetentionInDays",
    "enableRbacAuthorization",
)
VAULTS = (
    f"https://management.azure.com/subscriptions/{known.RECORDED_SUBSCRIPTION}/resourceGroups/{known.OTHERS_GROUP}"
    "/providers/Microsoft.KeyVault/vaults"
)


def pages(steps, kind: str) -> list[list[dict]]:
    """The properties of the vaults on each page of a recorded list that has a link to the next one."""
    found = []
    for step in steps:
        match = LISTS.search(step.url.partition("?")[0])
        if match and match[1] == kind:
            found.append([item["properties"] for item in step.json["value"]])
            if not step.json.get("nextLink"):
                return found[:-1]
    return []


def wanted(page: list[dict]) -> dict:
    """The body that makes a vault with what the vaults of a page have."""
    properties = {
        "tenantId": known.TENANT,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy(page)] if page else [],
    }
    for each in page:
        properties |= {name: each[name] for name in SETTINGS if name in each}
        if each.get("purgeProtectionEnabled"):
            properties["enablePurgeProtection"] = True
    return {"location": known.LOCATION, "properties": properties}


def policy(page: list[dict]) -> dict:
    """An access policy with every kind of permission that the policies of a page have."""
    permissions = {}
    for each in page:
        for entry in each.get("accessPolicies", []):
            permissions |= entry["permissions"]
    return {"tenantId": known.TENANT, "objectId": known.UNKNOWN, "permissions": permissions}


def make(replay, steps) -> None:
    """Makes the vaults of the recorded lists, live and deleted, where they are not there yet."""
    # One page more than vaults comes from the emulator itself, and one vault from the recording.
    live = pages(steps, "vaults")[2:]
    for number, page in enumerate(live):
        # The recording's own vault comes before the last two pages, which are the ones with vaults.
        early = number < len(live) - 2
        replay.vault("PUT", f"{VAULTS}/{'early' if early else 'recorded'}-{number:02}", wanted(page))
    for number, page in enumerate(pages(steps, "deletedVaults")):
        name = f"deleted-{number:02}"
        if replay.vault("PUT", f"{VAULTS}/{name}", wanted(page)) == 200:
            replay.vault("DELETE", f"{VAULTS}/{name}")
