#include "adapters/measureone/measureone_words.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"

namespace edugate::adapters {
namespace {

template <typename Value>
struct Row {
  const char* word;
  Value value;
};

bool SameCharacter(char a, char b) {
  const auto folded = [](char c) { return c == '-' || c == ' ' ? '_' : absl::ascii_toupper(c); };
  return folded(a) == folded(b);
}

template <typename Table, typename Value>
Value ValueOf(const Table& table, absl::string_view word, Value none, Value other) {
  if (word.empty()) return none;
  for (const auto& row : table) {
    if (IsSameWord(row.word, word)) return row.value;
  }
  return other;
}

// The first word of a value.
template <typename Table, typename Value>
absl::string_view WordOf(const Table& table, Value value) {
  for (const auto& row : table) {
    if (row.value == value) return row.word;
  }
  return "";
}

template <typename Table>
std::string Listed(const Table& table) {
  std::vector<absl::string_view> words;
  words.reserve(std::size(table));
  for (const auto& row : table) words.push_back(row.word);
  return absl::StrJoin(words, ", ");
}

// The schema says IN-PROGRESS, the sample of a creation IN_PROGRESS, the text about reading
// COMPLETE.
constexpr std::array kStates = {
    Row<v1::ProcessingState>{"PENDING", v1::PROCESSING_STATE_PENDING},
    Row<v1::ProcessingState>{"ACQUIRING", v1::PROCESSING_STATE_ACQUIRING},
    Row<v1::ProcessingState>{"IN_PROGRESS", v1::PROCESSING_STATE_IN_PROGRESS},
    Row<v1::ProcessingState>{"COMPLETED", v1::PROCESSING_STATE_COMPLETED},
    Row<v1::ProcessingState>{"COMPLETE", v1::PROCESSING_STATE_COMPLETED},
};

constexpr std::array kAwardTypes = {
    Row<v1::AwardType>{"HIGH-SCHOOL-DIPLOMA", v1::AWARD_TYPE_HIGH_SCHOOL_DIPLOMA},
    Row<v1::AwardType>{"ASSOCIATE", v1::AWARD_TYPE_ASSOCIATE},
    Row<v1::AwardType>{"BACHELORS", v1::AWARD_TYPE_BACHELOR},
    Row<v1::AwardType>{"MASTERS", v1::AWARD_TYPE_MASTER},
    Row<v1::AwardType>{"MASTERS-RESEARCH", v1::AWARD_TYPE_MASTER_RESEARCH},
    Row<v1::AwardType>{"DOCTORAL", v1::AWARD_TYPE_DOCTORAL},
    Row<v1::AwardType>{"CERTIFICATE", v1::AWARD_TYPE_CERTIFICATE},
    Row<v1::AwardType>{"DIPLOMA", v1::AWARD_TYPE_DIPLOMA},
    Row<v1::AwardType>{"NON-DEGREE", v1::AWARD_TYPE_NON_DEGREE},
    Row<v1::AwardType>{"PROFESSIONAL", v1::AWARD_TYPE_FIRST_PROFESSIONAL},
    Row<v1::AwardType>{"UNDERGRADUATE", v1::AWARD_TYPE_UNDERGRADUATE},
    Row<v1::AwardType>{"UNKNOWN", v1::AWARD_TYPE_UNKNOWN},
};

constexpr std::array kAwardStatuses = {
    Row<v1::AwardStatus>{"AWARDED", v1::AWARD_STATUS_AWARDED},
    Row<v1::AwardStatus>{"ENROLLED", v1::AWARD_STATUS_ENROLLED},
    Row<v1::AwardStatus>{"WITHDRAWN", v1::AWARD_STATUS_WITHDRAWN},
    Row<v1::AwardStatus>{"TERMINATED", v1::AWARD_STATUS_TERMINATED},
    Row<v1::AwardStatus>{"UNKNOWN", v1::AWARD_STATUS_UNKNOWN},
};

constexpr std::array kFieldOfStudyTypes = {
    Row<v1::FieldOfStudyType>{"MAJOR", v1::FIELD_OF_STUDY_TYPE_MAJOR},
    Row<v1::FieldOfStudyType>{"MINOR", v1::FIELD_OF_STUDY_TYPE_MINOR},
    Row<v1::FieldOfStudyType>{"CONCENTRATION", v1::FIELD_OF_STUDY_TYPE_CONCENTRATION},
};

constexpr std::array kCreditUnits = {
    Row<v1::CreditUnit>{"SEMESTER", v1::CREDIT_UNIT_SEMESTER},
    Row<v1::CreditUnit>{"QUARTER", v1::CREDIT_UNIT_QUARTER},
    Row<v1::CreditUnit>{"UNITS", v1::CREDIT_UNIT_UNITS},
    Row<v1::CreditUnit>{"CLOCK_HOURS", v1::CREDIT_UNIT_CLOCK_HOURS},
    Row<v1::CreditUnit>{"CARNEGIE_UNITS", v1::CREDIT_UNIT_CARNEGIE_UNITS},
    Row<v1::CreditUnit>{"CONTINUING_EDUCATION_UNIT", v1::CREDIT_UNIT_CONTINUING_EDUCATION_UNITS},
    Row<v1::CreditUnit>{"OTHER", v1::CREDIT_UNIT_OTHER},
    Row<v1::CreditUnit>{"UNKNOWN", v1::CREDIT_UNIT_UNKNOWN},
};

constexpr std::array kSummaryLevels = {
    Row<v1::SummaryLevel>{"INSTITUTION", v1::SUMMARY_LEVEL_INSTITUTION},
    Row<v1::SummaryLevel>{"TRANSFER", v1::SUMMARY_LEVEL_TRANSFER},
    Row<v1::SummaryLevel>{"TOTAL", v1::SUMMARY_LEVEL_TOTAL},
};

constexpr std::array kCreditBases = {
    Row<v1::CreditBasis>{"REGULAR_ENROLLMENT", v1::CREDIT_BASIS_REGULAR},
    Row<v1::CreditBasis>{"TRANSFER", v1::CREDIT_BASIS_TRANSFER},
    Row<v1::CreditBasis>{"ADVANCED_PLACEMENT", v1::CREDIT_BASIS_ADVANCED_PLACEMENT},
};

constexpr std::array kSessionTypes = {
    Row<v1::AcademicSessionType>{"SEMESTER", v1::ACADEMIC_SESSION_TYPE_SEMESTER},
    Row<v1::AcademicSessionType>{"TRIMESTER", v1::ACADEMIC_SESSION_TYPE_TRIMESTER},
    Row<v1::AcademicSessionType>{"QUARTER", v1::ACADEMIC_SESSION_TYPE_QUARTER},
    Row<v1::AcademicSessionType>{"FULL_YEAR", v1::ACADEMIC_SESSION_TYPE_FULL_SCHOOL_YEAR},
    Row<v1::AcademicSessionType>{"MINI_TERM", v1::ACADEMIC_SESSION_TYPE_MINI_TERM},
    Row<v1::AcademicSessionType>{"SUMMER_SESSION", v1::ACADEMIC_SESSION_TYPE_SUMMER_TERM},
    Row<v1::AcademicSessionType>{"UNKNOWN", v1::ACADEMIC_SESSION_TYPE_UNKNOWN},
};

constexpr std::array kResults = {
    Row<v1::VerificationResult>{"ACTIVE", v1::VERIFICATION_RESULT_ACTIVE},
    Row<v1::VerificationResult>{"INACTIVE", v1::VERIFICATION_RESULT_INACTIVE},
    Row<v1::VerificationResult>{"INSUFFICIENT_DATA", v1::VERIFICATION_RESULT_INSUFFICIENT_DATA},
};

// Lists of schools say "IPEDS UNIT ID", transcripts IPEDS.
constexpr std::array kSchemes = {
    Row<v1::SchoolIdentifierScheme>{"IPEDS UNIT ID", v1::SCHOOL_IDENTIFIER_SCHEME_IPEDS},
    Row<v1::SchoolIdentifierScheme>{"IPEDS", v1::SCHOOL_IDENTIFIER_SCHEME_IPEDS},
    Row<v1::SchoolIdentifierScheme>{"FICE", v1::SCHOOL_IDENTIFIER_SCHEME_FICE},
    Row<v1::SchoolIdentifierScheme>{"OPEID", v1::SCHOOL_IDENTIFIER_SCHEME_OPEID},
    Row<v1::SchoolIdentifierScheme>{"CEEB", v1::SCHOOL_IDENTIFIER_SCHEME_CEEB},
    Row<v1::SchoolIdentifierScheme>{"NCES", v1::SCHOOL_IDENTIFIER_SCHEME_NCES},
};

constexpr std::array kEvents = {
    Row<v1::TranscriptEventType>{"transcript.created", v1::TRANSCRIPT_EVENT_TYPE_CREATED},
    Row<v1::TranscriptEventType>{"transcript.processed", v1::TRANSCRIPT_EVENT_TYPE_PROCESSED},
};

struct Meaning {
  const char* code;
  const char* text;
};

// The tables of "Get enrollment status": of a finding, then of HTTP 422.
constexpr std::array kReasons = {
    Meaning{"MES_EXPLICIT_STATUS", "Enrollment Status explicitly available on school website"},
    Meaning{"MES_CURRENTLY_ENROLLED", "Currently enrolled in a program"},
    Meaning{"MES_COURSE_IN_PRG", "One or more courses in progress"},
    Meaning{"MES_COURSE_IN_PRG_DEG_AWD_LT_90",
            "One or more courses in progress but degree awarded before 90 days of the date "
            "available in the data"},
    Meaning{"MES_LAST_TERM_LT_180",
            "Last term ended within 180 days of date available in the data"},
    Meaning{"MES_LAST_TERM_LT_180_DEG_AWD_GT_270",
            "Last term ended within 180 days of item creation but degree awarded date is greater "
            "than 270 days"},
    Meaning{"MES_COURSE_IN_PRG_DEG_AWD_LT_60",
            "One or more courses in progress, but degree awarded before 60 days of item creation"},
    Meaning{"MES_LAST_TERM_GT_180",
            "Last term ended greater than 180 days of the date available in the data"},
    Meaning{"MES_WITHDRAWN", "Withdrawn from all programs"},
    Meaning{"MES_VERIFIED_CREDENTIALS", "Successfully verified Individual's login credentials"},
    Meaning{"MES_INSUFFICIENT_DATA", "Insufficient Data"},
    Meaning{"MES_VF_DAC", "Verification method: Direct school account connection"},
    Meaning{"MES_VF_USD", "Verification method: User-submitted transcript"},
    Meaning{"MES_VF_DAC_USD",
            "Verification method: Direct school account connection and one or more user-submitted "
            "transcript"},
    Meaning{"UNSUPPORTED_FORMAT",
            "The report could not be generated as the following items are of unsupported format."},
    Meaning{"UNPROCESSABLE_DOCUMENT_QUALITY",
            "The report could not be generated as the following items are unprocessable."},
    Meaning{"PARTIAL_DOCUMENT",
            "The report could not be generated as the following items are partial."},
    Meaning{"NO_ITEMS",
            "The report could not be generated as there are no items for this Individual."},
};

constexpr std::array kMethods = {
    Row<v1::VerificationMethod>{"MES_VF_DAC", v1::VERIFICATION_METHOD_SCHOOL_ACCOUNT},
    Row<v1::VerificationMethod>{"MES_VF_USD", v1::VERIFICATION_METHOD_SUBMITTED_TRANSCRIPT},
    Row<v1::VerificationMethod>{"MES_VF_DAC_USD",
                                v1::VERIFICATION_METHOD_SCHOOL_ACCOUNT_AND_SUBMITTED_TRANSCRIPT},
};
constexpr absl::string_view kMethodPrefix = "MES_VF_";

struct AdverseActionRow {
  const char* code;
  v1::AdverseActionReason reason;
  const char* text;
};

// "Adverse Action Reasons".
constexpr std::array kAdverseActions = {
    AdverseActionRow{"1", v1::ADVERSE_ACTION_REASON_OVERALL_PERFORMANCE,
                     "Overall academic performance could be improved"},
    AdverseActionRow{"2", v1::ADVERSE_ACTION_REASON_CONCERNING_TREND,
                     "Academic performance has concerning trend"},
    AdverseActionRow{
        "3", v1::ADVERSE_ACTION_REASON_LITTLE_PROGRESS,
        "Meaningful progress has not been made toward successful completion of studies"},
    AdverseActionRow{"4", v1::ADVERSE_ACTION_REASON_UNSTEADY_PERFORMANCE,
                     "Academic performance is not steady and stable"},
};

}  // namespace

bool IsSameWord(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), &SameCharacter);
}

