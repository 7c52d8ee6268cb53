import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.protobuf.Any;
import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorDetailsProto;
import com.google.rpc.Status;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The conformance client in Java: Debian's grpc-java with generated stubs (../conformance/testee.py). */
public final class Testee {
  /** What the client is told, a line of JSON. */
  private static final class Call {
    String address;
    String method;
    List<JsonElement> requests = List.of();
    Map<String, String> metadata = Map.of();
    long timeoutMs;
    int cancelAfter;
    String serviceConfig = "";
  }

  /** What it says, a line of JSON. */
  private static final class Outcome {
    String code;
    String message = "";
    List<JsonElement> details = new ArrayList<>();
    Map<String, String> trailers = new HashMap<>();
    List<JsonElement> replies = new ArrayList<>();
    long elapsedMs;
  }

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          com.edugate.v1.AssignmentServiceGrpc.getServiceDescriptor(),
          com.edugate.v1.CatalogServiceGrpc.getServiceDescriptor(),
          com.edugate.v1.ConnectionServiceGrpc.getServiceDescriptor(),
          com.edugate.v1.EnrollmentServiceGrpc.getServiceDescriptor(),
          com.edugate.v1.LicenseServiceGrpc.getServiceDescriptor(),
          com.edugate.v1.TranscriptServiceGrpc.getServiceDescriptor());

  // What an Any may hold: details of errors, and the providers' own records.
  private static final JsonFormat.TypeRegistry TYPES = registry(
      ErrorDetailsProto.getDescriptor(),
      com.edugate.provider.class_enrollment.v2.ClassEnrollmentProto.getDescriptor(),
      com.edugate.provider.edx_enterprise.v1.EdxEnterpriseProto.getDescriptor(),
      com.edugate.provider.measureone.v2.MeasureoneProto.getDescriptor(),
      com.edugate.provider.openapply.v3.OpenapplyProto.getDescriptor());

  private final Gson gson = new GsonBuilder().disableHtmlEscaping().create();
  private final JsonFormat.Printer printer = JsonFormat.printer().usingTypeRegistry(TYPES);
  private final JsonFormat.Parser parser = JsonFormat.parser().usingTypeRegistry(TYPES);
  private final Map<String, ManagedChannel> channels = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    new Testee().run();
  }

  private void run() throws Exception {
    var calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var outcomes = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = calls.readLine(); line != null; line = calls.readLine()) {
      outcomes.println(gson.toJson(makeCall(gson.fromJson(line, Call.class))));
    }
    for (ManagedChannel channel : channels.values()) {
      channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }

  private ManagedChannel channelFor(Call call) {
    return channels.computeIfAbsent(
        call.address + " " + call.serviceConfig,
        key -> {
          var builder = NettyChannelBuilder.forTarget(call.address).usePlaintext();
          if (call.serviceConfig.isEmpty()) return builder.disableRetry().build();
          // Of numbers, the channel takes doubles only: what Gson makes of a Map is just that.
          @SuppressWarnings("unchecked")
          Map<String, ?> config = gson.fromJson(call.serviceConfig, Map.class);
          return builder.enableRetry().defaultServiceConfig(config).build();
        });
  }

  @SuppressWarnings("unchecked")
  private static MethodDescriptor<Message, Message> methodOf(String name) {
    return SERVICES.stream()
        .flatMap(service -> service.getMethods().stream())
        .filter(method -> method.getFullMethodName().equals(name))
        .map(method -> (MethodDescriptor<Message, Message>) method)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no method " + name));
  }

  private Outcome makeCall(Call asked) throws Exception {
    MethodDescriptor<Message, Message> method = methodOf(asked.method);
    var headers = new Metadata();
    asked.metadata.forEach(
        (key, value) -> headers.put(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER), value));
    var prototype =
        ((MethodDescriptor.PrototypeMarshaller<Message>) method.getRequestMarshaller()).getMessagePrototype();
    var requests = new ArrayList<Message>();
    for (JsonElement each : asked.requests) {
      Message.Builder builder = prototype.newBuilderForType();
      parser.merge(each.toString(), builder);
      requests.add(builder.build());
    }

    long start = System.nanoTime();
    ClientCall<Message, Message> call =
        channelFor(asked)
            .newCall(method, CallOptions.DEFAULT.withDeadlineAfter(asked.timeoutMs, TimeUnit.MILLISECONDS));
    var outcome = new Outcome();
    var ended = new CompletableFuture<Outcome>();
    call.start(
        new ClientCall.Listener<Message>() {
          @Override
          public void onMessage(Message reply) {
            outcome.replies.add(toJson(reply));
            if (outcome.replies.size() == asked.cancelAfter) {
              call.cancel("enough", null);
            } else {
              call.request(1);
            }
          }

          @Override
          public void onClose(io.grpc.Status status, Metadata trailers) {
            outcome.elapsedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            describe(status, trailers, outcome);
            ended.complete(outcome);
          }
        },
        headers);
    call.request(1);
    for (Message request : requests) call.sendMessage(request);
    call.halfClose();
    return ended.get();
  }

  private void describe(io.grpc.Status status, Metadata trailers, Outcome outcome) {
    outcome.code = status.getCode().name();
    outcome.message = status.getDescription() == null ? "" : status.getDescription();
    for (String key : trailers.keys()) {
      if (key.endsWith("-bin")) continue;
      outcome.trailers.put(key, trailers.get(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER)));
    }
    byte[] details = trailers.get(DETAILS);
    if (details == null) return;
    try {
      for (Any detail : Status.parseFrom(details).getDetailsList()) outcome.details.add(toJson(detail));
    } catch (IOException malformed) {
      throw new IllegalStateException(malformed);
    }
  }

  private JsonElement toJson(MessageOrBuilder message) {
    try {
      return JsonParser.parseString(printer.print(message));
    } catch (IOException malformed) {
      throw new IllegalStateException(malformed);
    }
  }

  private static JsonFormat.TypeRegistry registry(Descriptors.FileDescriptor... files) {
    var registry = JsonFormat.TypeRegistry.newBuilder();
    for (Descriptors.FileDescriptor file : files) registry.add(file.getMessageTypes());
    return registry.build();
  }
}
