//! What is wrong with a job, in the words of whoever typed it: a report speaks the platform's
//! language, with its fields and forms; a person knows the arguments.
//!
//! It must not know what is wrong.

use extension_host::runner::Report;
use job_scope::OPTIONS;

/// Fields that are words of every day too, and options: translated only where a message begins
/// with them.
const FIRST_WORDS: [(&str, &str); 6] = [
    ("dirs", "TENANT"),
    ("hsm", "--hsm"),
    ("cloud", "--cloud"),
    ("path-format", "--path-format"),
    ("Contents", "--file"),
    ("PrivateKeyPassword", "--password-file"),
];

/// What a platform's people are told to do, and what that is here. The longer ones first.
const PHRASES: [(&str, &str); 32] = [
    (
        "; if nobody meant that, leave the default of that entry parameter blank in the store type, \
         and run the job with NonExportable=true",
        "; if nobody meant that, run it again with --non-exportable true",
    ),
    (
        "; if a client secret was meant to come from a PAM provider, see that it resolves to a value",
        "",
    ),
    (
        "; if a secret was meant, it may be a PAM reference that resolved to nothing",
        "",
    ),
    (
        "ServerPassword: is blank or \"managed\", which means the machine's managed identity",
        "--managed-identity: asks for the machine's managed identity",
    ),
    (
        "set the store type's certificate format to PFX, and export the certificate with its \
         private key",
        "export the certificate with its private key as a PFX",
    ),
    ("although ContentsFormat says so", "although it should be"),
    ("set ContentsFormat to PFX", "give --format pfx"),
    (
        "and PrivateKeyPassword is empty: give its password",
        "and no password was given: give it with --password-file",
    ),
    ("PrivateKeyPassword fits", "the password fits"),
    (
        "PrivateKeyPassword does not open",
        "the password does not open",
    ),
    ("Contents is ", "the file is "),
    ("Contents has ", "the file has "),
    (" in Contents", " in the file"),
    (
        "run the job with Overwrite",
        "run it again with --overwrite",
    ),
    ("the job has no Overwrite", "there is no --overwrite"),
    (
        "since the job does not say to overwrite it",
        "since there is no --overwrite",
    ),
    (
        "because the job says NonExportable=",
        "because of --non-exportable ",
    ),
    ("set the option hsm to ", "give --hsm "),
    (
        "the option hsm is keep",
        "--hsm is keep (or the policy or the store says so)",
    ),
    (
        "leave NonExportable blank or say NonExportable=true",
        "leave out --non-exportable or give --non-exportable true",
    ),
    ("other CertificateTags", "other tags"),
    (" (with the property ResourceGroupName)", ""),
    (", and neither does the property ResourceGroupName", ""),
    (", or set the property ResourceGroupName", ""),
    ("is blank, and so is the property TenantId", "is blank"),
    (", and the property TenantId is blank", ""),
    (" and give it to the platform", ""),
    (
        "write the tenant's id (a GUID) into the client machine",
        "give the tenant's id (a GUID) as --tenant",
    ),
    ("the client machine", "--tenant"),
    ("what the platform renews", "what is renewed from outside"),
    (
        "set the option full-chain to false, or partial to submit",
        "leave --full-chain out, or give --partial",
    ),
    ("set the option partial to submit", "give --partial"),
];

/// Fields by their names, wherever they stand, and the arguments that they come from.
const FIELDS: [(&str, &str); 11] = [
    ("StorePath", "STORE_PATH"),
    ("ClientMachine", "--tenant"),
    ("AzureCloud", "--cloud"),
    ("PrivateEndpoint", "--private-endpoint"),
    ("SkuType", "--sku"),
    ("VaultRegion", "--region"),
    ("CertificateTags", "--tag or --tags-json"),
    ("NonExportable", "--non-exportable"),
    ("ServerPassword", "the client secret"),
    ("ServerUsername", "--client-id"),
    ("Overwrite", "--overwrite"),
];

/// What the options of a Create begin with, and their flags do not.
const CREATE: &str = "create-";

/// The report in the words of the command line.
pub(crate) fn of_command(mut report: Report) -> Report {
    report.message = told(&report.message);
    report
}

/// A message in the words of the command line.
pub(crate) fn told(message: &str) -> String {
    let text = match message.split_once(": ") {
        Some((field, rest)) => match argument(field) {
            Some(argument) => format!("{argument}: {rest}"),
            None => message.to_owned(),
        },
        None => message.to_owned(),
    };
    let text = PHRASES
        .iter()
        .fold(text, |text, (phrase, ours)| text.replace(phrase, ours));
    FIELDS.iter().fold(text, |text, (field, argument)| {
        named(&text, field, argument)
    })
}

/// The argument that stands for the first word of a message.
fn argument(field: &str) -> Option<String> {
    if let Some((_, argument)) = FIRST_WORDS.iter().find(|(known, _)| *known == field) {
        return Some((*argument).to_owned());
    }
    let option = OPTIONS.iter().find(|option| option.name == field)?;
    let flag = option.name.strip_prefix(CREATE)?;
    Some(format!("--{flag}"))
}

/// `text` with `argument` for every `field` that is a word of its own.
fn named(text: &str, field: &str, argument: &str) -> String {
    let of_a_name = |character: char| character.is_alphanumeric() || "-_./".contains(character);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(field) {
        let inside = before.ends_with(of_a_name)
            || after.starts_with(|next: char| next.is_alphanumeric() || "-_/".contains(next));
        out.push_str(before);
        out.push_str(if inside { field } else { argument });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_as_it_was_typed() {
        for (message, wanted) in [
            ("StorePath: is blank", "STORE_PATH: is blank"),
            ("create-retention-days: a: b", "--retention-days: a: b"),
            ("no such vault: kv", "no such vault: kv"),
            ("dirs", "dirs"),
            (
                "add, remove: no: SkuType: gold is not a SKU",
                "add, remove: no: --sku: gold is not a SKU",
            ),
            (
                "check the client machine and AzureCloud",
                "check --tenant and --cloud",
            ),
            (
                "web-1 is there; run the job with Overwrite to replace it",
                "web-1 is there; run it again with --overwrite to replace it",
            ),
            (
                "give the client id of the one to use as ServerUsername",
                "give the client id of the one to use as --client-id",
            ),
            (
                "write X into the client machine, or a subscription of Y into the StorePath",
                "write X into --tenant, or a subscription of Y into the STORE_PATH",
            ),
            (
                "If it is meant so, set the option partial to submit",
                "If it is meant so, give --partial",
            ),
            (
                "set the option full-chain to false, or partial to submit",
                "leave --full-chain out, or give --partial",
            ),
        ] {
            assert_eq!(told(message), wanted);
        }
    }

    /// What a check says of a kind of job looks like an option of it.
    #[test]
    fn what_is_no_option_stays_as_it_is() {
        for message in [
            "create-store: yes",
            "create-anything: a: b",
            "the tag MyAzureCloud-2 of my-StorePath/x",
        ] {
            assert_eq!(told(message), message);
        }
    }

    #[test]
    fn nothing_that_is_put_in_is_translated_again() {
        let ours = PHRASES.iter().chain(&FIRST_WORDS).chain(&FIELDS);
        for (theirs, ours) in ours {
            assert_eq!(told(ours), *ours, "{theirs}");
        }
    }
}
