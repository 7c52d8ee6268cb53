#include "runtime/codec/json_body.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

namespace edugate::codec {

namespace {

// Each level of nesting costs a few frames of recursion, which the stack of an event loop's thread
// must hold.
constexpr int kDeepestEver = 512;

}  // namespace

JsonBody::JsonBody(const DecodeOptions& options, const std::string& body, JsonTokens tokens)
    : tokens_(tokens),
      end_(body.data() + body.size()),
      max_depth_(std::min(options.max_depth, kDeepestEver)),
      nodes_left_(options.max_nodes),
      message_bytes_left_(options.max_message_bytes) {}

bool JsonBody::Fail(const ValuePath* at, absl::string_view problem) {
  const std::string path = PathText(at, nullptr, PathStyle::kError);
  status_ = absl::InternalError(path.empty() ? absl::StrCat("the body ", problem)
                                             : absl::StrCat(path, " ", problem));
  return false;
}

bool JsonBody::UnescapeName(absl::string_view* name) {
  std::string unescaped;
  if (UnescapeJson(*name, &unescaped)) {
    names_.push_back(std::move(unescaped));
    *name = names_.back();
    return true;
  }
  JsonBudget budget{0, 1};
  JsonFlaw flaw = JsonFlaw::kNone;
  return ScanJsonValue(name->data() - 1, end_, &budget, &flaw) != nullptr;
}

const char* JsonBody::EndOf(const char* start, const ValuePath& path, int depth) {
  // The value itself is counted already.
  size_t nodes = nodes_left_ + 1;
  const char* end = ScanValue(start, path, depth, &nodes);
  if (end != nullptr) nodes_left_ = nodes;
  return end;
}

const char* JsonBody::EndOfEarlier(const char* start, const ValuePath& path, int depth) {
  size_t nodes = SIZE_MAX;
  return ScanValue(start, path, depth, &nodes);
}

const char* JsonBody::ScanValue(const char* start, const ValuePath& path, int depth,
                                size_t* nodes) {
  JsonBudget budget{max_depth_ - depth, *nodes};
  JsonFlaw flaw = JsonFlaw::kNone;
  const char* end = ScanJsonValue(start, end_, &budget, &flaw);
  *nodes = budget.nodes;
  switch (flaw) {
    case JsonFlaw::kNone:
      tokens_.SkipTo(end);
      return end;
    case JsonFlaw::kSyntax:
      FailSyntax(&path);
      break;
    case JsonFlaw::kTooDeep:
      Fail(&path, "is nested too deeply");
      break;
    case JsonFlaw::kTooManyValues:
      Fail(&path, "holds too many values");
      break;
  }
  return nullptr;
}

}  // namespace edugate::codec
