// py3signer as a container of Testcontainers (org.testcontainers:testcontainers:2.0.5).
// Not run by this project's tests, which check every flag.
//
// First build the image, in py3signer's folder:
//   docker build --file docs/container/Containerfile --tag py3signer .
// Then: try (SignerContainer signer = new SignerContainer()) { signer.start(); signer.url() ... }
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

public class SignerContainer extends GenericContainer<SignerContainer> {
  private static final int PORT = 9000;

  public SignerContainer() {
    super("py3signer");
    withCreateContainerCmdModifier(command -> command.withEntrypoint("signer"));
    withCommand(
        "serve",
        "--interop=4",
        "--host=0.0.0.0",
        "--no-keymanager", // it would need a token, because other machines can connect
        "--control",
        "--control-anywhere"); // the test is outside of the container
    withExposedPorts(PORT);
    waitingFor(Wait.forHttp("/healthcheck").forPort(PORT));
  }

  public String url() {
    return "http://" + getHost() + ":" + getMappedPort(PORT);
  }
}