v1::ProcessingState ProcessingStateOf(absl::string_view word) {
  return ValueOf(kStates, word, v1::PROCESSING_STATE_UNSPECIFIED, v1::PROCESSING_STATE_UNKNOWN);
}

v1::AwardType AwardTypeOf(absl::string_view word) {
  return ValueOf(kAwardTypes, word, v1::AWARD_TYPE_UNSPECIFIED, v1::AWARD_TYPE_OTHER);
}

v1::AwardStatus AwardStatusOf(absl::string_view word) {
  return ValueOf(kAwardStatuses, word, v1::AWARD_STATUS_UNSPECIFIED, v1::AWARD_STATUS_UNKNOWN);
}

v1::FieldOfStudyType FieldOfStudyTypeOf(absl::string_view word) {
  return ValueOf(kFieldOfStudyTypes, word, v1::FIELD_OF_STUDY_TYPE_UNSPECIFIED,
                 v1::FIELD_OF_STUDY_TYPE_OTHER);
}

v1::CreditUnit CreditUnitOf(absl::string_view word) {
  return ValueOf(kCreditUnits, word, v1::CREDIT_UNIT_UNSPECIFIED, v1::CREDIT_UNIT_OTHER);
}

v1::SummaryLevel SummaryLevelOf(absl::string_view word) {
  return ValueOf(kSummaryLevels, word, v1::SUMMARY_LEVEL_UNSPECIFIED, v1::SUMMARY_LEVEL_OTHER);
}

