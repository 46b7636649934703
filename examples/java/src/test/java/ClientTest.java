import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

class ClientTest {
  private static final String BLOCK_ROOT = "0x" + "11".repeat(32);
  private static final String ATTESTATION =
      """
      {
        "type": "ATTESTATION",
        "fork_info": {
          "fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "0"},
          "genesis_validators_root": "%s"
        },
        "attestation": {
          "slot": "32",
          "index": "0",
          "beacon_block_root": "%s",
          "source": {"epoch": "0", "root": "%s"},
          "target": {"epoch": "1", "root": "%s"}
        }
      }
      """
          .formatted("0x" + "33".repeat(32), BLOCK_ROOT, "0x" + "22".repeat(32), BLOCK_ROOT);

  /** Stands for your client: asks once more if the signer is unavailable, returns the status. */
  private static int attest(String url, String key) throws IOException, InterruptedException {
    int status = post(url, key);
    return status == 503 ? post(url, key) : status;
  }

  private static int post(String url, String key) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + "/api/v1/eth2/sign/" + key))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(ATTESTATION))
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).statusCode();
  }

  @Test
  void aClientAttests() throws Exception {
    try (Signer signer = new Signer("--interop", "2")) {
      String key = signer.keys.get(1);

      assertEquals(200, attest(signer.url, key));

      var records = signer.records("type=ATTESTATION");
      assertEquals(1, records.size());
      assertEquals(key, records.get(0).get("pubkey"));
      assertTrue(records.get(0).containsKey("signature"));
    }
  }

  @Test
  void aClientDoesNotRetryARefusal() throws Exception {
    try (Signer signer = new Signer("--interop", "2")) {
      long fault = signer.fault("{\"type\": \"ATTESTATION\", \"status\": 412, \"times\": 1}");

      assertEquals(412, attest(signer.url, signer.keys.get(0)));

      var records = signer.records("type=ATTESTATION");
      assertEquals(1, records.size());
      assertEquals(fault, records.get(0).get("fault"));
    }
  }

  @Test
  void aClientRetriesAnUnavailableSigner() throws Exception {
    try (Signer signer = new Signer("--interop", "2")) {
      signer.fault("{\"type\": \"ATTESTATION\", \"status\": 503, \"times\": 1}");

      assertEquals(200, attest(signer.url, signer.keys.get(0)));

      var records = signer.records("type=ATTESTATION");
      assertEquals(2, records.size());
      assertEquals(503L, records.get(0).get("status"));
      assertEquals(200L, records.get(1).get("status"));
    }
  }
}
