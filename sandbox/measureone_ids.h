#ifndef EDUGATE_SANDBOX_MEASUREONE_IDS_H_
#define EDUGATE_SANDBOX_MEASUREONE_IDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "sandbox/counter.h"

// The ids that mean something to the simulated MeasureOne, and new ones.
namespace edugate::sandbox::m1 {

// The document's transcript, and one that was made from a digest.
inline constexpr char kTranscriptId[] = "trc_TSEne2SSjP3GvpVrs5HLol4xor2";
inline constexpr char kDigestTranscriptId[] = "trc_DigestSSjP3GvpVrs5HLol4xor2";
// One whose data are never there, and one whose digest lacks values that a score needs.
inline constexpr char kStuckId[] = "trc_Stuck2SSjP3GvpVrs5HLol4xor2";
inline constexpr char kUnscorableId[] = "trc_Poor22SSjP3GvpVrs5HLol4xor2";
// Its files are a synthetic ZIP file of so many megabytes: trc_Large-300.
inline constexpr absl::string_view kLargePrefix = "trc_Large-";

inline constexpr char kDocumentedReport[] = "dr_TSEne2SSjP3GvpVrs5HLol4xor2";
inline constexpr char kDocumentedTransaction[] = "trx_TSEne2SSjP3GvpVrs5HLol4xor2";

// The school whose login asks for a second factor, and the one-time code that it takes.
inline constexpr char kMfaSchool[] = "sch_MfaL0svv2S8Wjz9Bpwpr8lm9Ayzz";
inline constexpr char kMfaToken[] = "51622";
inline constexpr char kWrongPassword[] = "wrong";

// An id as the vendor makes them: a prefix and 27 letters and digits.
std::string NewId(absl::string_view prefix, Counter& issued);

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_IDS_H_
