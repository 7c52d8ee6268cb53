// Resource names of the public API (AIP-122): one table of patterns, read and written by the same
// rules.
//
// A name is `connections/{connection}` and then, for most resources, pairs of a collection and an
// id. The ids are the provider's own and may hold any character. In a name these are
// percent-encoded, byte by byte: `/` and `%`, white space and control characters, everything
// outside ASCII, and an id that is `-` as a whole, since that is the wildcard. All else stands as
// it is: `course-v1:edX+DemoX+2T`, `jane@example.org`. Names are therefore printable ASCII. The
// parser also takes what a caller encoded more or less than that, as long as it can be read in one
// way only.
#ifndef ADAPTERS_RESOURCE_NAME_H_
#define ADAPTERS_RESOURCE_NAME_H_

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace edugate::adapters {

// The kinds of resources that have names.
enum class Resource {
  kConnection,
  kEnrollment,
  kEnrollmentVerification,
  kTranscript,
  kCatalog,
  kCourse,
  kCourseRun,
  kProgram,
  kSubscriptionPlan,
  kLicense,
  kSchool,
  kPolicy,
  kAssignmentConfiguration,
  kAssignment,
  kTranscriptAccessSession,
};

// A row of the table of patterns.
struct NamePattern {
  Resource resource;
  const char* type;     // as in google.rpc.ResourceInfo: `edugate/Enrollment`
  const char* pattern;  // `connections/{connection}/enrollments/{enrollment}`
  size_t id_count;      // how many ids follow the connection
};

// Every pattern, in the order of Resource.
inline constexpr std::array<NamePattern, 15> kNamePatterns = {{
    {Resource::kConnection, "edugate/Connection", "connections/{connection}", 0},
    {Resource::kEnrollment, "edugate/Enrollment",
     "connections/{connection}/enrollments/{enrollment}", 1},
    {Resource::kEnrollmentVerification, "edugate/EnrollmentVerification",
     "connections/{connection}/enrollmentVerifications/{enrollment_verification}", 1},
    {Resource::kTranscript, "edugate/Transcript",
     "connections/{connection}/transcripts/{transcript}", 1},
    {Resource::kCatalog, "edugate/Catalog", "connections/{connection}/catalogs/{catalog}", 1},
    {Resource::kCourse, "edugate/Course",
     "connections/{connection}/catalogs/{catalog}/courses/{course}", 2},
    {Resource::kCourseRun, "edugate/CourseRun",
     "connections/{connection}/catalogs/{catalog}/courseRuns/{course_run}", 2},
    {Resource::kProgram, "edugate/Program",
     "connections/{connection}/catalogs/{catalog}/programs/{program}", 2},
    {Resource::kSubscriptionPlan, "edugate/SubscriptionPlan",
     "connections/{connection}/subscriptionPlans/{plan}", 1},
    {Resource::kLicense, "edugate/License",
     "connections/{connection}/subscriptionPlans/{plan}/licenses/{license}", 2},
    {Resource::kSchool, "edugate/School", "connections/{connection}/schools/{school}", 1},
    {Resource::kPolicy, "edugate/Policy", "connections/{connection}/policies/{policy}", 1},
    {Resource::kAssignmentConfiguration, "edugate/AssignmentConfiguration",
     "connections/{connection}/assignmentConfigurations/{assignment_configuration}", 1},
    {Resource::kAssignment, "edugate/Assignment",
     "connections/{connection}/assignmentConfigurations/{assignment_configuration}/assignments/"
     "{assignment}",
     2},
    {Resource::kTranscriptAccessSession, "edugate/TranscriptAccessSession",
     "connections/{connection}/transcriptAccessSessions/{transcript_access_session}", 1},
}};

// The row of a resource.
constexpr const NamePattern& PatternOf(Resource resource) {
  return kNamePatterns[static_cast<size_t>(resource)];
}

// The longest name that is read, in bytes.
inline constexpr size_t kMaxNameBytes = 2048;

// The connection that stands for all of them where a method reads across connections (AIP-159).
inline constexpr char kAnyConnection[] = "-";

// Whether `-` may stand for the connection.
enum class Wildcard { kRefused, kAllowed };

// A name taken apart.
struct NameParts {
  std::string connection;        // the connection's id; `-` where the wildcard was allowed and used
  std::vector<std::string> ids;  // the provider's ids in the order of the pattern, decoded, UTF-8

  // Whether the name means every connection.
  bool any_connection() const { return connection == kAnyConnection; }
  // The last id, which is the resource's own. Not for names of a connection, which have none.
  const std::string& id() const { return ids.back(); }

  bool operator==(const NameParts&) const = default;
};

// Whether `id` can be a connection's id: a lower-case letter, then at most 62 lower-case letters,
// digits and hyphens.
bool IsConnectionId(absl::string_view id);

// Takes `text`, the value of the request's field `field`, apart. Errors: RESOURCE_NAME_INVALID with
// the pattern, where the name is of another form, an id is empty or isn't UTF-8 once decoded, or an
// encoding is broken.
absl::StatusOr<NameParts> ParseName(absl::string_view field, Resource resource,
                                    absl::string_view text, Wildcard wildcard = Wildcard::kRefused);

// The name of a resource whose ids are known: the inverse of ParseName. Empty where an id is empty,
// because there is no name without it. `ids` are as many as the pattern has
// (PatternOf(resource).id_count).
std::string BuildName(Resource resource, absl::string_view connection,
                      const std::vector<absl::string_view>& ids);

// The same, with the number of ids checked by the compiler: MakeName<Resource::kCourse>("acme",
// catalog, key).
template <Resource resource, typename... Ids>
std::string MakeName(absl::string_view connection, const Ids&... ids) {
  static_assert(sizeof...(Ids) == PatternOf(resource).id_count,
                "one id for each variable of the pattern");
  return BuildName(resource, connection, {absl::string_view(ids)...});
}

// An id as it stands in a name, and back. DecodeId fails (false) on a broken encoding, on
// characters that have to be encoded but for UTF-8, and on what isn't UTF-8 once decoded.
std::string EncodeId(absl::string_view id);
bool DecodeId(absl::string_view text, std::string* id);

}  // namespace edugate::adapters

#endif  // ADAPTERS_RESOURCE_NAME_H_
