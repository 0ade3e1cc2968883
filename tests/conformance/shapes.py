"""Compares two answers by what they are made of: status, header names, JSON keys, types and order."""

# The headers that say something of the service. The others come from the web servers in front of it (date,
# server, x-powered-by, x-aspnet-version, vary, transfer-encoding), or were taken out of the recordings.
HEADERS = {
    "vault": {
        "cache-control",
        "content-type",
        "expires",
        "location",
        "pragma",
        "retry-after",
        "strict-transport-security",
        "www-authenticate",
        "x-content-type-options",
        "x-ms-keyvault-network-info",
        "x-ms-keyvault-region",
        "x-ms-keyvault-service-version",
    },
    "arm": {
        "cache-control",
        "content-type",
        "expires",
        "location",
        "pragma",
        "retry-after",
        "strict-transport-security",
        "x-content-type-options",
        "x-ms-keyvault-service-version",
        "x-ms-ratelimit-remaining-subscription-deletes",
        "x-ms-ratelimit-remaining-subscription-writes",
    },
}

KINDS = {dict: "object", list: "array", str: "string", int: "number", float: "number", bool: "boolean"}


def kind(value) -> str:
    """The JSON type of a value."""
    return "null" if value is None else KINDS[type(value)]


def keys_of(values: list[dict]) -> list[str]:
    """Every key of some objects, in the order in which they come."""
    return list(dict.fromkeys(key for value in values for key in value))


def json_differences(recorded: list, ours: list, path: str = ""):
    """What differs between the values that two answers have in one place; a list's items count as one."""
    kinds, mine = ({kind(value) for value in values} for values in (recorded, ours))
    if kinds != mine:
        yield "json", f"{path or '/'} is {' or '.join(sorted(mine))}, was {' or '.join(sorted(kinds))}"
        return
    objects, others = ([v for v in values if isinstance(v, dict)] for values in (recorded, ours))
    theirs, own = keys_of(objects), keys_of(others)
    for key in (*theirs, *own):
        if (key in theirs) != (key in own):
            yield "json", f"{path}/{key} is {'new' if key in own else 'missing'}"
    shared = [key for key in theirs if key in own]
    if shared != [key for key in own if key in theirs]:
        alphabetical = all(list(v) == sorted(v) for v in others)
        yield "order", "members are in alphabetical order" if alphabetical else f"{path or '/'} is in another order"
    for key in shared:
        pair = ([v[key] for v in values if key in v] for values in (objects, others))
        yield from json_differences(*pair, f"{path}/{key}")
    items, mine = ([i for v in values if isinstance(v, list) for i in v] for values in (recorded, ours))
    if items and mine:
        yield from json_differences(items, mine, f"{path}[]")


def header_differences(service: str, recorded, ours):
    """Which of the headers that count only one of two answers has."""
    theirs = {name.lower() for name in recorded} & HEADERS[service]
    own = {name.lower() for name in ours} & HEADERS[service]
    yield from (("header", f"{name} is missing") for name in sorted(theirs - own))
    yield from (("header", f"{name} is new") for name in sorted(own - theirs))
