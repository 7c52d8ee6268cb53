#ifndef EDUGATE_SANDBOX_MEASUREONE_SCHOOLS_H_
#define EDUGATE_SANDBOX_MEASUREONE_SCHOOLS_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/counter.h"
#include "sandbox/measureone_transcripts.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::m1 {

// The schools of MeasureOne's API v2, and the students' logins at them, by which transcripts are
// fetched.
class Schools {
 public:
  // `transcripts` takes what is fetched, `issued` numbers the sessions; both outlive it.
  Schools(Transcripts& transcripts, Counter& issued);

  void Reset();

  Reply List(const Request& request);
  Reply Access(const Request& request);
  Reply VerifyMfa(const Request& request);

 private:
  struct Session {
    std::string external_id;
    bool waits_for_code = false;
  };

  Transcripts& transcripts_;
  Counter& issued_;
  absl::Mutex mutex_;
  std::map<std::string, Session> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_SCHOOLS_H_
