// From MeasureOne's transcripts, scores, sessions and schools to the domain. Pure functions.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_MAPPING_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_MAPPING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/provider/measureone/v2/transcript.pb.h"
#include "edugate/v1/school.pb.h"
#include "edugate/v1/transcript.pb.h"
#include "edugate/v1/transcript_service.pb.h"

namespace edugate::adapters {

// An address without the login that it may carry: sftp://user:password@host/file.
std::string WithoutLogin(const std::string& uri);

// A transcript, whichever of the three reading calls it came from. View FULL takes the provider's
// record along.
v1::Transcript ToTranscript(const provider::measureone::v2::Transcript& record,
                            absl::string_view connection, v1::TranscriptView view);

// The parts of a transcript, which a sandbox or another view may have alone.
v1::AcademicRecord ToAcademicRecord(const provider::measureone::v2::AcademicRecord& record);
v1::EnrollmentSummary ToEnrollmentSummary(
    const provider::measureone::v2::EnrollmentSummary& summary);
v1::TranscriptDigest ToDigest(const provider::measureone::v2::Digest& digest);

// A score, with the reasons against it spelled out. `transcript` is the resource name.
v1::TranscriptScore ToScore(const provider::measureone::v2::MeritScore& score,
                            const std::string& transcript, v1::View view);
v1::TranscriptScore ToScore(const provider::measureone::v2::GradScore& score,
                            const std::string& transcript, v1::View view);

// A session at a school. The provider's record holds the id alone: the state is the HTTP status.
v1::TranscriptAccessSession ToSession(const provider::measureone::v2::TranscriptSession& session,
                                      absl::string_view connection,
                                      v1::TranscriptAccessState state);

// A school of the country that was asked for.
v1::School ToSchool(const provider::measureone::v2::School& record, absl::string_view connection,
                    absl::string_view country_code, v1::View view);

// An uploaded document. `media_type` is what was sent.
v1::UploadedFile ToUploadedFile(const provider::measureone::v2::SourceDataReference& reference,
                                absl::string_view media_type);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_TRANSCRIPT_MAPPING_H_
