//! What people are told: in the words of the command line, once, and where they look for it.

use super::{CLIENT, STORE, TENANT, application, as_application, inventory};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::{Azure, Finished, akv_command, fixture, repository};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;

/// Words of the platform that nobody typed.
const OF_THE_PLATFORM: [&str; 10] = [
    "Contents",
    "PrivateKeyPassword",
    "Overwrite",
    "client machine",
    "store type",
    "the property",
    "ResourceGroupName",
    "AzureCloud",
    "StorePath",
    "platform",
];

/// The certificate of a sample, and its password, as files.
fn files(azure: &Azure, sample: &str) -> (PathBuf, PathBuf) {
    let job: Value = serde_json::from_slice(&std::fs::read(fixture(sample)).unwrap()).unwrap();
    let certificate = &job["JobCertificate"];
    let contents = certificate["Contents"].as_str().unwrap();
    let file = azure.file("web-1.pfx", "");
    std::fs::write(&file, STANDARD.decode(contents).unwrap()).unwrap();
    let password = certificate["PrivateKeyPassword"].as_str().unwrap();
    (file, azure.file("pfx.txt", password))
}

fn add(azure: &Azure, more: &[&str]) -> Finished {
    let (file, _) = files(azure, "add-rsa-2048-chain");
    let file = file.to_str().unwrap();
    let words = ["add", STORE, "web-1", "--file", file, "--tenant", TENANT];
    as_application(azure, &[&words[..], more].concat())
}

#[test]
fn what_was_done_is_said_on_stdout_and_the_caution_by_itself_after_it() {
    let azure = Azure::start();
    let (_, password) = files(&azure, "add-rsa-2048-chain");
    let password = ["--password-file", password.to_str().unwrap()];
    let added = add(&azure, &password);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let words = ["web-1 was imported", "version ", "thumbprint "];
    for word in words {
        assert!(added.stdout.contains(word), "{}", added.stdout);
    }
    assert!(!added.stdout.contains("redirected"), "{}", added.stdout);
    let cautions = added
        .stderr
        .lines()
        .filter(|line| line.contains("redirected"));
    let cautions: Vec<&str> = cautions.collect();
    assert_eq!(cautions.len(), 1, "{}", added.stderr);
    assert!(cautions[0].starts_with("akv: the policy redirected"));

    let thumbprint = added.stdout.split("thumbprint ").nth(1).unwrap();
    let thumbprint: Vec<&str> = (0..20).map(|n| &thumbprint[2 * n..2 * n + 2]).collect();
    let thumbprint = thumbprint.join(":");
    let remove = ["remove", STORE, "web-1", "--tenant", TENANT];
    let removed = as_application(
        &azure,
        &[&remove[..], &["--thumbprint", &thumbprint]].concat(),
    );
    assert_eq!(removed.code, 0, "{}", removed.stderr);
    let told = "web-1 was deleted; it can be recovered until ";
    assert!(removed.stdout.starts_with(told), "{}", removed.stdout);
}

/// The platform shows the message of a success too.
#[test]
fn the_platform_is_told_what_was_done_before_the_caution() {
    let azure = Azure::start();
    let ran = azure.run(&fixture("add-rsa-2048-chain"), &[]);
    let message = ran.json()["FailureMessage"].as_str().unwrap().to_owned();
    assert!(message.starts_with("web-1 was imported"), "{message}");
    assert!(message.contains("; the policy redirected"), "{message}");
    let own = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("akv: the policy redirected"));
    assert_eq!(own.count(), 1, "{}", ran.stderr);
}

