#include "app/reloader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

class FakeServer final : public Server {
 public:
  std::string address() const override { return ""; }
  std::string health_address() const override { return ""; }
  std::string admin_address() const override { return ""; }
  absl::Status Reload(const absl::StatusOr<v1::Config>& loaded) override {
    ++reloads_;
    return loaded.status();
  }
  void Shutdown() override {}

  int reloads() const { return reloads_; }

 private:
  int reloads_ = 0;
};

class ReloaderTest : public ::testing::Test {
 protected:
  ReloaderTest() {
    folder_ = ::testing::TempDir() + "edugate-reloader-XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) abort();
  }
  ~ReloaderTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::string folder_;
};

TEST_F(ReloaderTest, AKeyThatIsReplacedWhileTheServerStartsIsRead) {
  const std::string key = Write("key", std::string(32, 'a'));
  const std::string file =
      Write("edugate.yaml",
            absl::StrCat("server:\n  listen: 127.0.0.1:0\n  page_token_key: { file: ", key,
                         " }\nconnections:\n  - id: a\n    provider: openapply\n"
                         "    base_url: http://127.0.0.1:9\n"
                         "    auth: { bearer: { value: x } }\n"));
  config::FileWatch watch;
  const auto config = LoadWatched(file, watch);
  ASSERT_TRUE(config.ok()) << config.status();
  // The server has read the key, and there is no reloader yet.
  Write("key", std::string(40, 'b'));
  FakeServer server;
  Reloader reloader(file, std::move(watch), nullptr, *config, server);
  reloader.Look();
  reloader.Look();
  EXPECT_EQ(server.reloads(), 1);
  reloader.Look();
  EXPECT_EQ(server.reloads(), 1);
}

}  // namespace
}  // namespace edugate::app
