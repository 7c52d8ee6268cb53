// Where a connection's requests may go, through the whole program.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/certificate.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

std::string ConnectionTo(const std::string& id, const std::string& base_url) {
  return absl::StrCat("  - id: ", id, "\n    provider: openapply\n    base_url: ", base_url,
                      "\n    auth: { bearer: { value: canary-token } }\n");
}

// The status of a list of the connection's enrollments.
grpc::Status ListOf(Deployment& deployment, const std::string& connection, Failure* failure) {
  v1::ListEnrollmentsRequest request;
  request.set_parent(absl::StrCat("connections/", connection));
  v1::ListEnrollmentsResponse response;
  const auto context = Context();
  const grpc::Status status =
      deployment.enrollments().ListEnrollments(context.get(), request, &response);
  *failure = FailureOf(status, *context);
  return status;
}

// Whether the address was the reason: nobody may be there, or speak TLS, either.
::testing::AssertionResult IsRefusedAddress(const grpc::Status& status) {
  if (absl::StrContains(status.error_message(), "the host's address is not allowed")) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << status.error_message();
}

TEST(EgressTest, APrivateAddressIsNotReached) {
  Deployment deployment(
      {.more_connections = absl::StrCat(ConnectionTo("metadata", "https://169.254.169.254"),
                                        ConnectionTo("intranet", "https://10.0.0.1"),
                                        ConnectionTo("mapped", "https://[::ffff:10.0.0.1]"))});
  for (const char* id : {"metadata", "intranet", "mapped"}) {
    Failure failure;
    const grpc::Status status = ListOf(deployment, id, &failure);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << id;
    EXPECT_EQ(failure.reason, "PROVIDER_UNAVAILABLE") << id;
    EXPECT_TRUE(IsRefusedAddress(status)) << id;
  }
}

TEST(EgressTest, ThisMachineIsReachedByTheConnectionThatNamesItAlone) {
  sandbox::Options options;
  Deployment deployment({.adjust =
                             [](v1::Config& config) {
                               // The sandbox's own address, in a spelling that names no loopback
                               // address.
                               v1::ConnectionConfig& other = *config.add_connections();
                               other = config.connections(0);
                               other.set_id("other");
                               other.set_base_url(absl::StrReplaceAll(
                                   other.base_url(), {{"http://127.0.0.1", "https://2130706433"}}));
                             },
                         .sandbox = options});
  Failure failure;
  EXPECT_TRUE(ListOf(deployment, "oa", &failure).ok());
  const grpc::Status status = ListOf(deployment, "other", &failure);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(IsRefusedAddress(status));
}

// A port that nobody listens on at the moment.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

// nginx with TLS and HTTP/2 in front of the sandbox's OpenApply.
class Nginx {
 public:
  Nginx(const std::string& provider_url, const Certificate& certificate)
      : port_(FreePort()), log_(folder_.path() + "/access.log") {
    const std::string config = folder_.Write(
        "nginx.conf",
        absl::StrCat("daemon off; master_process off; pid ", folder_.path(),
                     "/nginx.pid; error_log stderr crit;\n",
                     "events {}\nhttp {\n  log_format protocol '$server_protocol';\n  access_log ",
                     log_, " protocol;\n  client_body_temp_path ", folder_.path(),
                     "/body; proxy_temp_path ", folder_.path(), "/proxy; fastcgi_temp_path ",
                     folder_.path(), "/f; uwsgi_temp_path ", folder_.path(), "/u; scgi_temp_path ",
                     folder_.path(), "/s;\n  server {\n    listen 127.0.0.1:", port_,
                     " ssl http2;\n    ssl_certificate ", certificate.file,
                     ";\n    ssl_certificate_key ", certificate.key_file,
                     ";\n    location / { proxy_pass ", provider_url, "; }\n  }\n}\n"));
    process_ = Process::Start({"/usr/sbin/nginx", "-c", config, "-e", "stderr"});
  }

  std::string url() const { return absl::StrCat("https://127.0.0.1:", port_); }
  // The protocol of each request, a line each.
  std::string Protocols() const { return FileText(log_); }

 private:
  TemporaryFolder folder_;
  const int port_;
  const std::string log_;
  std::unique_ptr<Process> process_;
};

TEST(EgressTest, Http2IsSpokenWhereItIsConfigured) {
  if (access("/usr/sbin/nginx", X_OK) != 0) GTEST_SKIP() << "nginx is not installed";
  TemporaryFolder folder;
  const Certificate certificate(folder, "provider");
  const auto provider = sandbox::Sandbox::Start({});
  ASSERT_TRUE(provider.ok());
  for (const bool http2 : {true, false}) {
    const Nginx nginx((*provider)->root_url(), certificate);
    Deployment deployment({.adjust = [&](v1::Config& config) {
      v1::ConnectionConfig& other = *config.add_connections();
      other = config.connections(0);
      other.set_id("h2");
      other.set_base_url(nginx.url() + "/openapply");
      other.mutable_http()->set_http2(http2);
      other.mutable_http()->set_ca_file(certificate.file);
    }});
    // nginx may still be starting.
    EXPECT_TRUE(Eventually([&] {
      Failure failure;
      return ListOf(deployment, "h2", &failure).ok();
    }));
    // nginx writes its log after its answer.
    EXPECT_TRUE(Eventually([&] { return absl::StrContains(nginx.Protocols(), '\n'); }));
    const std::string protocols = nginx.Protocols();
    EXPECT_EQ(protocols.substr(0, protocols.find('\n')), http2 ? "HTTP/2.0" : "HTTP/1.1");
  }
}

}  // namespace
}  // namespace edugate::end_to_end
