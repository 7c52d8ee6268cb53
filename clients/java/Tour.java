import com.edugate.v1.AllocateAssignmentsRequest;
import com.edugate.v1.AssignmentServiceGrpc;
import com.edugate.v1.CatalogItem;
import com.edugate.v1.CatalogServiceGrpc;
import com.edugate.v1.CreateTranscriptRequest;
import com.edugate.v1.DownloadTranscriptFilesRequest;
import com.edugate.v1.DownloadTranscriptFilesResponse;
import com.edugate.v1.Enrollment;
import com.edugate.v1.EnrollmentServiceGrpc;
import com.edugate.v1.ListEnrollmentsRequest;
import com.edugate.v1.ListEnrollmentsResponse;
import com.edugate.v1.ReasonCode;
import com.edugate.v1.SourceDocument;
import com.edugate.v1.StreamCatalogItemsRequest;
import com.edugate.v1.Transcript;
import com.edugate.v1.TranscriptEvent;
import com.edugate.v1.TranscriptEventType;
import com.edugate.v1.TranscriptServiceGrpc;
import com.edugate.v1.TranscriptSource;
import com.edugate.v1.UnreachableDetail;
import com.edugate.v1.VerifyEnrollmentRequest;
import com.edugate.v1.WatchTranscriptEventsRequest;
import com.google.protobuf.util.Timestamps;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractBlockingStub;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A tour of edugate: lists, a verification, a stream, a download, errors and events. */
public final class Tour {
  private static final String CATALOG = "connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94";
  private static final String TRANSCRIPT = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2";

  private final Channel channel;

