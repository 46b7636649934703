//! What is asked, and what is answered.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The ciphersuite of Ethereum.
pub const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// What is repeated: all that comes after the secret key was read.
pub type Operation = Box<dyn Fn() -> Result<Value, String>>;

/// An operation with its arguments; those that it does not need are empty.
#[derive(Deserialize)]
#[serde(default)]
pub struct Request {
    #[serde(rename = "do")]
    pub name: String,
    pub repeat: u32,
    #[serde(deserialize_with = "bytes")]
    pub secret: Vec<u8>,
    #[serde(deserialize_with = "bytes")]
    pub message: Vec<u8>,
    #[serde(deserialize_with = "bytes")]
    pub pubkey: Vec<u8>,
    #[serde(deserialize_with = "bytes")]
    pub signature: Vec<u8>,
    #[serde(deserialize_with = "lists")]
    pub pubkeys: Vec<Vec<u8>>,
    #[serde(deserialize_with = "lists")]
    pub signatures: Vec<Vec<u8>>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            name: String::new(),
            repeat: 1,
            secret: Vec::new(),
            message: Vec::new(),
            pubkey: Vec::new(),
            signature: Vec::new(),
            pubkeys: Vec::new(),
            signatures: Vec::new(),
        }
    }
}

/// `ok` has bytes as hexadecimal digits, or whether something is valid.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Ok(Value),
    Error(String),
    Absent(bool),
}

/// Takes bytes of another length for an error.
pub fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], String> {
    bytes
        .try_into()
        .map_err(|_| format!("expected {N} bytes, found {}", bytes.len()))
}

/// Writes bytes as the answer has them.
pub fn hexadecimal(bytes: &[u8]) -> Result<Value, String> {
    Ok(hex::encode(bytes).into())
}

fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let digits = String::deserialize(deserializer)?;
    hex::decode(digits).map_err(serde::de::Error::custom)
}

fn lists<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    all.into_iter()
        .map(|digits| hex::decode(digits).map_err(serde::de::Error::custom))
        .collect()
}
