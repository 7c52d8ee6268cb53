// MeasureOne's words and the domain's values for them: one table each, read both ways.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_WORDS_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "edugate/v1/common.pb.h"
#include "edugate/v1/school.pb.h"
#include "edugate/v1/transcript.pb.h"
#include "edugate/v1/verification.pb.h"

namespace edugate::adapters {

// Whether two spellings are one word of MeasureOne's. Upper and lower case, `-`, `_` and a blank
// are not told apart: one document writes IN-PROGRESS and IN_PROGRESS.
bool IsSameWord(absl::string_view a, absl::string_view b);

// What a word of MeasureOne means, in any spelling: UNSPECIFIED where there is none, OTHER or
// UNKNOWN for a word that no document lists.
v1::ProcessingState ProcessingStateOf(absl::string_view word);
v1::AwardType AwardTypeOf(absl::string_view word);
v1::AwardStatus AwardStatusOf(absl::string_view word);
v1::FieldOfStudyType FieldOfStudyTypeOf(absl::string_view word);
v1::CreditUnit CreditUnitOf(absl::string_view word);
v1::SummaryLevel SummaryLevelOf(absl::string_view word);
v1::CreditBasis CreditBasisOf(absl::string_view word);
v1::AcademicSessionType AcademicSessionTypeOf(absl::string_view word);
v1::VerificationResult VerificationResultOf(absl::string_view word);
v1::SchoolIdentifierScheme SchoolIdentifierSchemeOf(absl::string_view word);
v1::TranscriptEventType TranscriptEventTypeOf(absl::string_view word);

// Whether MeasureOne still works on something. A processing status that no document lists says
// nothing of it: waiting on it might never end.
bool IsUnderWay(absl::string_view processing_status);

// MeasureOne's word for a value; empty where it has none.
absl::string_view WordFor(v1::AwardType type);
absl::string_view WordFor(v1::AwardStatus status);
absl::string_view WordFor(v1::FieldOfStudyType type);
absl::string_view WordFor(v1::CreditUnit unit);
absl::string_view WordFor(v1::SummaryLevel level);
absl::string_view WordFor(v1::CreditBasis basis);
absl::string_view WordFor(v1::AcademicSessionType type);

// The words of a kind that a request may hold, for an error's text: "MAJOR, MINOR, CONCENTRATION".
std::string ListedAwardTypes();
std::string ListedAwardStatuses();
std::string ListedFieldOfStudyTypes();
std::string ListedCreditUnits();
std::string ListedSummaryLevels();
std::string ListedCreditBases();
std::string ListedSessionTypes();

// The method that a reason code tells (MES_VF_*); UNSPECIFIED for a code that tells none.
v1::VerificationMethod VerificationMethodOf(absl::string_view reason_code);

// What a documented reason code means, of a finding or of a 422; empty for any other.
absl::string_view MeaningOfReason(absl::string_view reason_code);

// The reason behind an adverse action code, and its documented wording; OTHER without wording for a
// code that the document doesn't list.
v1::AdverseAction AdverseActionOf(absl::string_view code);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_WORDS_H_
