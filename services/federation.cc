#include "services/federation.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace edugate::services {
namespace {

// A position is: the id's length (1 byte) and the id, code and reason of the failure (1 byte each,
// 0 and 0 for none), the offset (4), the cursor's length (2) and the cursor.
constexpr size_t kPositionBytes = 1 + 1 + 1 + 4 + 2;

// What providers' cursors need at least: a page's number and its size, a mark of the page before,
// and whose records they are.
constexpr size_t kLeastCursorBytes = 24;

// Connections that an error names one by one.
constexpr size_t kMostNamed = 20;

void AppendNumber(std::string* out, size_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

// Takes numbers and texts off the front of a cursor.
class CursorReader {
 public:
  explicit CursorReader(absl::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }

  bool Number(size_t bytes, size_t* value) {
    absl::string_view text;
    if (!Text(bytes, &text)) return false;
    *value = 0;
    for (const char c : text) *value = *value << 8 | static_cast<unsigned char>(c);
    return true;
  }

  bool Text(size_t bytes, absl::string_view* text) {
    if (rest_.size() < bytes) return false;
    *text = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }

 private:
  absl::string_view rest_;
};

bool ReadPosition(CursorReader& reader, WalkPosition* position) {
  size_t id_size = 0, code = 0, reason = 0, offset = 0, cursor_size = 0;
  absl::string_view id, cursor;
  if (!reader.Number(1, &id_size) || !reader.Text(id_size, &id) || !reader.Number(1, &code) ||
      !reader.Number(1, &reason) || !reader.Number(4, &offset) || !reader.Number(2, &cursor_size) ||
      !reader.Text(cursor_size, &cursor)) {
    return false;
  }
  position->connection = std::string(id);
  position->at = PageState{std::string(cursor), static_cast<uint32_t>(offset)};
  if (code != 0) {
    position->failure = WalkPosition::Failure{static_cast<absl::StatusCode>(code),
                                              static_cast<v1::ErrorReason>(reason)};
  }
  return true;
}

// How much a failure tells a caller; less is told first.
int RankOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return 0;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
      return 1;
    case absl::StatusCode::kDeadlineExceeded:
      return 2;
    case absl::StatusCode::kInvalidArgument:
      return 4;
    default:
      return 3;
  }
}

std::string ReasonText(const absl::Status& status) {
  const v1::ErrorReason reason = errors::ReasonOf(status);
  return reason == v1::ERROR_REASON_UNSPECIFIED ? "" : errors::ReasonName(reason);
}

std::string ConnectionName(const std::string& connection) {
  return absl::StrCat("connections/", connection);
}

}  // namespace

std::string EncodeWalk(const std::vector<WalkPosition>& positions) {
  std::string bytes;
  for (const WalkPosition& each : positions) {
    const WalkPosition::Failure failure =
        each.failure.value_or(WalkPosition::Failure{absl::StatusCode::kOk, {}});
    AppendNumber(&bytes, each.connection.size(), 1);
    absl::StrAppend(&bytes, each.connection);
    AppendNumber(&bytes, static_cast<size_t>(failure.code), 1);
    AppendNumber(&bytes, static_cast<size_t>(failure.reason), 1);
    AppendNumber(&bytes, each.at.offset, 4);
    AppendNumber(&bytes, each.at.cursor.size(), 2);
    absl::StrAppend(&bytes, each.at.cursor);
  }
  return bytes;
}

absl::StatusOr<std::vector<WalkPosition>> DecodeWalk(absl::string_view cursor) {
  std::vector<WalkPosition> positions;
  CursorReader reader(cursor);
  while (!reader.at_end()) {
    WalkPosition position;
    if (!ReadPosition(reader, &position)) {
      return errors::PageTokenInvalid("not a token of a list across connections");
    }
    positions.push_back(std::move(position));
  }
  return positions;
}

std::optional<size_t> CursorLimit(size_t connections, size_t id_bytes) {
  if (connections == 0) return kMaxCursorBytes;
  const size_t taken = connections * kPositionBytes + id_bytes;
  if (taken > kMaxCursorBytes) return std::nullopt;
  const size_t limit = (kMaxCursorBytes - taken) / connections;
  if (limit < kLeastCursorBytes) return std::nullopt;
  return limit;
}

v1::UnreachableDetail ToDetail(const MissingConnection& missing) {
  v1::UnreachableDetail detail;
  detail.set_connection(ConnectionName(missing.connection));
  detail.set_code(static_cast<google::rpc::Code>(missing.why.code()));
  detail.set_reason(ReasonText(missing.why));
  const absl::string_view message = missing.why.message();
  detail.set_message(std::string(message));
  if (const auto delay = errors::RetryAfterOf(missing.why); delay.has_value()) {
    absl::Duration rest;
    detail.mutable_retry_delay()->set_seconds(absl::IDivDuration(*delay, absl::Seconds(1), &rest));
    detail.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  }
  return detail;
}

absl::Status MissingError(const std::vector<MissingConnection>& missing) {
  const auto telling =
      std::min_element(missing.begin(), missing.end(),
                       [](const MissingConnection& left, const MissingConnection& right) {
                         return RankOf(left.why) < RankOf(right.why);
                       });
  const size_t named = std::min(missing.size(), kMostNamed);
  std::string list = absl::StrJoin(missing.begin(), missing.begin() + static_cast<ptrdiff_t>(named),
                                   ", ", [](std::string* out, const MissingConnection& each) {
                                     absl::StrAppend(out, ConnectionName(each.connection), " ",
                                                     ReasonText(each.why));
                                   });
  if (named < missing.size()) absl::StrAppend(&list, ", ", missing.size() - named, " more");
  return errors::WithMetadata(telling->why, "unreachable", list);
}

WalkPosition::Failure Remembered(const absl::Status& status) {
  return {status.code(), errors::ReasonOf(status)};
}

absl::Status Recalled(const std::string& connection, const WalkPosition::Failure& failure) {
  const bool refused = failure.reason == v1::ERROR_REASON_FILTER_UNSUPPORTED;
  return errors::FromProvider(
      {.reason = failure.reason,
       .code = failure.code,
       .message = refused ? "can't apply the filter, as the first page says"
                          : "failed on an earlier page; asked again when the others have no more"},
      {.connection = connection});
}

absl::Status EndedCall(const async::CallContext& call) {
  absl::Status status = call.Status();
  if (absl::IsCancelled(status)) return errors::Cancelled({});
  if (absl::IsDeadlineExceeded(status)) return errors::DeadlineExceeded({});
  return status;
}

}  // namespace edugate::services
