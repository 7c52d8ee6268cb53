#ifndef EDUGATE_SANDBOX_MEASUREONE_SCORES_H_
#define EDUGATE_SANDBOX_MEASUREONE_SCORES_H_

#include <optional>

#include "sandbox/measureone_transcripts.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::m1 {

// The scores of processed transcripts, by MeasureOne's API v2.
class Scores {
 public:
  // `transcripts` outlives it.
  Scores(Surroundings surroundings, const Transcripts& transcripts);

  Reply MeritScore(const Request& request);
  Reply GradScore(const Request& request);

 private:
  // The refusal of a score, if it is to be refused.
  std::optional<Reply> RefuseScore(const Request& request);

  const Surroundings surroundings_;
  const Transcripts& transcripts_;
};

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_SCORES_H_
