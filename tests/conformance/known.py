"""What seed.toml lets exist."""

TENANT = "11111111-1111-4111-8111-111111111111"
# A tenant that knows the application and has no subscription.
OTHER_TENANT = "99999999-9999-4999-8999-999999999999"
UNKNOWN = "12345678-1234-4234-8234-123456789012"

CLIENT = "33333333-3333-4333-8333-333333333333"
SECRET = "sp-secret~1"
EXPIRED_CLIENT = "44444444-4444-4444-8444-444444444444"
EXPIRED_SECRET = "an-old-secret~2"
FEDERATED_CLIENT = "66666666-6666-4666-8666-666666666666"
ISSUER = "https://token.actions.example"
SUBJECT = "repo:contoso/web:ref:refs/heads/main"
# It may look at certificates in some vaults, and see nothing in Azure Resource Manager.
READER_CLIENT = "88888888-8888-4888-8888-888888888888"
READER_SECRET = "only-looking~3"

USER_ASSIGNED = "55555555-5555-4555-8555-555555555555"

SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
GROUP = "rg-one"
# Where recordings of Azure Resource Manager are replayed; its lists have one vault on a page.
RECORDED_SUBSCRIPTION = "22222222-2222-4222-8222-444444444444"
RECORDED_GROUP = "rg-recorded"
OTHERS_GROUP = "rg-others"
LOCATION = "eastus"

VAULT = "https://kv-one.vault.azure.net"
WORK = "https://kv-work.vault.azure.net"
# Purge protection is on.
PROTECTED = "https://kv-protected.vault.azure.net"
# The reader may list and get here, by an access policy and by a role.
BY_POLICY = "https://kv-by-policy.vault.azure.net"
BY_ROLE = "https://kv-by-role.vault.azure.net"
CHINA = "https://kv-one.vault.azure.cn"
GOVERNMENT = "https://kv-one.vault.usgovcloudapi.net"
