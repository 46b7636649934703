import java.io.IOException;
import java.net.URI;
import java.net.http.*;
import java.util.*;
import java.util.regex.*;

/** A running py3signer, for a test. Copy this file. It stops by close(), or when the JVM ends. */
public final class Signer implements AutoCloseable {
  public final String url; // of Web3Signer's API, such as http://127.0.0.1:41234
  public final List<String> keys = new ArrayList<>(); // public keys, as hex
  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;

  /** Starts a signer with flags of `signer serve`. SIGNER_COMMAND (split at spaces) replaces it. */
  public Signer(String... flags) throws Exception {
    String own = " serve --control --port 0 --ready-json --exit-with-parent --no-metrics --quiet";
    String program = System.getenv().getOrDefault("SIGNER_COMMAND", "signer");
    var command = new ArrayList<>(List.of((program + own).split(" ")));
    command.addAll(List.of(flags));
    try { // standard input is a pipe: the signer stops when it closes
      process = new ProcessBuilder(command).start();
    } catch (IOException error) {
      throw new IOException(error.getMessage() + ": install py3signer, or set SIGNER_COMMAND");
    }
    String line = process.inputReader().readLine();
    if (line == null) throw new IOException(ended());
    url = (String) ((Map<?, ?>) next(TOKEN.matcher(line))).get("url");
    for (Object key : (List<?>) control("GET", "/keys", "")) keys.add((String) key);
  }

  /** Stops the signer, and waits for its end. */
  @Override
  public void close() throws Exception {
    process.getOutputStream().close();
    if (process.waitFor() != 0) throw new IOException(ended());
  }

  /** Sets a fault, such as {"type": "ATTESTATION", "status": 412}, and returns its id. */
  public long fault(String fault) throws Exception {
    return (Long) ((Map<?, ?>) control("POST", "/faults", fault)).get("id");
  }

  /** Returns the requests of a query, "type=ATTESTATION"; "&n=1&wait=5" waits 5 seconds for one.
   * Whole numbers are Long: assertEquals(412L, record.get("status")). Absent members are null. */
  @SuppressWarnings("unchecked")
  public List<Map<String, Object>> records(String query) throws Exception {
    return (List<Map<String, Object>>) control("GET", "/requests?" + query, "");
  }

  /** Forgets records, faults and signing histories. */
  public void reset() throws Exception {
    control("POST", "/reset", "");
  }

  private Object control(String method, String path, String body) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(url + "/_signer" + path));
    request.method(method, HttpRequest.BodyPublishers.ofString(body));
    var response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() == 200) return next(TOKEN.matcher(response.body()));
    throw new IOException(response + ": " + response.body());
  }

  private String ended() throws Exception {
    byte[] log = process.getErrorStream().readAllBytes();
    return "the signer ended with " + process.waitFor() + ": " + new String(log);
  }

  private static final Pattern TOKEN =
      Pattern.compile("[\\[\\]{}]|\"(?:[^\"\\\\]++|\\\\.)*+\"|[^\\s\\[\\]{},:\"]+");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(u....|.)");

  /** Reads the next value of JSON. The end of a list or a map is the matcher itself. */
  private static Object next(Matcher tokens) {
    tokens.find();
    String token = tokens.group();
    switch (token) {
      case "]", "}": return tokens;
      case "null": return null;
      case "true", "false": return token.equals("true");
      case "[":
        List<Object> list = new ArrayList<>();
        for (Object item; (item = next(tokens)) != tokens; ) list.add(item);
        return list;
      case "{":
        Map<Object, Object> map = new HashMap<>();
        for (Object name; (name = next(tokens)) != tokens; ) map.put(name, next(tokens));
        return map;
    }
    if (token.matches("-?\\d{1,18}")) return Long.valueOf(token);
    if (!token.startsWith("\"")) return Double.valueOf(token);
    return ESCAPE.matcher(token.substring(1, token.length() - 1)).replaceAll(Signer::unescaped);
  }

  private static String unescaped(MatchResult escape) {
    String code = escape.group(1);
    if (code.length() > 1) code = Character.toString(Integer.parseInt(code.substring(1), 16));
    else if ("bfnrt".contains(code)) code = ("\\" + code).translateEscapes();
    return Matcher.quoteReplacement(code);
  }
}
