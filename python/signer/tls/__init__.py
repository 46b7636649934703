"""TLS: what the flags ask for, what Granian cannot do, and why a handshake failed."""
