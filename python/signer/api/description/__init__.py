"""The OpenAPI document of a signer: made from its routes, their contracts and the signing types."""
