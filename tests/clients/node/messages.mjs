// A message of every signing type, in each fork that gives it another shape, with its domain and
// the request that Lodestar's externalSignerClient.ts makes of it, as of Lodestar's pull request
// 10071. What Lodestar does not send is marked. Knows neither keys nor HTTP.
import { fromHexString, toHexString } from "@chainsafe/ssz";
import { createBeaconConfig } from "@lodestar/config";
import { minimalChainConfig } from "@lodestar/config/configs";
import { genesisData, networksChainConfig } from "@lodestar/config/networks";
import * as params from "@lodestar/params";
import { ssz, sszTypesFor } from "@lodestar/types";
import { sample } from "./sample.mjs";

const FORKS = Object.values(params.ForkName); // oldest first

const DOMAIN_TYPES = {
  AGGREGATE_AND_PROOF: params.DOMAIN_AGGREGATE_AND_PROOF,
  AGGREGATE_AND_PROOF_V2: params.DOMAIN_AGGREGATE_AND_PROOF,
  AGGREGATION_SLOT: params.DOMAIN_SELECTION_PROOF,
  ATTESTATION: params.DOMAIN_BEACON_ATTESTER,
  BLOCK: params.DOMAIN_BEACON_PROPOSER,
  BLOCK_V2: params.DOMAIN_BEACON_PROPOSER,
  BUILDER_REQUEST_AUTH: params.DOMAIN_BUILDER_REQUEST_AUTH,
  DEPOSIT: params.DOMAIN_DEPOSIT,
  EXECUTION_PAYLOAD_BID: params.DOMAIN_BEACON_BUILDER,
  EXECUTION_PAYLOAD_ENVELOPE: params.DOMAIN_BEACON_BUILDER,
  INCLUSION_LIST: params.DOMAIN_INCLUSION_LIST_COMMITTEE,
  PAYLOAD_ATTESTATION_MESSAGE: params.DOMAIN_PTC_ATTESTER,
  PROPOSER_PREFERENCES: params.DOMAIN_PROPOSER_PREFERENCES,
  RANDAO_REVEAL: params.DOMAIN_RANDAO,
  SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF: params.DOMAIN_CONTRIBUTION_AND_PROOF,
  SYNC_COMMITTEE_MESSAGE: params.DOMAIN_SYNC_COMMITTEE,
  SYNC_COMMITTEE_SELECTION_PROOF: params.DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  VALIDATOR_REGISTRATION: params.DOMAIN_APPLICATION_BUILDER,
};

// The chain of the preset that LODESTAR_PRESET names, mainnet by default; its forks follow each
// other at epochs of our choice, as the last ones and all of minimal have none yet.
const preset = params.ACTIVE_PRESET;
const epochs = FORKS.map((fork, at) => [`${fork.toUpperCase()}_FORK_EPOCH`, at * 100_000]);
const chain = {
  ...{ ...networksChainConfig, minimal: minimalChainConfig }[preset],
  ...Object.fromEntries(epochs),
};
const known = genesisData[preset]?.genesisValidatorsRoot;
const genesisValidatorsRoot = known ? fromHexString(known) : sample(ssz.Root);
const config = createBeaconConfig(chain, genesisValidatorsRoot);
const configOfNoChain = createBeaconConfig(chain, new Uint8Array(32));

const epochOf = (slot) => Math.floor(slot / params.SLOTS_PER_EPOCH);
const slotIn = (fork) => (config.forks[fork].epoch + 3) * params.SLOTS_PER_EPOCH + 5;

// Each with its SSZ type, what of that type is hashed, its domain, and the request's body
export function* messages() {
  for (const fork of FORKS) yield* aggregates(fork);
  for (const fork of FORKS) yield* blocks(fork);
  for (const fork of ["bellatrix", "fulu"]) yield voluntaryExit(fork);
  yield* duties(slotIn("fulu"));
  for (const fork of ["gloas", "heze"]) yield* dutiesSinceGloas(fork);
  yield* inclusionLists("heze");
  yield* registrations();
}

function ofSlot(slot, name, type, object, payload) {
  const domain = config.getDomain(slot, DOMAIN_TYPES[name.split("/")[0]]);
  // Lodestar sends the slot's epoch, not the one in which the fork began
  const fork_info = forkInfo(config.getForkInfo(slot), epochOf(slot));
  return { name, type, object, domain, body: { fork_info, ...payload } };
}

