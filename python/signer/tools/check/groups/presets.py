"""Checks of messages on chains of the other presets.

The root is sent, so that a signer that does not know the chain can tell how it is meant.
"""

from ....spec.networks import NETWORKS
from ..checks import Checks, Subject
from ..messages import messages_of
from ..signatures import sign_call, signature_check

NETWORKS_OF_PRESETS = ("mainnet", "minimal", "gnosis")
# Their domains follow the configuration of the chain, which is not in the request.
BY_CONFIGURATION = ("VOLUNTARY_EXIT", "VALIDATOR_REGISTRATION", "BUILDER_REQUEST_AUTH")
WITHOUT_PRESET = ("DEPOSIT", "GENERIC")


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    for name in NETWORKS_OF_PRESETS:
        network = NETWORKS[name]
        if network.slots_per_epoch == subject.network.slots_per_epoch:
            continue
        for message in messages_of(subject.chosen_types, network, ["ordinary"]):
            left_out = message.type in BY_CONFIGURATION or message.type in WITHOUT_PRESET
            if left_out or message.values != "ordinary":
                continue
            topic = f"{message.topic} on {name}"
            call = sign_call(subject.key, message.with_root(subject.root_member or "signingRoot"))
            yield signature_check(subject, message, topic, call, topic=topic)
