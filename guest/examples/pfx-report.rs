//! Opens many files and says what came of each, one line of JSON for one line of input.
//!
//! For `tests/pfx-corpus`, which compares the answers with OpenSSL's. It shows private keys: it
//! is for public test files only.
//!
//! A line of input is `format TAB path TAB password`; the format is `pfx` or `pem`.

use std::io::{BufRead as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyvault_extension::azure::thumbprint::Thumbprint;
use keyvault_extension::pfx::{self, Bundle, PfxError, Remark, Time};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = Time::at(since.map_err(std::io::Error::other)?.as_secs());
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let mut fields = line.splitn(3, '\t');
        let (Some(format), Some(path), Some(password)) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(std::io::Error::other("a line has three fields"));
        };
        let contents = std::fs::read(path)?;
        let answer = std::panic::catch_unwind(|| match format {
            "pem" => pfx::pem::read(&contents, Some(password), now),
            _ => pfx::read(&contents, Some(password), now),
        });
        writeln!(output, "{}", shown(&answer))?;
    }
    Ok(())
}

fn shown(answer: &std::thread::Result<Result<Bundle, PfxError>>) -> Value {
    match answer {
        Ok(Ok(bundle)) => json!({
            "kind": bundle.kind().kty(),
            "key_size": bundle.kind().key_size(),
            "crv": bundle.kind().crv(),
            "thumbprint": Thumbprint::of(bundle.leaf()).to_string(),
            "chain": bundle.chain().iter().map(|c| STANDARD.encode(c)).collect::<Vec<_>>(),
            "remarks": bundle.remarks().iter().map(Remark::to_string).collect::<Vec<_>>(),
            "pkcs12": STANDARD.encode(bundle.to_pkcs12()),
        }),
        Ok(Err(error)) => json!({ "error": error.to_string(), "why": variant(error) }),
        Err(_) => json!({ "error": "it panicked", "why": "Panic" }),
    }
}

/// The name of the variant alone.
fn variant(error: &PfxError) -> String {
    let shown = format!("{error:?}");
    shown
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}
