"""GET /signatures: how many signatures each key made, of built-in types and of plugins'."""

from collections import Counter

from signer.plugin import Plugin, Request, Response, Signed, contract, json_response


def register(plugin: Plugin) -> None:
    """Adds the route. Each signer calls this once, and so has counts of its own."""
    counts = Counter[str]()

    def count(signed: Signed) -> None:
        counts[signed.pubkey] += 1

    @contract({200: dict[str, int]})
    async def respond(_: Request) -> Response:
        """The number of signatures of each key that signed."""
        return json_response(counts)

    plugin.after_signing(count)
    plugin.add_route("GET", "/signatures", respond, auth="none")
