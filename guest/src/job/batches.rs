//! Items and paths handed to the host in batches, so that the guest's memory stays flat
//! however large the vault is, and no call into the host is too large.
//!
//! It must not know where they come from.

use crate::contract::{InventoryItem, ParameterValue};
use crate::host::Host;

/// Items of a batch. A hundred calls for ten thousand certificates cost nothing, and a
/// hundred certificates are about 150 kB.
const MOST_ITEMS: usize = 100;

/// Bytes of a batch, about, for vaults whose certificates are unusually large.
const MOST_BYTES: usize = 256 * 1024;

/// What can be handed over.
pub trait Submission: Sized {
    /// Bytes, about.
    fn size(&self) -> usize;

    /// Hands a batch to the host.
    ///
    /// # Errors
    /// The host's reason not to take it.
    fn submit<H: Host>(host: &H, batch: Vec<Self>) -> Result<(), String>;
}

/// Certificates, of an inventory.
impl Submission for InventoryItem {
    fn size(&self) -> usize {
        let certificates: usize = self.certificates.iter().map(Vec::len).sum();
        let parameters: usize = self
            .parameters
            .iter()
            .map(|(name, value)| {
                name.len()
                    + match value {
                        ParameterValue::Text(text) => text.len(),
                        ParameterValue::Flag(_) | ParameterValue::Unset => 1,
                    }
            })
            .sum();
        let details: usize = self
            .details
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        self.alias.len() + certificates + parameters + details
    }

    fn submit<H: Host>(host: &H, batch: Vec<Self>) -> Result<(), String> {
        host.submit_inventory(batch)
    }
}

/// Store paths, of a discovery.
impl Submission for String {
    fn size(&self) -> usize {
        self.len()
    }

    fn submit<H: Host>(host: &H, batch: Vec<Self>) -> Result<(), String> {
        host.submit_discovery(batch)
    }
}

/// Collects and hands over.
pub struct Batches<'h, H, T = InventoryItem> {
    host: &'h H,
    items: Vec<T>,
    bytes: usize,
    taken: u64,
}

/// The host did not take a batch; its reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host did not take a part of the list: {0}")]
pub struct SubmissionRefused(pub String);

/// Whether an item filled a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The item waits for others.
    Waiting,
    /// A batch went out.
    HandedOver,
}

impl<'h, H: Host, T: Submission> Batches<'h, H, T> {
    /// Nothing yet.
    pub fn new(host: &'h H) -> Self {
        Batches {
            host,
            items: Vec::new(),
            bytes: 0,
            taken: 0,
        }
    }

    /// Items that were added, handed over or not.
    pub fn count(&self) -> u64 {
        let waiting = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
        self.taken.saturating_add(waiting)
    }

    /// Adds an item; hands the batch over when it is full.
    ///
    /// # Errors
    /// The host's refusal.
    pub fn add(&mut self, item: T) -> Result<Added, SubmissionRefused> {
        self.bytes = self.bytes.saturating_add(item.size());
        self.items.push(item);
        if self.items.len() < MOST_ITEMS && self.bytes < MOST_BYTES {
            return Ok(Added::Waiting);
        }
        self.hand_over()?;
        Ok(Added::HandedOver)
    }

    /// Hands over what is left, if there is anything.
    ///
    /// # Errors
    /// The host's refusal.
    pub fn hand_over(&mut self) -> Result<(), SubmissionRefused> {
        if self.items.is_empty() {
            return Ok(());
        }
        self.taken = self.count();
        self.bytes = 0;
        T::submit(self.host, std::mem::take(&mut self.items)).map_err(SubmissionRefused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fake;

    fn item(bytes: usize) -> InventoryItem {
        InventoryItem {
            alias: "a".into(),
            certificates: vec![vec![0; bytes]],
            private_key: true,
            parameters: Vec::new(),
            details: Vec::new(),
        }
    }

    fn sizes(fake: &Fake) -> Vec<usize> {
        fake.batches().iter().map(Vec::len).collect()
    }

    #[test]
    fn a_batch_goes_out_with_its_hundredth_item_and_the_rest_at_the_end() {
        let fake = Fake::default();
        let mut batches = Batches::new(&fake);
        for number in 1..=250 {
            let added = batches.add(item(1)).unwrap();
            assert_eq!(added == Added::HandedOver, number % 100 == 0, "{number}");
        }
        batches.hand_over().unwrap();
        batches.hand_over().unwrap();
        assert_eq!(sizes(&fake), [100, 100, 50]);
        assert_eq!(batches.count(), 250);
    }

    #[test]
    fn large_items_fill_a_batch_sooner() {
        let fake = Fake::default();
        let mut batches = Batches::new(&fake);
        for _ in 0..5 {
            batches.add(item(100 * 1024)).unwrap();
        }
        batches.hand_over().unwrap();
        assert_eq!(sizes(&fake), [3, 2]);
    }

    #[test]
    fn without_items_nothing_is_handed_over() {
        let fake = Fake::default();
        Batches::<_, InventoryItem>::new(&fake).hand_over().unwrap();
        assert_eq!(sizes(&fake), [0_usize; 0]);
    }

    #[test]
    fn paths_go_out_in_batches_too() {
        let fake = Fake::default();
        let mut batches = Batches::new(&fake);
        for number in 0..101 {
            batches.add(format!("path-{number}")).unwrap();
        }
        batches.hand_over().unwrap();
        let discovered = fake.discovered.borrow();
        let sizes: Vec<usize> = discovered.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 1]);
        assert!(fake.batches().is_empty());
    }
}
