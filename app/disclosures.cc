#include "app/disclosures.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "app/auth_options.h"

namespace edugate::app {

absl::StatusOr<std::unique_ptr<privacy::DisclosureLog>> OpenDisclosureLog(
    const v1::DisclosureConfig& config) {
  privacy::DisclosureLogOptions options;
  options.path = config.path();
  if (config.has_chain_key()) {
    auto key = ToSecretSource(config.chain_key()).Read();
    if (!key.ok()) return key.status();
    options.key = std::string(key->Reveal());
  }
  if (config.max_file_bytes() > 0) options.max_file_bytes = config.max_file_bytes();
  return privacy::DisclosureLog::Open(std::move(options));
}

std::string DisclosureMetrics(const privacy::DisclosureLog& log) {
  const privacy::DisclosureCounts counts = log.counts();
  return absl::StrCat(
      "# HELP edugate_disclosures_written_total Lines written into the disclosure log.\n"
      "# TYPE edugate_disclosures_written_total counter\n"
      "edugate_disclosures_written_total ",
      counts.written,
      "\n# HELP edugate_disclosures_lost_total Lines that could not be written into the disclosure "
      "log.\n"
      "# TYPE edugate_disclosures_lost_total counter\n"
      "edugate_disclosures_lost_total ",
      counts.lost,
      "\n# HELP edugate_disclosure_rotations_failed_total Times that a full file of the disclosure "
      "log could not be closed: it went on.\n"
      "# TYPE edugate_disclosure_rotations_failed_total counter\n"
      "edugate_disclosure_rotations_failed_total ",
      counts.rotations_failed, "\n");
}

}  // namespace edugate::app
