import com.google.gson.Gson;
import io.grpc.CallCredentials;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executor;

/** A channel to edugate: where it is, who is calling, and what the channel does by itself. */
final class Channels {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private Channels() {}

  /**
   * Opens a channel. It connects with the first call, and again by itself whenever it must.
   *
   * @param target {@code HOST:PORT}, or {@code dns:///HOST:PORT} for all addresses of a name
   * @param tlsCa a PEM file with the authority that signs edugate's certificate; null: no TLS
   * @param serviceConfig a file with gRPC's service config, as deploy/service_config.json; may be null
   */
  static ManagedChannel open(String target, String tlsCa, String serviceConfig) throws IOException {
    var builder = NettyChannelBuilder.forTarget(target);
    if (tlsCa == null) {
      builder.usePlaintext();
    } else {
      builder.sslContext(GrpcSslContexts.forClient().trustManager(new File(tlsCa)).build());
    }
    if (serviceConfig != null) {
      @SuppressWarnings("unchecked")
      Map<String, ?> config = new Gson().fromJson(Files.readString(Path.of(serviceConfig)), Map.class);
      builder.defaultServiceConfig(config).enableRetry();
    }
    return builder.build();
  }

  /** The channel, with the token of a file for every call: whoever renews the token writes a new file. */
  static Channel withTokenFile(ManagedChannel channel, Path tokenFile) {
    CallCredentials credentials =
        new CallCredentials() {
          @Override
          public void applyRequestMetadata(RequestInfo request, Executor executor, MetadataApplier applier) {
            executor.execute(
                () -> {
                  try {
                    var headers = new Metadata();
                    headers.put(AUTHORIZATION, "Bearer " + Files.readString(tokenFile).strip());
                    applier.apply(headers);
                  } catch (IOException unreadable) {
                    applier.fail(Status.UNAUTHENTICATED.withCause(unreadable));
                  }
                });
          }

          @Override
          public void thisUsesUnstableApi() {}
        };
    ClientInterceptor adding =
        new ClientInterceptor() {
          @Override
          public <Q, P> io.grpc.ClientCall<Q, P> interceptCall(
              io.grpc.MethodDescriptor<Q, P> method, io.grpc.CallOptions options, Channel next) {
            return next.newCall(method, options.withCallCredentials(credentials));
          }
        };
    return ClientInterceptors.intercept(channel, adding);
  }
}