function ofNoFork(name, type, object, payload) {
  const domain = configOfNoChain.getDomainAtFork("phase0", DOMAIN_TYPES[name]);
  return { name, type, object, domain, body: payload };
}

function forkInfo({ prevVersion, version }, epoch) {
  const fork = { previousVersion: prevVersion, currentVersion: version, epoch };
  return {
    fork: ssz.phase0.Fork.toJson(fork),
    genesis_validators_root: toHexString(genesisValidatorsRoot),
  };
}

function* aggregates(fork) {
  const slot = slotIn(fork);
  const version = fork.toUpperCase();
  const type = sszTypesFor(fork).AggregateAndProof;
  const object = sample(type);
  object.aggregate.data = attestationData(slot);
  const data = type.toJson(object);

  // Lodestar wraps an aggregate from Electra on; Lighthouse, Teku and Grandine send a bare one
  const wrapped = { aggregate_and_proof: { version, data } };
  yield ofSlot(slot, `AGGREGATE_AND_PROOF_V2/${version}`, type, object, wrapped);
  if (["phase0", "electra"].includes(fork)) {
    const bare = { aggregate_and_proof: data };
    yield ofSlot(slot, `AGGREGATE_AND_PROOF/${version}`, type, object, bare);
  }
}

function* blocks(fork) {
  const slot = slotIn(fork);
  const version = fork.toUpperCase();
  const { BeaconBlock, BeaconBlockBody } = sszTypesFor(fork);
  const object = { ...sample(BeaconBlock), slot };
  const named = (name, payload) => ofSlot(slot, name, BeaconBlock, object, payload);

  if (params.isForkPostBellatrix(fork)) {
    const header = { ...object, bodyRoot: BeaconBlockBody.hashTreeRoot(object.body) };
    const block_header = ssz.phase0.BeaconBlockHeader.toJson(header);
    yield named(`BLOCK_V2/${version}`, { beacon_block: { version, block_header } });
  } else {
    const block = BeaconBlock.toJson(object);
    yield named(`BLOCK_V2/${version}`, { beacon_block: { version, block } });
    if (fork === "phase0") yield named("BLOCK", { block }); // Teku's and Prysm's, not Lodestar's
  }
}

function voluntaryExit(fork) {
  const slot = slotIn(fork);
  const type = ssz.phase0.VoluntaryExit;
  const object = { ...sample(type), epoch: epochOf(slot) };
  const { capella } = config.forks;
  // EIP-7044: from Deneb on exits are Capella's; here Lodestar sends the epoch of the fork itself
  const fork_info = params.isForkPostDeneb(fork)
    ? forkInfo(capella, capella.epoch)
    : forkInfo(config.getForkInfo(slot), epochOf(slot));
  return {
    name: `VOLUNTARY_EXIT/${fork.toUpperCase()}`,
    type,
    object,
    domain: config.getDomainForVoluntaryExit(slot),
    body: { fork_info, voluntary_exit: type.toJson(object) },
  };
}

function attestationData(slot) {
  const data = sample(ssz.phase0.AttestationData);
  data.slot = slot;
  data.source.epoch = epochOf(slot) - 1;
  data.target.epoch = epochOf(slot);
  return data;
}

function* duties(slot) {
  const { AttestationData } = ssz.phase0;
  const { SyncAggregatorSelectionData, ContributionAndProof } = ssz.altair;
  const slotJson = ssz.Slot.toJson(slot);

  const attestation = attestationData(slot);
  yield ofSlot(slot, "ATTESTATION", AttestationData, attestation, {
    attestation: AttestationData.toJson(attestation),
  });

  yield ofSlot(slot, "AGGREGATION_SLOT", ssz.Slot, slot, { aggregation_slot: { slot: slotJson } });

  const epoch = epochOf(slot);
  yield ofSlot(slot, "RANDAO_REVEAL", ssz.Epoch, epoch, {
    randao_reveal: { epoch: ssz.Epoch.toJson(epoch) },
  });

  const root = sample(ssz.Root);
  yield ofSlot(slot, "SYNC_COMMITTEE_MESSAGE", ssz.Root, root, {
    sync_committee_message: { beacon_block_root: ssz.Root.toJson(root), slot: slotJson },
  });

  const selection = { ...sample(SyncAggregatorSelectionData), slot };
  yield ofSlot(slot, "SYNC_COMMITTEE_SELECTION_PROOF", SyncAggregatorSelectionData, selection, {
    sync_aggregator_selection_data: SyncAggregatorSelectionData.toJson(selection),
  });

  const contribution = sample(ContributionAndProof);
  contribution.contribution.slot = slot;
  yield ofSlot(slot, "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF", ContributionAndProof, contribution, {
    contribution_and_proof: ContributionAndProof.toJson(contribution),
  });
}

