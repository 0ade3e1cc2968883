//! Lists that are not asked for, not well formed, or without end. It must not know what becomes
//! of them.

use crate::Call;
use crate::bindings::certstore::extension::host::{
    self, InventoryItem, submit_discovery, submit_inventory,
};

/// An item of an inventory.
pub(crate) fn item(alias: impl Into<String>) -> InventoryItem {
    InventoryItem {
        alias: alias.into(),
        certificates: vec![vec![0x30, 0]],
        private_key: true,
        parameters: Vec::new(),
        details: Vec::new(),
    }
}

pub(crate) fn submit(alias: &str) -> String {
    format!("{:?}", submit_inventory(&[item(alias)]))
}

pub(crate) fn paths_of_an_inventory(_: &Call<'_>) -> String {
    format!("{:?}", submit_discovery(&["a".to_owned()]))
}

pub(crate) fn items_of_a_discovery(_: &Call<'_>) -> String {
    submit("a")
}

pub(crate) fn items_of_a_removal(_: &Call<'_>) -> String {
    submit("a")
}

pub(crate) fn alias_twice(call: &Call<'_>) -> String {
    [submit("a"), submit(call.pick("A", "b"))].join(", ")
}

pub(crate) fn blank_alias(call: &Call<'_>) -> String {
    submit(call.pick(" ", "a"))
}

pub(crate) fn long_alias(call: &Call<'_>) -> String {
    submit(&"a".repeat(call.pick(1 << 20, 200)))
}

pub(crate) fn newline_in_an_alias(call: &Call<'_>) -> String {
    submit(call.pick("a\nb", "a"))
}

pub(crate) fn bidi_in_an_alias(call: &Call<'_>) -> String {
    submit(call.pick("a\u{202e}b", "a"))
}

/// Bytes that are no text, as one.
#[allow(unsafe_code)] // What is attempted is a text that is none.
pub(crate) fn no_text() -> String {
    // SAFETY: there is none, and it is the host that must see to it.
    unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, b'\n']) }
}

pub(crate) fn alias_that_is_not_utf8(call: &Call<'_>) -> String {
    let told = submit_inventory(&[item(call.pick(no_text(), "a".to_owned()))]);
    format!("{told:?}")
}

pub(crate) fn no_certificate(call: &Call<'_>) -> String {
    let mut item = item("a");
    item.certificates.truncate(call.pick(0, 1));
    format!("{:?}", submit_inventory(&[item]))
}

/// A text that begins where the memory ends.
#[allow(unsafe_code)] // What is attempted is a text that is none.
pub(crate) fn out_of_bounds() -> String {
    // SAFETY: there is none, and it is the host that must see to it.
    unsafe { String::from_raw_parts(0xffff_fff0 as *mut u8, 0xffff, 0xffff) }
}

/// A submission that cannot be read to its end, after one that could.
pub(crate) fn item_out_of_bounds(call: &Call<'_>) -> String {
    let first = submit("a");
    let second = call.pick(out_of_bounds as fn() -> String, || "b".to_owned())();
    let second = item(second);
    let told = submit_inventory(std::slice::from_ref(&second));
    std::mem::forget(second);
    format!("{first}, {told:?}")
}

pub(crate) fn trap_between_submissions(call: &Call<'_>) -> String {
    let first = submit("a");
    assert!(call.pick(false, true), "after a submission");
    format!("{first}, {}", submit("b"))
}

/// The test lets a job submit a hundred items.
pub(crate) fn too_many_items(call: &Call<'_>) -> String {
    let items: Vec<InventoryItem> = (0..call.pick(101, 100))
        .map(|number| item(number.to_string()))
        .collect();
    format!("{:?}", submit_inventory(&items))
}

/// The test lets a job submit 100 kB.
pub(crate) fn too_many_bytes(call: &Call<'_>) -> String {
    let mut large = item("a");
    large.certificates = vec![vec![0x30; call.pick(100_000, 10_000)]];
    format!("{:?}", submit_inventory(&[large]))
}

pub(crate) fn newline_in_a_path(call: &Call<'_>) -> String {
    let path = call.pick("a\nb", "a").to_owned();
    format!("{:?}", submit_discovery(&[path]))
}

/// After one refusal, a thousand submissions that would be right.
pub(crate) fn going_on_after_a_refusal(call: &Call<'_>) -> String {
    let refused = submit(call.pick(" ", "a"));
    for number in 0..1_000 {
        let _ = submit(&number.to_string());
    }
    refused
}

/// A federated token, for a job that has another identity.
pub(crate) fn assertion(_: &Call<'_>) -> String {
    match host::assertion() {
        Ok(_) => "there is a token".to_owned(),
        Err(reason) => reason,
    }
}
