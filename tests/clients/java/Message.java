import java.util.LinkedHashMap;
import java.util.Map;

/** A message to sign: what it is called here, its request, and the root computed by the client. */
record Message(String name, Map<String, Object> request, byte[] signingRoot) {

  /** A message whose name starts with its signing type; `members` are what the type brings. */
  static Message of(String name, byte[] signingRoot, Map<String, Object> members) {
    Map<String, Object> request = new LinkedHashMap<>(members);
    request.put("type", name.split("/")[0]);
    request.put("signingRoot", Ssz.hex(signingRoot));
    return new Message(name, request, signingRoot);
  }

  /** A message of a fork, whose member of that name is what is signed. */
  static Message of(Fork fork, String type, int domainType, Ssz signed, String member) {
    return of(fork, type, domainType, signed, member, signed.json());
  }

  /** A message of a fork, whose member holds something else than what is signed, or more. */
  static Message of(
      Fork fork, String type, int domainType, Ssz signed, String member, Object json) {
    byte[] root =
        Fork.signingRoot(signed, domainType, fork.version(), Fork.GENESIS_VALIDATORS_ROOT);
    return of(type + "/" + fork, root, Map.of("fork_info", fork.info(), member, json));
  }
}