function* dutiesSinceGloas(fork) {
  const slot = slotIn(fork);
  const version = fork.toUpperCase();
  const { ExecutionPayloadBid, ExecutionPayloadEnvelope } = sszTypesFor(fork);
  const { PayloadAttestationData, ProposerPreferences } = sszTypesFor(fork);

  // a builder's, not Lodestar's
  const bid = { ...sample(ExecutionPayloadBid), slot };
  yield ofSlot(slot, `EXECUTION_PAYLOAD_BID/${version}`, ExecutionPayloadBid, bid, {
    execution_payload_bid: { version, data: ExecutionPayloadBid.toJson(bid) },
  });

  const envelope = sample(ExecutionPayloadEnvelope);
  envelope.payload.slotNumber = slot;
  const envelopeName = `EXECUTION_PAYLOAD_ENVELOPE/${version}`;
  yield ofSlot(slot, envelopeName, ExecutionPayloadEnvelope, envelope, {
    execution_payload_envelope: { version, data: ExecutionPayloadEnvelope.toJson(envelope) },
  });

  const attestation = { ...sample(PayloadAttestationData), slot };
  const attestationName = `PAYLOAD_ATTESTATION_MESSAGE/${version}`;
  yield ofSlot(slot, attestationName, PayloadAttestationData, attestation, {
    payload_attestation_message: { version, data: PayloadAttestationData.toJson(attestation) },
  });

  const preferences = { ...sample(ProposerPreferences), proposalSlot: slot };
  yield ofSlot(slot, `PROPOSER_PREFERENCES/${version}`, ProposerPreferences, preferences, {
    proposer_preferences: { version, data: ProposerPreferences.toJson(preferences) },
  });
}

// remote-signing-api has none yet: wrapped as it wraps others, and bare as Lodestar once sent it
function* inclusionLists(fork) {
  const slot = slotIn(fork);
  const version = fork.toUpperCase();
  const { InclusionList } = sszTypesFor(fork);
  const list = { ...sample(InclusionList), slot };
  const data = InclusionList.toJson(list);
  const name = `INCLUSION_LIST/${version}`;
  yield ofSlot(slot, name, InclusionList, list, { inclusion_list: { version, data } });
  yield ofSlot(slot, `${name}/bare`, InclusionList, list, { inclusion_list: data });
}

// Signed for the genesis fork of a chain without validators, so that they need no fork_info
function* registrations() {
  const { ValidatorRegistrationV1 } = ssz.bellatrix;
  const registration = sample(ValidatorRegistrationV1);
  yield ofNoFork("VALIDATOR_REGISTRATION", ValidatorRegistrationV1, registration, {
    validator_registration: ValidatorRegistrationV1.toJson(registration),
  });

  const { DepositMessage } = ssz.phase0;
  const deposit = sample(DepositMessage);
  const genesis_fork_version = ssz.Version.toJson(config.GENESIS_FORK_VERSION);
  yield ofNoFork("DEPOSIT", DepositMessage, deposit, {
    deposit: { ...DepositMessage.toJson(deposit), genesis_fork_version },
  });

  const { BuilderRequestAuth } = ssz.gloas;
  const auth = { data: sample(ssz.Root), slot: slotIn("gloas") }; // `data` must not be empty
  yield ofNoFork("BUILDER_REQUEST_AUTH", BuilderRequestAuth, auth, {
    builder_request_auth: { version: "GLOAS", data: BuilderRequestAuth.toJson(auth) },
  });
}
