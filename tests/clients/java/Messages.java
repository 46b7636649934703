import static java.util.Map.entry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Messages of all of Web3Signer's types, as Teku sends them; domain types of consensus-specs. */
final class Messages {
  private Messages() {}

  static List<Message> all() {
    List<Message> all = new ArrayList<>();
    all.addAll(attestations());
    all.addAll(aggregates());
    all.addAll(blocks());
    all.addAll(syncCommittee(Fork.FULU));
    all.addAll(exits());
    all.add(randaoReveal(Fork.FULU));
    all.add(validatorRegistration());
    all.add(deposit());
    return all;
  }

  private static List<Message> attestations() {
    List<Message> all = new ArrayList<>();
    for (Fork fork : List.of(Fork.PHASE0, Fork.FULU)) {
      Ssz data = Containers.attestationData(fork.slot(), 0);
      all.add(Message.of(fork, "ATTESTATION", 0x01000000, data, "attestation"));
      Ssz slot = Ssz.uint64(fork.slot());
      Object json = Map.of("slot", slot.json());
      all.add(Message.of(fork, "AGGREGATION_SLOT", 0x05000000, slot, "aggregation_slot", json));
    }
    return all;
  }

  private static List<Message> aggregates() {
    List<Message> all = new ArrayList<>();
    String type = "AGGREGATE_AND_PROOF";
    String member = "aggregate_and_proof";
    for (Fork fork : List.of(Fork.PHASE0, Fork.DENEB, Fork.ELECTRA, Fork.FULU)) {
      all.add(Message.of(fork, type, 0x06000000, Containers.aggregateAndProof(fork), member));
    }
    // Teku has this type too, but sends the one above in every fork
    Ssz aggregate = Containers.aggregateAndProof(Fork.FULU);
    Object versioned = Map.of("version", "FULU", "data", aggregate.json());
    all.add(Message.of(Fork.FULU, type + "_V2", 0x06000000, aggregate, member, versioned));
    return all;
  }

  private static List<Message> blocks() {
    List<Message> all = new ArrayList<>();
    Ssz first = Containers.beaconBlock(Fork.PHASE0);
    all.add(Message.of(Fork.PHASE0, "BLOCK", 0x00000000, first, "block"));
    Ssz altair = Containers.beaconBlock(Fork.ALTAIR);
    all.add(blockV2(Fork.ALTAIR, "block", altair));
    for (Fork fork : Fork.values()) {
      if (fork.compareTo(Fork.BELLATRIX) >= 0) {
        all.add(blockV2(fork, "block_header", Containers.beaconBlockHeader(fork.slot(), 0x11)));
      }
    }
    return all;
  }

  private static Message blockV2(Fork fork, String member, Ssz block) {
    Object versioned = Map.of("version", fork.name(), member, block.json());
    return Message.of(fork, "BLOCK_V2", 0x00000000, block, "beacon_block", versioned);
  }

  private static List<Message> syncCommittee(Fork fork) {
    String type = "SYNC_COMMITTEE_";
    Ssz root = Containers.filled(32, 0x12);
    Object json = Map.of("beacon_block_root", root.json(), "slot", Long.toString(fork.slot()));
    Ssz selection = Containers.syncAggregatorSelectionData(fork.slot());
    Ssz contribution = Containers.contributionAndProof(fork.slot());
    String selectionMember = "sync_aggregator_selection_data";
    String contributionMember = "contribution_and_proof";
    return List.of(
        Message.of(fork, type + "MESSAGE", 0x07000000, root, "sync_committee_message", json),
        Message.of(fork, type + "SELECTION_PROOF", 0x08000000, selection, selectionMember),
        Message.of(
            fork, type + "CONTRIBUTION_AND_PROOF", 0x09000000, contribution, contributionMember));
  }

  private static List<Message> exits() {
    List<Message> all = new ArrayList<>();
    for (Fork fork : List.of(Fork.CAPELLA, Fork.FULU)) {
      Ssz exit = Containers.voluntaryExit(fork.epoch + 1);
      // EIP-7044: Capella's version for ever, beside a fork_info that tells the current fork
      Ssz version = Fork.CAPELLA.version();
      byte[] root = Fork.signingRoot(exit, 0x04000000, version, Fork.GENESIS_VALIDATORS_ROOT);
      Map<String, Object> members = Map.of("fork_info", fork.info(), "voluntary_exit", exit.json());
      all.add(Message.of("VOLUNTARY_EXIT/" + fork, root, members));
    }
    return all;
  }

  private static Message randaoReveal(Fork fork) {
    Ssz epoch = Ssz.uint64(fork.epoch + 1);
    Object json = Map.of("epoch", epoch.json());
    return Message.of(fork, "RANDAO_REVEAL", 0x02000000, epoch, "randao_reveal", json);
  }

  /** builder-specs: the genesis fork's version, and the root of no chain. */
  private static Message validatorRegistration() {
    Ssz registration = Containers.validatorRegistration();
    byte[] root =
        Fork.signingRoot(registration, 0x00000001, Fork.PHASE0.version(), Fork.NO_VALIDATORS);
    Map<String, Object> members = Map.of("validator_registration", registration.json());
    return Message.of("VALIDATOR_REGISTRATION", root, members);
  }

  /** No duty of Teku's, but one of Web3Signer's types: valid on the fork that the request names. */
  private static Message deposit() {
    Ssz version = Fork.PHASE0.version();
    List<Map.Entry<String, Ssz>> fields = new ArrayList<>(Containers.depositMessage());
    byte[] root =
        Fork.signingRoot(Ssz.container(fields), 0x03000000, version, Fork.NO_VALIDATORS);
    fields.add(entry("genesis_fork_version", version));
    return Message.of("DEPOSIT", root, Map.of("deposit", Ssz.container(fields).json()));
  }
}