v1::CreditBasis CreditBasisOf(absl::string_view word) {
  return ValueOf(kCreditBases, word, v1::CREDIT_BASIS_UNSPECIFIED, v1::CREDIT_BASIS_OTHER);
}

v1::AcademicSessionType AcademicSessionTypeOf(absl::string_view word) {
  return ValueOf(kSessionTypes, word, v1::ACADEMIC_SESSION_TYPE_UNSPECIFIED,
                 v1::ACADEMIC_SESSION_TYPE_OTHER);
}

v1::VerificationResult VerificationResultOf(absl::string_view word) {
  return ValueOf(kResults, word, v1::VERIFICATION_RESULT_UNSPECIFIED,
                 v1::VERIFICATION_RESULT_UNKNOWN);
}

v1::SchoolIdentifierScheme SchoolIdentifierSchemeOf(absl::string_view word) {
  return ValueOf(kSchemes, word, v1::SCHOOL_IDENTIFIER_SCHEME_UNSPECIFIED,
                 v1::SCHOOL_IDENTIFIER_SCHEME_OTHER);
}

v1::TranscriptEventType TranscriptEventTypeOf(absl::string_view word) {
  return ValueOf(kEvents, word, v1::TRANSCRIPT_EVENT_TYPE_UNSPECIFIED,
                 v1::TRANSCRIPT_EVENT_TYPE_OTHER);
}

