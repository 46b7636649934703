import static java.util.Map.entry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Containers of consensus-specs' specs/*, by their names, with mainnet's limits. What a message's
 * fork does not decide is made up: no two fields of a kind are alike.
 */
final class Containers {
  private Containers() {}

  static Ssz checkpoint(long epoch, int root) {
    return Ssz.container(entry("epoch", Ssz.uint64(epoch)), entry("root", filled(32, root)));
  }

  static Ssz attestationData(long slot, long index) {
    return Ssz.container(
        entry("slot", Ssz.uint64(slot)),
        entry("index", Ssz.uint64(index)),
        entry("beacon_block_root", filled(32, 0x21)),
        entry("source", checkpoint(slot / 32 - 1, 0x22)),
        entry("target", checkpoint(slot / 32, 0x23)));
  }

  static Ssz attestation(Fork fork) {
    boolean isElectra = fork.compareTo(Fork.ELECTRA) >= 0;
    Ssz aggregationBits =
        isElectra ? Ssz.bitlist(2048 * 64, 300, 0, 8, 299) : Ssz.bitlist(2048, 130, 1, 7, 128);
    List<Map.Entry<String, Ssz>> fields = new ArrayList<>();
    fields.add(entry("aggregation_bits", aggregationBits));
    fields.add(entry("data", attestationData(fork.slot(), isElectra ? 0 : 3)));
    fields.add(entry("signature", filled(96, 0x24)));
    if (isElectra) {
      fields.add(entry("committee_bits", Ssz.bitvector(64, 3, 61)));
    }
    return Ssz.container(fields);
  }

  static Ssz aggregateAndProof(Fork fork) {
    return Ssz.container(
        entry("aggregator_index", Ssz.uint64(81)),
        entry("aggregate", attestation(fork)),
        entry("selection_proof", filled(96, 0x31)));
  }

  static Ssz beaconBlockHeader(long slot, int bodyRoot) {
    return Ssz.container(
        entry("slot", Ssz.uint64(slot)),
        entry("proposer_index", Ssz.uint64(82)),
        entry("parent_root", filled(32, 0x41)),
        entry("state_root", filled(32, 0x42)),
        entry("body_root", filled(32, bodyRoot)));
  }

  static Ssz beaconBlock(Fork fork) {
    return Ssz.container(
        entry("slot", Ssz.uint64(fork.slot())),
        entry("proposer_index", Ssz.uint64(83)),
        entry("parent_root", filled(32, 0x43)),
        entry("state_root", filled(32, 0x44)),
        entry("body", beaconBlockBody(fork)));
  }

  /** A body of the forks whose blocks are sent whole, with one of every operation. */
  private static Ssz beaconBlockBody(Fork fork) {
    List<Map.Entry<String, Ssz>> fields = new ArrayList<>();
    fields.add(entry("randao_reveal", filled(96, 0x51)));
    fields.add(entry("eth1_data", eth1Data()));
    fields.add(entry("graffiti", filled(32, 0x52)));
    fields.add(entry("proposer_slashings", Ssz.list(16, proposerSlashing())));
    fields.add(entry("attester_slashings", Ssz.list(2, attesterSlashing())));
    fields.add(entry("attestations", Ssz.list(128, attestation(fork), attestation(fork))));
    fields.add(entry("deposits", Ssz.list(16, deposit())));
    fields.add(entry("voluntary_exits", Ssz.list(16, signed(voluntaryExit(7), 0x53))));
    if (fork == Fork.ALTAIR) {
      fields.add(entry("sync_aggregate", syncAggregate()));
    }
    return Ssz.container(fields);
  }

  private static Ssz eth1Data() {
    return Ssz.container(
        entry("deposit_root", filled(32, 0x54)),
        entry("deposit_count", Ssz.uint64(84)),
        entry("block_hash", filled(32, 0x55)));
  }

  private static Ssz proposerSlashing() {
    return Ssz.container(
        entry("signed_header_1", signed(beaconBlockHeader(9, 0x56), 0x57)),
        entry("signed_header_2", signed(beaconBlockHeader(9, 0x58), 0x59)));
  }

  private static Ssz attesterSlashing() {
    return Ssz.container(
        entry("attestation_1", indexedAttestation(1, 3, 5, 7, 9)),
        entry("attestation_2", indexedAttestation(3)));
  }

  private static Ssz indexedAttestation(long... attestingIndices) {
    return Ssz.container(
        entry("attesting_indices", Ssz.uint64List(2048, attestingIndices)),
        entry("data", attestationData(64, attestingIndices.length)),
        entry("signature", filled(96, 0x61)));
  }

  private static Ssz deposit() {
    Ssz data =
        Ssz.container(
            entry("pubkey", filled(48, 0x62)),
            entry("withdrawal_credentials", filled(32, 0x63)),
            entry("amount", Ssz.uint64(32_000_000_000L)),
            entry("signature", filled(96, 0x64)));
    List<Ssz> proof = Collections.nCopies(33, filled(32, 0x65)); // DEPOSIT_CONTRACT_TREE_DEPTH + 1
    return Ssz.container(entry("proof", Ssz.vector(proof)), entry("data", data));
  }

  static Ssz voluntaryExit(long epoch) {
    return Ssz.container(
        entry("epoch", Ssz.uint64(epoch)), entry("validator_index", Ssz.uint64(85)));
  }

  private static Ssz syncAggregate() {
    return Ssz.container(
        entry("sync_committee_bits", Ssz.bitvector(512, 0, 100, 511)),
        entry("sync_committee_signature", filled(96, 0x66)));
  }

  private static Ssz signed(Ssz message, int signature) {
    return Ssz.container(entry("message", message), entry("signature", filled(96, signature)));
  }

  /** The fields, to which a request adds one that is not signed. */
  static List<Map.Entry<String, Ssz>> depositMessage() {
    return List.of(
        entry("pubkey", filled(48, 0x71)),
        entry("withdrawal_credentials", filled(32, 0x72)),
        entry("amount", Ssz.uint64(1_000_000_000L)));
  }

  static Ssz syncAggregatorSelectionData(long slot) {
    return Ssz.container(
        entry("slot", Ssz.uint64(slot)), entry("subcommittee_index", Ssz.uint64(2)));
  }

  static Ssz contributionAndProof(long slot) {
    Ssz contribution =
        Ssz.container(
            entry("slot", Ssz.uint64(slot)),
            entry("beacon_block_root", filled(32, 0x73)),
            entry("subcommittee_index", Ssz.uint64(3)),
            entry("aggregation_bits", Ssz.bitvector(512 / 4, 0, 64, 127)),
            entry("signature", filled(96, 0x74)));
    return Ssz.container(
        entry("aggregator_index", Ssz.uint64(86)),
        entry("contribution", contribution),
        entry("selection_proof", filled(96, 0x75)));
  }

  static Ssz validatorRegistration() {
    return Ssz.container(
        entry("fee_recipient", filled(20, 0x76)),
        entry("gas_limit", Ssz.uint64(60_000_000)),
        entry("timestamp", Ssz.uint64(1_764_000_000)),
        entry("pubkey", filled(48, 0x77)));
  }

  static Ssz filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return Ssz.bytes(bytes);
  }
}
