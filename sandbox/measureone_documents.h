#ifndef EDUGATE_SANDBOX_MEASUREONE_DOCUMENTS_H_
#define EDUGATE_SANDBOX_MEASUREONE_DOCUMENTS_H_

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sandbox/counter.h"
#include "sandbox/provider.h"

namespace edugate::sandbox::m1 {

struct Document {
  std::string file_name;
  std::string content;
};

// The uploaded files from which MeasureOne makes transcripts.
class Documents {
 public:
  // `issued` numbers the documents and outlives it.
  Documents(Surroundings surroundings, Counter& issued);

  void Reset();

  Reply Upload(const Request& request);

  // Null where there is none.
  std::shared_ptr<const Document> Find(const std::string& uri) const;

 private:
  const Surroundings surroundings_;
  Counter& issued_;
  mutable absl::Mutex mutex_;
  // By uri.
  std::map<std::string, std::shared_ptr<const Document>> documents_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace edugate::sandbox::m1

#endif  // EDUGATE_SANDBOX_MEASUREONE_DOCUMENTS_H_
