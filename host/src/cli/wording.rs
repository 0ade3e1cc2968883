//! What is wrong with a job, in the words of whoever typed it: a report names the platform's
//! fields, a person knows the arguments.
//!
//! It must not know what is wrong.

use extension_host::runner::Report;

/// Fields and options, and the arguments that they come from.
const ARGUMENTS: [(&str, &str); 12] = [
    ("StorePath", "STORE_PATH"),
    ("ClientMachine", "--tenant"),
    ("dirs", "TENANT"),
    ("AzureCloud", "--cloud"),
    ("cloud", "--cloud"),
    ("path-format", "--path-format"),
    ("PrivateEndpoint", "--private-endpoint"),
    ("SkuType", "--sku"),
    ("VaultRegion", "--region"),
    ("CertificateTags", "--tag or --tags-json"),
    ("ServerPassword", "the client secret"),
    ("ServerUsername", "--client-id"),
];

/// What the options of a Create begin with, and their flags do not.
const CREATE: &str = "create-";

/// The report with the name of an argument where its message begins with that of a field.
pub(crate) fn of_command(mut report: Report) -> Report {
    if let Some((field, rest)) = report.message.split_once(": ") {
        let known = ARGUMENTS.iter().find(|(known, _)| *known == field);
        if let Some((_, argument)) = known {
            report.message = format!("{argument}: {rest}");
        } else if let Some(flag) = field.strip_prefix(CREATE) {
            report.message = format!("--{flag}: {rest}");
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use extension_host::limits::Limits;
    use extension_host::runner::{Cause, Failure};

    #[test]
    fn a_field_is_named_as_it_was_typed() {
        for (message, wanted) in [
            ("StorePath: is blank", "STORE_PATH: is blank"),
            ("create-retention-days: a: b", "--retention-days: a: b"),
            ("no such vault: kv", "no such vault: kv"),
            ("dirs", "dirs"),
        ] {
            let failure = Failure {
                cause: Cause::Input,
                message: message.to_owned(),
            };
            let report = Report::not_run(failure, None, &Limits::default());
            assert_eq!(of_command(report).message, wanted);
        }
    }
}