#[test]
fn a_person_is_told_in_the_words_of_the_command_line() {
    let azure = Azure::start();
    let wrong = azure.file("wrong.txt", "not the password");
    let (_, password) = files(&azure, "add-rsa-2048-chain");
    let (wrong, password) = (wrong.to_str().unwrap(), password.to_str().unwrap());
    let none = add(&azure, &[]);
    for part in ["PFX", "protected by a password", "--password-file"] {
        assert!(none.stderr.contains(part), "{}", none.stderr);
    }
    let refused = add(&azure, &["--password-file", wrong]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let added = add(&azure, &["--password-file", password]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let again = add(&azure, &["--password-file", password, "--tag", "a=b"]);
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(again.stdout.contains("--overwrite"), "{}", again.stdout);
    let no_group = "22222222-2222-4222-8222-222222222222:kv-two";
    let create = as_application(&azure, &["create", no_group, "--tenant", TENANT]);
    assert_eq!(create.code, 2, "{}", create.stderr);
    let china = inventory(
        &azure,
        STORE,
        &[
            "--cloud",
            "china",
            "--private-endpoint",
            "kv-one.vault.azure.net",
        ],
    );
    assert_eq!(china.code, 2, "{}", china.stderr);
    for ran in [none, refused, again, create, china] {
        let told = format!("{}{}", ran.stdout, ran.stderr);
        for word in OF_THE_PLATFORM {
            assert!(!told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn a_pfx_without_a_password_needs_no_password_file() {
    let azure = Azure::start();
    let files = repository().join("guest/src/pfx/testdata");
    let empty = azure.file("empty.txt", "\r\n");
    let with_empty = ["--password-file", empty.to_str().unwrap()];
    for (alias, name, more) in [
        ("none-1", "null-mac.p12", &[][..]),
        ("none-2", "empty-password.p12", &[]),
        ("none-3", "empty-password.p12", &with_empty),
    ] {
        let file = files.join(name);
        let words = ["add", STORE, alias, "--file", file.to_str().unwrap()];
        let words = [&words[..], &["--tenant", TENANT], more].concat();
        let added = as_application(&azure, &words);
        assert_eq!(added.code, 0, "{name}: {}", added.stderr);
    }
}

#[test]
fn the_password_of_a_pfx_is_read_as_shells_write_it() {
    let azure = Azure::start();
    let (_, plain) = files(&azure, "add-rsa-2048-chain");
    let text = std::fs::read_to_string(plain).unwrap();
    let marked = format!("\u{feff}{text}\r\n\n");
    for (number, bytes) in [
        marked.as_bytes().to_vec(),
        marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ]
    .into_iter()
    .enumerate()
    {
        let password = azure.file("password.txt", "");
        std::fs::write(&password, bytes).unwrap();
        let more = ["--password-file", password.to_str().unwrap(), "--overwrite"];
        let added = add(&azure, &more);
        assert_eq!(added.code, 0, "{number}: {}", added.stderr);
    }
}

#[test]
fn a_thumbprint_of_another_certificate_deletes_nothing_however_it_is_spelled() {
    let azure = Azure::start();
    let deleted = |azure: &Azure| {
        let requests = azure.emulator.requests();
        requests.iter().any(|one| one.method == "DELETE")
    };
    let ran = azure.run(
        &repository().join("tests/fixtures/field/thumbprint-as-windows-shows-it.json"),
        &[],
    );
    assert_eq!(ran.json()["Result"], 4, "{}", ran.stdout);
    let message = ran.json()["FailureMessage"].to_string();
    assert!(message.contains("nothing was deleted"), "{message}");
    let sha256 = "ab:".repeat(31) + "cd";
    for (thumbprint, code) in [
        (sha256.as_str(), 1),
        (&sha256[3..], 2),
        ("\u{200e}", 2),
        ("", 2),
    ] {
        let words = [
            "remove",
            STORE,
            "cert-11",
            "--tenant",
            TENANT,
            "--thumbprint",
        ];
        let ran = as_application(&azure, &[&words[..], &[thumbprint]].concat());
        assert_eq!(ran.code, code, "{thumbprint:?}: {}", ran.stderr);
        assert!(!deleted(&azure), "{thumbprint:?}");
    }
}

#[test]
fn an_error_is_told_once() {
    let azure = Azure::start();
    let remove = ["remove", STORE, "contacts", "--tenant", TENANT];
    for (ran, words) in [
        (as_application(&azure, &remove), "reserved"),
        (
            azure.run(&fixture("inventory-wrong-secret"), &[]),
            "AADSTS7000215",
        ),
        (
            inventory(&azure, &STORE.replace("kv-one", "kv-none"), &[]),
            "kv-none.vault.azure.net: ",
        ),
    ] {
        assert_eq!(ran.stderr.matches("error: ").count(), 0, "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn a_check_answers_on_stdout_whatever_the_answer_is() {
    let azure = Azure::start();
    let check = |store: &str, kinds: &str| {
        let words = ["check", store, "--tenant", TENANT, "--for", kinds];
        as_application(&azure, &words)
    };
    let yes = check(STORE, "inventory,create");
    assert!(
        yes.stdout.contains("create-store: yes")
            || yes.stdout.contains("inventory, create-store: yes"),
        "{}",
        yes.stdout
    );
    let no = check(&STORE.replace("kv-one", "kv-none"), "inventory");
    assert_eq!(no.code, 3, "{}", no.stderr);
    assert!(no.stdout.starts_with("inventory: no: "), "{}", no.stdout);
    assert!(!no.stderr.contains("inventory: no"), "{}", no.stderr);
}

#[test]
fn a_file_that_cannot_be_read_or_used_is_a_wrong_call_and_told_once() {
    let azure = Azure::start();
    let policy = azure.policy.to_str().unwrap();
    let module = azure.file("module.wasm", "\0asm\u{1}\0\0\0");
    let module = module.to_str().unwrap();
    let identity = [
        "--client-id",
        CLIENT,
        "--tenant",
        TENANT,
        "--policy",
        policy,
    ];
    let federated = [
        "inventory",
        STORE,
        "--federated-token-file",
        "/nonexistent/token",
    ];
    let secret = [
        "inventory",
        STORE,
        "--client-secret-file",
        "/nonexistent/secret",
    ];
    for words in [&federated[..], &secret[..]] {
        let ran: Finished = akv_command(&[words, &identity[..]].concat())
            .output()
            .unwrap()
            .into();
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert_eq!(
            ran.stderr.matches("nothing was run").count(),
            1,
            "{}",
            ran.stderr
        );
    }
    for ran in [
        inventory(&azure, STORE, &["--component", module]),
        Finished::from(
            akv_command(&["component", "inspect", module])
                .output()
                .unwrap(),
        ),
    ] {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let told = ": it is not a WebAssembly component\n";
        assert!(ran.stderr.ends_with(told), "{}", ran.stderr);
    }
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn who_may_not_do_a_thing_is_refused_with_4() {
    let azure = Azure::start();
    let denied = azure_emulator::Fault::error("ForbiddenByRbac").path("/certificates");
    azure.emulator.inject(denied);
    let ran = inventory(&azure, STORE, &[]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("role"), "{}", ran.stderr);
}

/// Nothing listens where the policy leads to.
#[test]
fn a_server_that_is_not_running_is_told_with_its_address_while_it_is_tried() {
    let azure = Azure::start();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = taken.local_addr().unwrap().to_string();
    drop(taken);
    let policy = std::fs::read_to_string(&azure.policy).unwrap();
    let (_, rest) = policy.split_once("address = \"").unwrap();
    let (address, _) = rest.split_once('"').unwrap();
    std::fs::write(&azure.policy, policy.replace(address, &nobody)).unwrap();
    let words = ["check", STORE, "--tenant", TENANT, "--wait", "3s"];
    let ran: Finished = application(&azure, &words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into();
    let tried = ran
        .stderr
        .lines()
        .filter(|line| line.contains("trying again in"));
    assert!(tried.count() >= 1, "{}", ran.stderr);
    let told = format!("{nobody}, where the policy leads to; is it running?");
    assert!(
        format!("{}{}", ran.stdout, ran.stderr).contains(&told),
        "{}",
        ran.stderr
    );
}
