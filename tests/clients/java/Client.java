import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import supranational.blst.BLST_ERROR;
import supranational.blst.P1_Affine;
import supranational.blst.P2_Affine;

/** Speaks to a signer as Teku does: its URL and a public key in, a line of JSON per message out. */
final class Client {
  private static final String CIPHERSUITE = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
  private static final Duration TIMEOUT = Duration.ofSeconds(5); // Teku's
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI url;
  private final String pubkey;

  private Client(String url, String pubkey) {
    this.url = URI.create(url);
    this.pubkey = pubkey;
  }

  public static void main(String[] arguments) throws JsonProcessingException {
    Client client = new Client(arguments[0], arguments[1]);
    try {
      client.start();
      List<CompletableFuture<Map<String, Object>>> signed =
          Messages.all().stream().map(client::sign).toList(); // all at once, as duties of a slot
      for (CompletableFuture<Map<String, Object>> answer : signed) {
        System.out.println(JSON.writeValueAsString(answer.join()));
      }
    } catch (CompletionException failed) {
      System.err.println(failed.getCause());
      System.exit(1);
    }
  }

  /** What Teku does before its first duty: asks whether the signer is up, and for its keys. */
  private void start() throws JsonProcessingException {
    ask("upcheck", HttpRequest.newBuilder(url.resolve("/upcheck"))).join();
    HttpRequest.Builder request = HttpRequest.newBuilder(url.resolve("/api/v1/eth2/publicKeys"));
    String[] pubkeys = JSON.readValue(ask("publicKeys", request).join().body(), String[].class);
    if (!List.of(pubkeys).contains(pubkey)) {
      throw new IllegalArgumentException("expected " + pubkey + " among " + List.of(pubkeys));
    }
  }

  private CompletableFuture<Map<String, Object>> sign(Message message) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url.resolve("/api/v1/eth2/sign/" + pubkey))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(written(message.request())));
    return ask(message.name(), request)
        .thenApply(answer -> signed(message, signatureIn(answer)));
  }

  private Map<String, Object> signed(Message message, String signature) {
    return Map.of(
        "type", message.name(),
        "signing_root", Ssz.hex(message.signingRoot()),
        "signature", signature,
        "verified", verify(Ssz.unhex(pubkey), message.signingRoot(), Ssz.unhex(signature)));
  }

  /** Completes with an answer of 200, or exceptionally with what was answered to `what` instead. */
  private static CompletableFuture<HttpResponse<String>> ask(
      String what, HttpRequest.Builder request) {
    return HTTP.sendAsync(request.timeout(TIMEOUT).build(), BodyHandlers.ofString())
        .thenApply(
            answer -> {
              if (answer.statusCode() != 200) {
                String found = answer.statusCode() + ": " + answer.body();
                throw new IllegalStateException(what + ": expected 200, found " + found);
              }
              return answer;
            });
  }

  /** Without an Accept header the answer may be either; what it is decides the content type. */
  private static String signatureIn(HttpResponse<String> answer) {
    String contentType = answer.headers().firstValue("Content-Type").orElse("");
    if (!contentType.startsWith("application/json")) {
      return answer.body();
    }
    try {
      return JSON.readTree(answer.body()).get("signature").textValue();
    } catch (JsonProcessingException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  private static String written(Map<String, Object> request) {
    try {
      return JSON.writeValueAsString(request);
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private static boolean verify(byte[] pubkey, byte[] signingRoot, byte[] signature) {
    BLST_ERROR error =
        new P2_Affine(signature)
            .core_verify(new P1_Affine(pubkey), true, signingRoot, CIPHERSUITE);
    return error == BLST_ERROR.BLST_SUCCESS;
  }
}
