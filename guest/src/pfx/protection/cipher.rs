//! The ciphers: key and IV in, plain bytes out.

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt as _, InnerIvInit as _, KeyInit, KeyIvInit as _,
};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;
use rc4::{Rc4, StreamCipher as _};
use zeroize::Zeroizing;

/// A cipher in the mode in which files use it: CBC, but for RC4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    TripleDes2,
    TripleDes3,
    /// The bytes of its key, and how many bits of it count (RFC 2268).
    Rc2 {
        key: usize,
        bits: usize,
    },
    /// The bytes of its key.
    Rc4 {
        key: usize,
    },
}

impl Cipher {
    pub(super) fn key_size(self) -> usize {
        match self {
            Cipher::Des => 8,
            Cipher::Aes128 | Cipher::TripleDes2 => 16,
            Cipher::Aes192 | Cipher::TripleDes3 => 24,
            Cipher::Aes256 => 32,
            Cipher::Rc2 { key, .. } | Cipher::Rc4 { key } => key,
        }
    }

    pub(super) fn iv_size(self) -> usize {
        match self {
            Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => 16,
            Cipher::Rc4 { .. } => 0,
            _ => 8,
        }
    }

    /// `None` where sizes or the padding are wrong.
    pub(super) fn decrypt(self, key: &[u8], iv: &[u8], data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Cipher::Aes128 => cbc::<Aes128>(key, iv, data),
            Cipher::Aes192 => cbc::<Aes192>(key, iv, data),
            Cipher::Aes256 => cbc::<Aes256>(key, iv, data),
            Cipher::Des => cbc::<Des>(key, iv, data),
            Cipher::TripleDes2 => cbc::<TdesEde2>(key, iv, data),
            Cipher::TripleDes3 => cbc::<TdesEde3>(key, iv, data),
            Cipher::Rc2 { bits, .. } => {
                let cipher = Rc2::new_with_eff_key_len(key, bits);
                unpadded(Decryptor::inner_iv_slice_init(cipher, iv).ok()?, data)
            }
            Cipher::Rc4 { .. } => {
                let mut plain = Zeroizing::new(data.to_vec());
                let mut cipher = <Rc4 as KeyInit>::new_from_slice(key).ok()?;
                cipher.try_apply_keystream(&mut plain).ok()?;
                Some(plain)
            }
        }
    }
}

fn cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    unpadded(Decryptor::<C>::new_from_slices(key, iv).ok()?, data)
}

fn unpadded<C: BlockCipherDecrypt>(
    decryptor: Decryptor<C>,
    data: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    decryptor
        .decrypt_padded_vec::<Pkcs7>(data)
        .ok()
        .map(Zeroizing::new)
}
