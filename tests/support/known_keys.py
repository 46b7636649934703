"""Public keys that everybody knows: the interop keys, and the first of the devnets' mnemonic."""

from support.vectors import vectors

INTEROP = [key["pubkey"] for key in vectors("interop_keys/keys.json")]
DEVNET_0 = (
    "0xaaf6c1251e73fb600624937760fef218aace5b253bf068ed45398aeb29d821e4"
    "d2899343ddcbbe37cb3f6cf500dff26c"
)
