import static java.util.Map.entry;

import java.nio.ByteBuffer;
import java.util.Map;

/** Mainnet's forks and the domains of its signatures: configs/mainnet.yaml of consensus-specs. */
enum Fork {
  PHASE0(0),
  ALTAIR(74240),
  BELLATRIX(144896),
  CAPELLA(194048),
  DENEB(269568),
  ELECTRA(364032),
  FULU(411392);

  static final Ssz GENESIS_VALIDATORS_ROOT =
      Ssz.bytes(Ssz.unhex("4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"));
  static final Ssz NO_VALIDATORS = Ssz.bytes(new byte[32]); // the root before there is a chain
  private static final int SLOTS_PER_EPOCH = 32;

  final long epoch; // its first

  Fork(long epoch) {
    this.epoch = epoch;
  }

  /** A slot that is neither the fork's first nor its epoch's. */
  long slot() {
    return (epoch + 1) * SLOTS_PER_EPOCH + 5;
  }

  Ssz version() {
    return Ssz.bytes(new byte[] {(byte) ordinal(), 0, 0, 0});
  }

  /** The fork_info of a request. */
  Map<String, Object> info() {
    Fork previous = values()[Math.max(ordinal() - 1, 0)];
    Ssz fork =
        Ssz.container(
            entry("previous_version", previous.version()),
            entry("current_version", version()),
            entry("epoch", Ssz.uint64(epoch)));
    return Map.of(
        "fork", fork.json(), "genesis_validators_root", GENESIS_VALIDATORS_ROOT.json());
  }

  /** compute_domain, then compute_signing_root. */
  static byte[] signingRoot(Ssz object, int domainType, Ssz version, Ssz genesisValidatorsRoot) {
    Ssz forkData =
        Ssz.container(
            entry("current_version", version),
            entry("genesis_validators_root", genesisValidatorsRoot));
    byte[] domain =
        ByteBuffer.allocate(32).putInt(domainType).put(forkData.root(), 0, 28).array();
    Ssz signingData =
        Ssz.container(
            entry("object_root", Ssz.bytes(object.root())), entry("domain", Ssz.bytes(domain)));
    return signingData.root();
  }
}
