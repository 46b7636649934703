import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value of a type of consensus-specs' ssz/simple-serialize.md: its JSON, and its hash tree root.
 * Knows no container by name.
 */
record Ssz(Object json, byte[] root) {
  private static final int CHUNK = 32; // bytes

  static Ssz uint64(long value) {
    byte[] bytes = new byte[Long.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (value >>> (Byte.SIZE * i));
    }
    return new Ssz(Long.toUnsignedString(value), bytes(bytes).root);
  }

  /** A vector of bytes, of this length. */
  static Ssz bytes(byte[] bytes) {
    List<byte[]> chunks = chunks(bytes);
    return new Ssz(hex(bytes), merkleize(chunks, chunks.size()));
  }

  @SafeVarargs
  static Ssz container(Map.Entry<String, Ssz>... fields) {
    List<Map.Entry<String, Ssz>> listed = new ArrayList<>();
    for (Map.Entry<String, Ssz> field : fields) {
      listed.add(field);
    }
    return container(listed);
  }

  static Ssz container(List<Map.Entry<String, Ssz>> fields) {
    Map<String, Object> json = new LinkedHashMap<>();
    fields.forEach(field -> json.put(field.getKey(), field.getValue().json));
    return new Ssz(json, vector(fields.stream().map(Map.Entry::getValue).toList()).root);
  }

  /** A vector of what is not basic, such as of containers. */
  static Ssz vector(List<Ssz> elements) {
    return new Ssz(
        elements.stream().map(Ssz::json).toList(), merkleize(roots(elements), elements.size()));
  }

  /** A list of what is not basic. */
  static Ssz list(long limit, Ssz... elements) {
    List<Ssz> listed = List.of(elements);
    byte[] contents = merkleize(roots(listed), limit);
    return new Ssz(vector(listed).json, mixInLength(contents, listed.size()));
  }

  static Ssz uint64List(long limit, long... values) {
    byte[] packed = new byte[values.length * Long.BYTES];
    List<Object> json = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      System.arraycopy(uint64(values[i]).root, 0, packed, i * Long.BYTES, Long.BYTES);
      json.add(Long.toUnsignedString(values[i]));
    }
    byte[] contents = merkleize(chunks(packed), limit * Long.BYTES / CHUNK);
    return new Ssz(json, mixInLength(contents, values.length));
  }

  static Ssz bitvector(int length, int... set) {
    return bytes(bits(length, set));
  }

  static Ssz bitlist(int limit, int length, int... set) {
    int chunks = (limit + CHUNK * Byte.SIZE - 1) / (CHUNK * Byte.SIZE);
    byte[] contents = merkleize(chunks(bits(length, set)), chunks);
    // in JSON, as in serialized form, one bit more says where the list ends
    int[] delimited = Arrays.copyOf(set, set.length + 1);
    delimited[set.length] = length;
    return new Ssz(hex(bits(length + 1, delimited)), mixInLength(contents, length));
  }

  static String hex(byte[] bytes) {
    return "0x" + HexFormat.of().formatHex(bytes);
  }

  static byte[] unhex(String digits) {
    return HexFormat.of().parseHex(digits.replaceFirst("^0x", ""));
  }

  private static byte[] bits(int length, int... set) {
    BitSet bits = new BitSet(length);
    Arrays.stream(set).forEach(bits::set);
    return Arrays.copyOf(bits.toByteArray(), (length + Byte.SIZE - 1) / Byte.SIZE);
  }

  private static List<byte[]> chunks(byte[] bytes) {
    List<byte[]> chunks = new ArrayList<>();
    for (int start = 0; start < bytes.length; start += CHUNK) {
      chunks.add(Arrays.copyOfRange(bytes, start, start + CHUNK)); // copies zeros behind the end
    }
    return chunks;
  }

  private static List<byte[]> roots(List<Ssz> elements) {
    return elements.stream().map(Ssz::root).toList();
  }

  private static byte[] mixInLength(byte[] root, long length) {
    return sha256(root, uint64(length).root);
  }

  /** merkleize(chunks, limit): the root of a tree as wide as the limit, with zeros on the right. */
  private static byte[] merkleize(List<byte[]> chunks, long limit) {
    List<byte[]> layer = chunks;
    byte[] zero = new byte[CHUNK]; // the root of a subtree of zeros, as high as the layer
    for (long width = 1; width < limit; width *= 2) {
      List<byte[]> above = new ArrayList<>();
      for (int i = 0; i < layer.size(); i += 2) {
        above.add(sha256(layer.get(i), i + 1 < layer.size() ? layer.get(i + 1) : zero));
      }
      layer = above;
      zero = sha256(zero, zero);
    }
    return layer.isEmpty() ? zero : layer.get(0);
  }

  private static byte[] sha256(byte[] left, byte[] right) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(left);
      return digest.digest(right);
    } catch (NoSuchAlgorithmException absent) {
      throw new AssertionError(absent); // every Java platform has it
    }
  }
}
