// A DriftSink that remembers.
#ifndef EDUGATE_RUNTIME_CODEC_TESTDATA_RECORDING_DRIFT_H_
#define EDUGATE_RUNTIME_CODEC_TESTDATA_RECORDING_DRIFT_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/codec/drift.h"

namespace edugate::codec::testing {

// Each call as one line: "unknown edugate.codec.testing.Leaf name".
class RecordingDrift : public DriftSink {
 public:
  void OnUnknownField(absl::string_view message, absl::string_view path) override {
    Add("unknown", message, path);
  }
  void OnIllFitting(absl::string_view message, absl::string_view path) override {
    Add("ill-fitting", message, path);
  }
  void OnMissing(absl::string_view message, absl::string_view path) override {
    Add("missing", message, path);
  }
  void OnNewEnumValue(absl::string_view message, absl::string_view path) override {
    Add("new enum value", message, path);
  }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void Add(absl::string_view what, absl::string_view message, absl::string_view path) {
    const size_t dot = message.rfind('.');
    lines_.push_back(absl::StrCat(what, " ", message.substr(dot + 1), " ", path));
  }

  std::vector<std::string> lines_;
};

}  // namespace edugate::codec::testing

#endif  // EDUGATE_RUNTIME_CODEC_TESTDATA_RECORDING_DRIFT_H_
