// A certificate that is renewed while the program runs.

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/certificate.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/process.h"

namespace edugate::end_to_end {
namespace {

// A folder of files that change together, as Kubernetes mounts a Secret: a symbolic link that is
// replaced.
class Mount {
 public:
  explicit Mount(const TemporaryFolder& folder) : folder_(folder) {}

  void Show(const Certificate& certificate, const Certificate& clients) {
    const std::string version = absl::StrCat(folder_.path(), "/v", ++versions_);
    std::filesystem::create_directory(version);
    std::filesystem::copy_file(certificate.file, version + "/tls.crt");
    std::filesystem::copy_file(certificate.key_file, version + "/tls.key");
    std::filesystem::copy_file(clients.file, version + "/clients.crt");
    const std::string next = folder_.path() + "/next";
    std::filesystem::create_directory_symlink(version, next);
    std::rename(next.c_str(), path().c_str());
  }

  std::string path() const { return folder_.path() + "/mount"; }

 private:
  const TemporaryFolder& folder_;
  int versions_ = 0;
};

class TlsReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    mount_.Show(old_server_, old_client_);
    auto sandbox = sandbox::Sandbox::Start({});
    ASSERT_TRUE(sandbox.ok()) << sandbox.status();
    sandbox_ = *std::move(sandbox);
    const std::string config = absl::StrReplaceAll(
        ConfigFor(*sandbox_),
        {{"  insecure: true\n",
          absl::StrCat("  tls:\n    certificate_file: ", mount_.path(),
                       "/tls.crt\n    private_key_file: ", mount_.path(),
                       "/tls.key\n    client_ca_file: ", mount_.path(), "/clients.crt\n")}});
    program_ = Process::Start(
        {EDUGATE_PROGRAM, "serve", "--config", folder_.Write("edugate.yaml", config)});
    address_ = program_->AwaitLine("edugate: listening on ");
    ASSERT_NE(address_, "");
  }

  void TearDown() override {
    program_.reset();
    if (sandbox_ != nullptr) sandbox_->Stop();
  }

  std::shared_ptr<grpc::Channel> Connect(const Certificate& server, const Certificate& client) {
    grpc::ChannelArguments arguments;
    // Each channel makes a handshake of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(
        address_, grpc::SslCredentials({server.Text(), client.KeyText(), client.Text()}),
        arguments);
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel) {
    v1::ListConnectionsResponse response;
    return v1::ConnectionService::NewStub(channel)->ListConnections(
        Context(absl::Seconds(10)).get(), {}, &response);
  }

  TemporaryFolder folder_;
  const Certificate old_server_{folder_, "old-server"};
  const Certificate new_server_{folder_, "new-server"};
  const Certificate old_client_{folder_, "old-client"};
  const Certificate new_client_{folder_, "new-client"};
  Mount mount_{folder_};
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<Process> program_;
  std::string address_;
};

TEST_F(TlsReloadTest, RunningCallsGoOnAndNewHandshakesSeeTheNewFiles) {
  const auto running = Connect(old_server_, old_client_);
  ASSERT_TRUE(Call(running).ok());
  EXPECT_FALSE(Call(Connect(old_server_, new_client_)).ok());

  std::atomic<bool> stop{false};
  std::atomic<int> calls{0};
  std::atomic<int> failed{0};
  std::thread caller([&] {
    while (!stop) {
      failed += !Call(running).ok();
      ++calls;
    }
  });
  mount_.Show(new_server_, new_client_);
  const bool renewed = Eventually([&] { return Call(Connect(new_server_, new_client_)).ok(); });
  const bool old_refused =
      Eventually([&] { return !Call(Connect(old_server_, old_client_)).ok(); });
  const int at_renewal = calls;
  Eventually([&] { return calls > at_renewal + 10; });
  stop = true;
  caller.join();

  EXPECT_TRUE(renewed) << "a new handshake never saw the new certificate and authority";
  EXPECT_TRUE(old_refused);
  EXPECT_GT(calls, at_renewal);
  EXPECT_EQ(failed, 0) << "of " << calls << " calls";
}

}  // namespace
}  // namespace edugate::end_to_end
