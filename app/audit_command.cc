#include "app/audit_command.h"

#include <utility>
#include <vector>

#include "app/auth_options.h"
#include "app/config_check.h"
#include "runtime/privacy/disclosure_chain.h"

namespace edugate::app {
namespace {

constexpr int kWhole = 0;
constexpr int kBroken = 1;
constexpr int kNotChecked = 2;

// How often a log is read once more because its files have become others.
constexpr int kMostChecksAgain = 5;

// Where the log is and what its key is.
struct Log {
  std::string path;
  std::string key;
};

absl::StatusOr<std::string> Reveal(const v1::Secret& secret) {
  auto read = ToSecretSource(secret).Read();
  if (!read.ok()) return read.status();
  return std::string(read->Reveal());
}

absl::StatusOr<Log> LogOf(const AuditCommand& command) {
  if (command.config_file.empty()) {
    if (command.log_file.empty()) {
      return absl::InvalidArgumentError("audit verify needs --config FILE or --log FILE");
    }
    Log log{.path = command.log_file, .key = ""};
    if (command.key_file.empty()) return log;
    v1::Secret secret;
    secret.set_file(command.key_file);
    auto key = Reveal(secret);
    if (!key.ok()) return key.status();
    log.key = *std::move(key);
    return log;
  }
  auto config = LoadConfigFile(command.config_file);
  if (!config.ok()) return config.status();
  if (!config->has_disclosure()) {
    return absl::InvalidArgumentError("the configuration has no `disclosure`: no log is kept");
  }
  Log log{.path = config->disclosure().path(), .key = ""};
  if (!config->disclosure().has_chain_key()) return log;
  auto key = Reveal(config->disclosure().chain_key());
  if (!key.ok()) return key.status();
  log.key = *std::move(key);
  return log;
}

}  // namespace

int RunAuditVerify(const AuditCommand& command, std::ostream& out, std::ostream& errors) {
  const auto log = LogOf(command);
  if (!log.ok()) {
    errors << "edugate: " << std::string(log.status().message()) << '\n';
    return kNotChecked;
  }
  auto files = privacy::DisclosureFiles(log->path);
  if (!files.ok()) {
    errors << "edugate: " << std::string(files.status().message()) << '\n';
    return kNotChecked;
  }
  if (files->empty()) {
    errors << "edugate: " << log->path << ": there is no such log" << '\n';
    return kNotChecked;
  }
  const privacy::Chain chain(log->key);
  privacy::ChainCheck check = privacy::CheckChain(*files, chain, command.expect_hash);
  // A process that closes a full file meanwhile leaves another one under the log's name, and so a
  // gap between those that were read.
  for (int again = 0; again < kMostChecksAgain && !check.whole; ++again) {
    auto now = privacy::DisclosureFiles(log->path);
    if (!now.ok() || *now == *files || now->empty()) break;
    files = std::move(now);
    check = privacy::CheckChain(*files, chain, command.expect_hash);
  }
  if (!check.whole) {
    out << "BROKEN " << check.fault << "\n" << check.lines << " lines before it are right" << '\n';
    return kBroken;
  }
  if (!command.expect_hash.empty() && !check.saw_expected) {
    out << "BROKEN the log has no line with the hash " << command.expect_hash
        << ": its end was cut off, or it is another log" << '\n';
    return kBroken;
  }
  if (command.expect_seq >= 0 && check.end.seq < command.expect_seq) {
    out << "BROKEN the log ends with line number " << check.end.seq << " and had "
        << command.expect_seq << ": its end was cut off" << '\n';
    return kBroken;
  }
  out << "OK " << check.lines << " lines in " << check.files << " files, from number "
      << check.first_seq << " to " << check.end.seq << "\nlast hash " << check.end.hash << '\n';
  return kWhole;
}

}  // namespace edugate::app
