"""The test's side: `Signer`, its client, its certificates, how it is started; `Coordinator`."""

from .coordinator import Coordinator

__all__ = ["Coordinator"]
