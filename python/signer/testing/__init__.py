"""The test's side: `Signer`, its client, its certificates, and how it is started."""
