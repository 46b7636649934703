//! Your client.
