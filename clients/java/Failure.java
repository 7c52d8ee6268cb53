import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What a failed call says besides its message.
 *
 * @param reason the name of an edugate.v1.ErrorReason without its prefix: what programs decide by. Empty of an error
 *     that edugate has not made, as when nobody listens
 * @param metadata what is variable in the message: connection, provider, operation, provider_status and others
 * @param fields which fields of the request are wrong, and in what
 * @param retryDelay how long to wait before the call is worth another try. Empty: nobody knows, or never
 */
record Failure(
    Status.Code code,
    String reason,
    Map<String, String> metadata,
    List<BadRequest.FieldViolation> fields,
    Optional<Duration> retryDelay) {

  /** Reads the google.rpc.Status that comes in the trailing metadata of every error of edugate. */
  static Failure of(StatusRuntimeException error) {
    var info = ErrorInfo.getDefaultInstance();
    var request = BadRequest.getDefaultInstance();
    Optional<Duration> retryDelay = Optional.empty();
    try {
      for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          info = detail.unpack(ErrorInfo.class);
        } else if (detail.is(BadRequest.class)) {
          request = detail.unpack(BadRequest.class);
        } else if (detail.is(RetryInfo.class)) {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          retryDelay = Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
        }
      }
    } catch (InvalidProtocolBufferException malformed) {
      throw new IllegalStateException("edugate's details can't be read", malformed);
    }
    return new Failure(
        error.getStatus().getCode(),
        info.getReason(),
        info.getMetadataMap(),
        request.getFieldViolationsList(),
        retryDelay);
  }

  /**
   * Makes a call again after the time that its failure names, for what the channel doesn't retry by itself. A failure
   * without such a time is final: another attempt would end as this one did.
   */
  static <T> T withRetries(Supplier<T> call, int attempts, Consumer<Failure> onWait) throws InterruptedException {
    for (int attempt = 1; ; ++attempt) {
      try {
        return call.get();
      } catch (StatusRuntimeException error) {
        var failure = of(error);
        if (failure.retryDelay().isEmpty() || attempt == attempts) throw error;
        onWait.accept(failure);
        Thread.sleep(failure.retryDelay().get().toMillis());
      }
    }
  }
}