bool IsUnderWay(absl::string_view processing_status) {
  const v1::ProcessingState state = ProcessingStateOf(processing_status);
  return state == v1::PROCESSING_STATE_PENDING || state == v1::PROCESSING_STATE_ACQUIRING ||
         state == v1::PROCESSING_STATE_IN_PROGRESS;
}

absl::string_view WordFor(v1::AwardType type) { return WordOf(kAwardTypes, type); }
absl::string_view WordFor(v1::AwardStatus status) { return WordOf(kAwardStatuses, status); }
absl::string_view WordFor(v1::FieldOfStudyType type) { return WordOf(kFieldOfStudyTypes, type); }
absl::string_view WordFor(v1::CreditUnit unit) { return WordOf(kCreditUnits, unit); }
absl::string_view WordFor(v1::SummaryLevel level) { return WordOf(kSummaryLevels, level); }
absl::string_view WordFor(v1::CreditBasis basis) { return WordOf(kCreditBases, basis); }
absl::string_view WordFor(v1::AcademicSessionType type) { return WordOf(kSessionTypes, type); }

std::string ListedAwardTypes() { return Listed(kAwardTypes); }
std::string ListedAwardStatuses() { return Listed(kAwardStatuses); }
std::string ListedFieldOfStudyTypes() { return Listed(kFieldOfStudyTypes); }
std::string ListedCreditUnits() { return Listed(kCreditUnits); }
std::string ListedSummaryLevels() { return Listed(kSummaryLevels); }
std::string ListedCreditBases() { return Listed(kCreditBases); }
std::string ListedSessionTypes() { return Listed(kSessionTypes); }

v1::VerificationMethod VerificationMethodOf(absl::string_view reason_code) {
  if (reason_code.substr(0, kMethodPrefix.size()) != kMethodPrefix) {
    return v1::VERIFICATION_METHOD_UNSPECIFIED;
  }
  return ValueOf(kMethods, reason_code, v1::VERIFICATION_METHOD_UNSPECIFIED,
                 v1::VERIFICATION_METHOD_OTHER);
}

absl::string_view MeaningOfReason(absl::string_view reason_code) {
  for (const Meaning& row : kReasons) {
    if (row.code == reason_code) return row.text;
  }
  return "";
}

v1::AdverseAction AdverseActionOf(absl::string_view code) {
  v1::AdverseAction action;
  action.set_reason(v1::ADVERSE_ACTION_REASON_OTHER);
  action.set_provider_code(std::string(code));
  for (const AdverseActionRow& row : kAdverseActions) {
    if (row.code != code) continue;
    action.set_reason(row.reason);
    action.set_description(row.text);
  }
  return action;
}

}  // namespace edugate::adapters
