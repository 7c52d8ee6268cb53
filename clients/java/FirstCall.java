import com.edugate.v1.EnrollmentServiceGrpc;
import com.edugate.v1.ListEnrollmentsRequest;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;

public final class FirstCall {
  public static void main(String[] arguments) {
    var channel = NettyChannelBuilder.forTarget(arguments[0]).usePlaintext().build();
    var stub = EnrollmentServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
    var request = ListEnrollmentsRequest.newBuilder().setParent("connections/-").setPageSize(3).build();
    for (var each : stub.listEnrollments(request).getEnrollmentsList()) {
      System.out.println(each.getName() + " " + each.getProviderStatus());
    }
    channel.shutdownNow();
  }
}
