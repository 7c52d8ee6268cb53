#include "sandbox/measureone_reports.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "sandbox/json_body.h"
#include "sandbox/measureone_ids.h"
#include "sandbox/measureone_replies.h"

namespace edugate::sandbox::m1 {
namespace {

using Json = nlohmann::ordered_json;

// A report with one finding for each pair of result and reason.
Json Report(const std::string& id, const char* state,
            const std::vector<std::pair<std::string, std::string>>& findings) {
  Json report;
  report["individual"] = {{"individual_id", "idv_1iSADgTyw9NihNmsVRfjwOfdRDk"},
                          {"datasources", Json::array({"sch_CV8e5Lsvv2S8Wjz9Bpwpr8lm9Ay"})}};
  report["datarequest_id"] = id;
  report["processing_status"] = state;
  report["service_context_id"] = "trx_SEne2SSjP3GvpVrs5HLol4xor2";
  report["metadata"] = {{"report_id", "REPORT"}};
  Json statuses = Json::array();
  for (const auto& [result, reason] : findings) {
    const Json reasons = Json::array(
        {Json{{"code", reason}, {"description", absl::StrCat("About ", reason)}},
         Json{{"code", "MES_VF_DAC"},
              {"description", "Verification method: Direct school account connection"}}});
    statuses.push_back({{"datasource_id", "sch_CV8e5Lsvv2S8Wjz9Bpwpr8lm9Ay"},
                        {"enrollment_status", result},
                        {"reason_codes", reasons},
                        {"as_of_date", 1655227025839}});
  }
  if (!findings.empty()) report["enrollment_status"] = std::move(statuses);
  report["transaction_id"] = kDocumentedTransaction;
  return report;
}

}  // namespace

Reports::Reports(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

void Reports::Reset() {
  absl::MutexLock lock(&mutex_);
  first_looks_.clear();
}

Reply Reports::EnrollmentStatus(const Request& request) {
  const Json body = JsonBody(request);
  std::string id = TextAt(body, "datarequest_id");
  if (id.empty() && TextAt(body, "transaction_id") == kDocumentedTransaction) {
    id = kDocumentedReport;
  }
  if (id.empty()) {
    return ErrorOfV3(surroundings_.now(), 400, "MISSING_FIELDS", "datarequest_id is required");
  }
  const auto completed = [&](const char* result, const char* reason) {
    return Answer(Report(id, "COMPLETED", {{result, reason}}));
  };
  if (id == kDocumentedReport) return completed("ACTIVE", "MES_COURSE_IN_PRG");
  if (id == "dr_inactive") return completed("INACTIVE", "MES_LAST_TERM_GT_180");
  if (id == "dr_insufficient") return completed("INSUFFICIENT_DATA", "MES_INSUFFICIENT_DATA");
  if (id == "dr_unknown_words") return completed("ON_LEAVE", "MES_NEW_REASON");
  if (id == "dr_two_sources") {
    return Answer(Report(id, "COMPLETED",
                         {{"INACTIVE", "MES_WITHDRAWN"}, {"ACTIVE", "MES_CURRENTLY_ENROLLED"}}));
  }
  if (id == "dr_acquiring") return Answer(Report(id, "ACQUIRING", {}));
  if (id == "dr_in_progress") return Answer(Report(id, "IN_PROGRESS", {}));
  if (absl::StartsWith(id, "dr_progress")) return Progress(id);
  if (id == "dr_multiple") {
    if (body.contains("metadata")) return completed("ACTIVE", "MES_EXPLICIT_STATUS");
    return ErrorOfV3(surroundings_.now(), 409, "MULTIPLE_REPORT_INSTANCES",
                     "Multiple instances of the report ENROLLMENT_STATUS found in the Data "
                     "Request. Please provide params/metadata in request",
                     {{"http_code", 409}});
  }
  if (id == "dr_unprocessable") {
    const Json items = {{"items", Json::array({"itm_TSEne2SSjP3GvpVrs5HLol4xor2"})}};
    const Json reasons =
        Json::array({Json{{"code", "PARTIAL_DOCUMENT"},
                          {"description", "Some items are partial."},
                          {"context", items}},
                     Json{{"code", "NO_ITEMS"}, {"description", "There are no items."}}});
    return ErrorOfV3(surroundings_.now(), 422, "UNPROCESSABLE_ENTITY",
                     "The report could not be generated", {{"reason_codes", reasons}});
  }
  return ErrorOfV3(surroundings_.now(), 404, "DATAREQUEST_NOT_FOUND", "Data Request not found");
}

Reply Reports::Progress(const std::string& id) {
  const absl::Time now = surroundings_.now();
  const absl::Duration all = surroundings_.settings().processing_time;
  absl::Time first;
  {
    absl::MutexLock lock(&mutex_);
    first = first_looks_.emplace(id, now).first->second;
  }
  if (now < first + all / 2) return Answer(Report(id, "ACQUIRING", {}));
  if (now < first + all) return Answer(Report(id, "IN_PROGRESS", {}));
  return Answer(Report(id, "COMPLETED", {{"ACTIVE", "MES_CURRENTLY_ENROLLED"}}));
}

}  // namespace edugate::sandbox::m1
