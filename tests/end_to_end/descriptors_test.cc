// A process that is out of file descriptors waits for some, without spinning, and recovers.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/end_to_end/deployment.h"
#include "tests/end_to_end/served_program.h"

namespace edugate::end_to_end {
namespace {

long DescriptorsOf(pid_t pid) {
  const std::filesystem::directory_iterator open(absl::StrCat("/proc/", pid, "/fd"));
  return std::distance(open, std::filesystem::directory_iterator());
}

// The processor time that the process has used.
absl::Duration CpuTimeOf(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/stat"));
  std::string text(std::istreambuf_iterator<char>(file), {});
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string field;
  constexpr int kBeforeUserTime = 11;
  for (int i = 0; i < kBeforeUserTime; ++i) fields >> field;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return absl::Seconds(1) * (user + system) / sysconf(_SC_CLK_TCK);
}

int ConnectTo(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  return fd;
}

TEST(DescriptorsTest, WithoutAnyConnectionsWaitAndThenAreServed) {
  TemporaryFolder folder;
  ServedProgram program(
      folder.Write("edugate.yaml", absl::StrCat(ServerYaml("127.0.0.1:0", "  insecure: true\n"),
                                                "connections:\n", WebhookConnection())));
  const pid_t pid = program.process().pid();
  if (geteuid() != 0) GTEST_SKIP() << "only root sees the descriptors of a process without dumps";
  rlimit before{};
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &before), 0);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(DescriptorsOf(pid)) + 8;
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &few, nullptr), 0);
  std::vector<int> connections;
  for (int i = 0; i < 40; ++i) connections.push_back(ConnectTo(program.address()));
  EXPECT_TRUE(
      Eventually([&] { return DescriptorsOf(pid) >= static_cast<long>(few.rlim_cur) - 1; }));
  const absl::Duration used = CpuTimeOf(pid);
  absl::SleepFor(absl::Seconds(1));
  const absl::Duration more = CpuTimeOf(pid) - used;
  std::printf("out of descriptors: %s of processor time in a second\n",
              absl::FormatDuration(more).c_str());
  EXPECT_LT(more, absl::Milliseconds(200));
  for (int each : connections) close(each);
  ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(Eventually([&] { return program.ConnectionIds() == "m1"; }));
}

}  // namespace
}  // namespace edugate::end_to_end
