// Finds what a mapping from provider records to the domain leaves out.
#ifndef ADAPTERS_TESTING_MAPPING_COVERAGE_H_
#define ADAPTERS_TESTING_MAPPING_COVERAGE_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace edugate::adapters::testing {

// A mapping under test: the domain record, serialized, that it makes of a provider record, without
// the provider record itself.
using Mapping = std::function<std::string(const google::protobuf::Message& record)>;

struct MappingCoverageOptions {
  // Full names of messages that have a mapping, and a coverage test, of their own: not looked into.
  std::set<std::string> tested_elsewhere;
  // JSON values for fields of open shape (json_text), to be tried beside a text, a number and a
  // list of each. Every `%` is replaced by a number.
  std::vector<std::string> json_shapes;
};

// The leaf fields of `record`'s type whose value does not reach the domain:
// `course_runs[].seats[].sku`, sorted. Every field is given a value that no other has; a leaf
// reaches the domain when another value in it makes another domain record, be it among all the
// others or alone. `record` is only looked at for its type.
std::vector<std::string> UnmappedFields(const google::protobuf::Message& record,
                                        const Mapping& mapping,
                                        const MappingCoverageOptions& options = {});

// What each leaf field of `record`'s type feeds: the full names of the domain's fields that another
// value in it changes, as in `edugate.v1.Learner.student_number`. A message that is tested
// elsewhere feeds the field of the domain record that holds it. `domain` is only looked at for its
// type, which is what `mapping` makes.
std::map<std::string, std::set<std::string>> MappedFields(
    const google::protobuf::Message& record, const google::protobuf::Message& domain,
    const Mapping& mapping, const MappingCoverageOptions& options = {});

// The committed list of what a mapping leaves out: a line `field: reason` each, `#` begins a
// comment. Returns the fields of the lines that begin with `message` and a dot, without these,
// sorted. A line without a reason is given as it stands, so that it matches nothing.
std::vector<std::string> ListedFields(const std::string& text, const std::string& message);

}  // namespace edugate::adapters::testing

#endif  // ADAPTERS_TESTING_MAPPING_COVERAGE_H_
