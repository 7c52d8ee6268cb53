// Finds the values of an example document again in what edugate made of it.
#ifndef ADAPTERS_TESTING_LEAF_COVERAGE_H_
#define ADAPTERS_TESTING_LEAF_COVERAGE_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace edugate::adapters::testing {

// How the document that was decoded was written.
enum class Written {
  kJson,
  // As XML, which can't tell apart: null, "", [] and {}, of which no trace need be left; true and
  // "True", 1 and "1", where the schema leaves the type open.
  kXml,
};

// The leaves of `document`, a provider's record as JSON text, that are not where they should be in
// `domain_record`: a domain record of view FULL that was mapped from it. Every value must stand at
// its own place in provider_record or unknown_fields; a number may be text there, and null is no
// value. Each is named as `course_runs[0].seats[0].sku`.
std::vector<std::string> MissingLeaves(const std::string& document,
                                       const google::protobuf::Message& domain_record,
                                       Written written);

}  // namespace edugate::adapters::testing

#endif  // ADAPTERS_TESTING_LEAF_COVERAGE_H_
