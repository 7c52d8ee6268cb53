#include "runtime/config/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <type_traits>
#include <utility>

namespace edugate::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCanary[] = "s3cr3t-canary";

std::string PathOf(const std::string& name) { return testing::TempDir() + "secret_test_" + name; }

std::string WriteFile(const std::string& name, const std::string& content) {
  std::string path = PathOf(name);
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

template <typename T>
concept Streamable = requires(std::ostream& stream, const T& value) { stream << value; };

TEST(SecretTest, CantBeStreamed) {
  static_assert(Streamable<std::string>);
  static_assert(!Streamable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
}

TEST(SecretTest, ShowsNothingWhenATestPrintsIt) {
  EXPECT_THAT(testing::PrintToString(Secret(kCanary)), Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(testing::PrintToString(SecretSource::Value(kCanary)), Not(HasSubstr("s3cr3t")));
}

TEST(SecretTest, ComparesByContent) {
  EXPECT_TRUE(Secret("abc") == Secret("abc"));
  EXPECT_FALSE(Secret("abc") == Secret("abd"));
  EXPECT_FALSE(Secret("abc") == Secret("abcd"));
  EXPECT_TRUE(Secret() == Secret(""));
}

TEST(SecretTest, CopiesAreIndependentAndMovesLeaveNothing) {
  Secret first(kCanary);
  Secret copy = first;
  Secret moved = std::move(first);
  EXPECT_EQ(moved.Reveal(), kCanary);
  EXPECT_EQ(copy.Reveal(), kCanary);
  EXPECT_NE(copy.Reveal().data(), moved.Reveal().data());
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested.
}

TEST(SecretSourceTest, ReadsAValueAsItIs) {
  auto secret = SecretSource::Value(" x y ").Read();
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->Reveal(), " x y ");
}

TEST(SecretSourceTest, DropsTheWhiteSpaceAtAFilesEnd) {
  auto secret = SecretSource::File(WriteFile("newline", " a b\r\n\n")).Read();
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->Reveal(), " a b");
}

TEST(SecretSourceTest, ReadsAnEnvironmentVariable) {
  // No other thread runs in this test.
  ASSERT_EQ(setenv("EDUGATE_SECRET_TEST", kCanary, 1), 0);  // NOLINT(concurrency-mt-unsafe)
  auto secret = SecretSource::Environment("EDUGATE_SECRET_TEST").Read();
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(secret->Reveal(), kCanary);
}

TEST(SecretSourceTest, RefusesWhatIsEmpty) {
  EXPECT_EQ(SecretSource::Value("").Read().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(SecretSource::File(WriteFile("empty", " \n")).Read().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SecretSourceTest, TakesTheLargestSecretAndRefusesALargerOne) {
  EXPECT_TRUE(
      SecretSource::File(WriteFile("largest", std::string(kMaxSecretBytes, 'x'))).Read().ok());
  auto larger =
      SecretSource::File(WriteFile("larger", std::string(kMaxSecretBytes + 1, 'x'))).Read();
  EXPECT_EQ(larger.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(SecretSourceTest, SaysThatNothingIsThereWithoutNamingThePlace) {
  // A person may have put the secret itself where the path or the variable belongs.
  for (const SecretSource& source :
       {SecretSource::File(kCanary), SecretSource::Environment(kCanary)}) {
    const absl::Status status = source.Read().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(status.ToString(), Not(HasSubstr("s3cr3t")));
  }
}

TEST(SecretSourceTest, RefusesADirectoryAndDoesNotHangOnAPipe) {
  EXPECT_EQ(SecretSource::File(testing::TempDir()).Read().status().code(),
            absl::StatusCode::kFailedPrecondition);
  const std::string pipe = PathOf("pipe");
  unlink(pipe.c_str());
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(SecretSource::File(pipe).Read().status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace edugate::config