  private Tour(Channel channel) {
    this.channel = channel;
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = parse(arguments);
    if (!options.containsKey("--target")) throw new IllegalArgumentException("--target is missing");
    String tokenFile = options.get("--token-file");
    if (tokenFile != null && !options.containsKey("--tls-ca")) {
      throw new IllegalArgumentException("a token goes over TLS alone: --tls-ca is missing");
    }
    ManagedChannel opened =
        Channels.open(options.get("--target"), options.get("--tls-ca"), options.get("--service-config"));
    try {
      Channel channel = tokenFile == null ? opened : Channels.withTokenFile(opened, Path.of(tokenFile));
      new Tour(channel).run(Path.of(options.getOrDefault("--download", "transcript.zip")));
    } catch (StatusRuntimeException error) {
      System.err.println(Failure.of(error).reason() + ": " + error.getMessage());
      System.exit(1);
    } finally {
      opened.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private void run(Path downloaded) throws Exception {
    listAcrossConnections();
    verify();
    streamCatalog();
    download(downloaded);
    readErrors();
    waitAndTryAgain();
    meetADeadline();
    watchEvents();
  }

  /** Every call has a deadline: edugate gives the provider up when it has passed. */
  private static <S extends AbstractBlockingStub<S>> S within(long seconds, S stub) {
    return stub.withDeadlineAfter(seconds, TimeUnit.SECONDS);
  }

  /** Gives a list's pages to the last. */
  private void enrollmentPages(String parent, Consumer<ListEnrollmentsResponse> use) {
    var stub = EnrollmentServiceGrpc.newBlockingStub(channel);
    var request = ListEnrollmentsRequest.newBuilder().setParent(parent).setPageSize(200);
    do {
      ListEnrollmentsResponse page = within(30, stub).listEnrollments(request.build());
      use.accept(page);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
  }

  private void listAcrossConnections() {
    var counts = new TreeMap<String, Integer>();
    var unreachable = new TreeMap<String, String>();
    enrollmentPages(
        "connections/-",
        page -> {
          for (Enrollment each : page.getEnrollmentsList()) {
            counts.merge(each.getName().split("/enrollments/")[0], 1, Integer::sum);
          }
          // Whose records the page lacks, and why.
          for (UnreachableDetail each : page.getUnreachableDetailsList()) {
            unreachable.put(each.getConnection(), each.getReason());
          }
        });
    counts.forEach((connection, count) -> System.out.println(connection + ": " + count + " enrollments"));
    unreachable.forEach((connection, why) -> System.out.println(connection + ": not reached, " + why));
  }

  private void verify() {
    var request =
        VerifyEnrollmentRequest.newBuilder()
            .setParent("connections/m1")
            .setDataRequest("dr_TSEne2SSjP3GvpVrs5HLol4xor2")
            .setWait(true) // until the provider has an answer, or the deadline has passed
            .build();
    var verification = within(30, EnrollmentServiceGrpc.newBlockingStub(channel)).verifyEnrollment(request);
    System.out.println("verification: " + verification.getResult());
    for (var finding : verification.getFindingsList()) {
      String day = Timestamps.toString(finding.getAsOfTime()).substring(0, 10);
      String codes = finding.getReasonCodesList().stream().map(ReasonCode::getCode).collect(Collectors.joining(" "));
      System.out.println("  as of " + day + ": " + codes);
    }
  }

  private void streamCatalog() {
    var request = StreamCatalogItemsRequest.newBuilder().setParent(CATALOG).build();
    var kinds = new TreeMap<String, Integer>();
    Iterator<CatalogItem> items =
        within(300, CatalogServiceGrpc.newBlockingStub(channel)).streamCatalogItems(request);
    while (items.hasNext()) {
      kinds.merge(items.next().getItemCase().name().toLowerCase(), 1, Integer::sum);
    }
    System.out.println(
        "catalog: "
            + kinds.entrySet().stream()
                .map(each -> each.getValue() + " " + each.getKey())
                .collect(Collectors.joining(", ")));
  }

  private void download(Path path) throws IOException {
    var request = DownloadTranscriptFilesRequest.newBuilder().setName(TRANSCRIPT).build();
    Iterator<DownloadTranscriptFilesResponse> parts =
        within(300, TranscriptServiceGrpc.newBlockingStub(channel)).downloadTranscriptFiles(request);
    long size = 0;
    try (OutputStream file = Files.newOutputStream(path)) {
      while (parts.hasNext()) {
        DownloadTranscriptFilesResponse part = parts.next();
        if (part.hasInfo()) {
          System.out.println("download: " + part.getInfo().getFileName() + ", " + part.getInfo().getContentType());
        }
        part.getChunk().writeTo(file);
        size += part.getChunk().size();
      }
    }
    System.out.println("  " + size + " bytes");
  }

  private void readErrors() {
    var stub = EnrollmentServiceGrpc.newBlockingStub(channel);
    var requests =
        List.of(
            ListEnrollmentsRequest.newBuilder().setParent("connections/tms").setPageSize(-1).build(),
            ListEnrollmentsRequest.newBuilder().setParent("connections/nobody").build());
    for (ListEnrollmentsRequest request : requests) {
      try {
        within(30, stub).listEnrollments(request);
      } catch (StatusRuntimeException error) {
        var failure = Failure.of(error);
        System.out.println("refused: " + failure.code() + " " + failure.reason());
        for (var each : failure.fields()) {
          System.out.println("  " + each.getField() + ": " + each.getDescription());
        }
      }
    }
  }

  private void waitAndTryAgain() throws InterruptedException {
    var stub = AssignmentServiceGrpc.newBlockingStub(channel);
    var request =
        AllocateAssignmentsRequest.newBuilder()
            .setParent("connections/edx/policies/policy-locked")
            .addLearnerEmails("learner@example.org")
            .setContentKey("SandX+C001")
            .setContentPriceCents(1000)
            .build();
    try {
      Failure.withRetries(
          () -> within(30, stub).allocateAssignments(request),
          2,
          failure -> System.out.println("locked: again in " + failure.retryDelay().get().toSeconds() + " s"));
    } catch (StatusRuntimeException error) {
      var failure = Failure.of(error);
      System.out.println("gave up: " + failure.code() + " " + failure.reason());
    }
  }

  private void meetADeadline() {
    // A watch has no end of its own.
    var watch =
        TranscriptServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
            .watchTranscriptEvents(watchRequest());
    try {
      watch.forEachRemaining(event -> {});
    } catch (StatusRuntimeException error) {
      System.out.println("deadline: " + error.getStatus().getCode());
    }
  }

  private void watchEvents() {
    var stub = TranscriptServiceGrpc.newBlockingStub(channel);
    var document =
        SourceDocument.newBuilder()
            .setUri("https://school.example/transcript.pdf")
            .setMediaType("application/pdf")
            .setHttpMethod("GET");
    var transcript =
        Transcript.newBuilder()
            .setExternalId("student-1")
            .addSources(TranscriptSource.newBuilder().setDocument(document));
    Transcript created =
        within(30, stub)
            .createTranscript(
                CreateTranscriptRequest.newBuilder().setParent("connections/m1").setTranscript(transcript).build());
    // A program that goes on watching keeps the last event's resume token, and begins with it after a failure.
    try (var watching = Context.current().withCancellation()) {
      watching.run(
          () -> {
            Iterator<TranscriptEvent> events = within(30, stub).watchTranscriptEvents(watchRequest());
            while (events.hasNext()) {
              TranscriptEvent event = events.next();
              if (!event.getTranscript().equals(created.getName())) continue;
              System.out.println("event: " + event.getProviderType());
              if (event.getType() == TranscriptEventType.TRANSCRIPT_EVENT_TYPE_PROCESSED) break;
            }
          });
    }
  }

  private static WatchTranscriptEventsRequest watchRequest() {
    return WatchTranscriptEventsRequest.newBuilder().setParent("connections/m1").build();
  }

  private static Map<String, String> parse(String[] arguments) {
    if (arguments.length % 2 != 0) throw new IllegalArgumentException("options come as --NAME VALUE");
    var options = new HashMap<String, String>();
    for (int i = 0; i < arguments.length; i += 2) options.put(arguments[i], arguments[i + 1]);
    return options;
  }
}
