// The caller's pages, put together from the provider's: exactly as many records as were asked for,
// however the provider pages, and a sealed token that goes on at the very next record.
#ifndef SERVICES_PAGING_H_
#define SERVICES_PAGING_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "adapters/ports.h"
#include "google/protobuf/repeated_field.h"
#include "runtime/async/call_context.h"
#include "runtime/async/task.h"
#include "runtime/errors/errors.h"
#include "services/page_token.h"
#include "services/stream_writer.h"

namespace edugate::services {

// Page sizes of the public API (AIP-158): what a caller gets that names none, and the most that any
// caller gets.
inline constexpr int32_t kDefaultPageSize = 100;
inline constexpr int32_t kMaxPageSize = 1000;

// The page size that a request means. ARGUMENT_INVALID for a negative one; one that is too large is
// made smaller.
absl::StatusOr<int32_t> PageSizeOf(int32_t requested);

// How large a page to ask for where `wanted` records are: never so small that the page ends before
// the place to go on from, because then the page after it would bring records again that were given
// out already. A first page has no cursor that says how large it was. 0 stays the provider's
// largest.
inline int32_t SizeHintFrom(const PageState& state, int32_t wanted) {
  constexpr uint32_t kLargest = std::numeric_limits<int32_t>::max();
  if (wanted <= 0) return 0;
  return std::max(wanted, static_cast<int32_t>(std::min(state.offset, kLargest)));
}

// Notices a provider whose pages lead in a circle, in bounded memory however long the walk: a
// circle of up to kRemembered pages as soon as it closes, a longer one after a few rounds.
class CursorTrail {
 public:
  static constexpr size_t kRemembered = 1024;

  // False where the walk has been at `cursor` before.
  bool Visit(const std::string& cursor);

 private:
  // The cursors since the last time that there were too many, and one of those times: Brent's way,
  // a mark at each power of two, meets itself again in any circle.
  std::set<std::string> recent_;
  std::optional<std::string> mark_;
  size_t steps_ = 0;
  size_t next_mark_ = kRemembered;
};

// Adds the records of provider pages from `state` on until there are `page_size` of them or the
// provider has no more, and answers where the next page begins; nothing where there is none. After
// `max_pages` provider pages the page ends early, with a place to go on from. After a failure
// `into` has what had been read before it. `port` and `into` outlive the task; the query's cursor
// and size hint are set here.
template <typename Query, typename Record>
async::Task<absl::StatusOr<std::optional<PageState>>> ReadPages(
    async::CallContext& call, const adapters::PagePort<Query, Record>& port, Query query,
    PageState state, int32_t page_size, int max_pages,
    google::protobuf::RepeatedPtrField<Record>& into) {
  const int full = into.size() + page_size;
  CursorTrail trail;
  for (int pages = 0; pages < max_pages; ++pages) {
    if (!trail.Visit(state.cursor))
      co_return errors::PaginationLoop({.connection = call.connection()});
    query.cursor = state.cursor;
    query.size_hint = SizeHintFrom(state, page_size);
    const int before = into.size();
    auto next_cursor = co_await port(call, query, into);
    if (!next_cursor.ok()) co_return next_cursor.status();
    const uint32_t came = static_cast<uint32_t>(into.size() - before);
    // A page can have become shorter since the token was made.
    const uint32_t begin = std::min(state.offset, came);
    const uint32_t end = std::min(came, begin + static_cast<uint32_t>(full - before));
    into.DeleteSubrange(before + static_cast<int>(end), static_cast<int>(came - end));
    into.DeleteSubrange(before, static_cast<int>(begin));
    const bool rest_left = end < came;
    if (rest_left) co_return PageState{state.cursor, end};
    if (next_cursor->empty()) co_return std::nullopt;
    state = PageState{*std::move(next_cursor), 0};
    if (into.size() >= full) break;
  }
  // A token that leads back to where this walk has been would lead the caller round for ever.
  if (!trail.Visit(state.cursor))
    co_return errors::PaginationLoop({.connection = call.connection()});
  co_return state;
}

// The same, and nothing of a page that fails stays in `into`.
template <typename Query, typename Record>
async::Task<absl::StatusOr<std::optional<PageState>>> AssemblePage(
    async::CallContext& call, const adapters::PagePort<Query, Record>& port, Query query,
    PageState state, int32_t page_size, int max_pages,
    google::protobuf::RepeatedPtrField<Record>& into) {
  const int before = into.size();
  auto next = co_await ReadPages(call, port, std::move(query), std::move(state), page_size,
                                 max_pages, into);
  if (!next.ok()) into.DeleteSubrange(before, into.size() - before);
  co_return next;
}

// Writes every record from `state` on, one provider page at a time, at the reader's pace.
// `reached`, where it is given, says after a failure where to go on.
template <typename Query, typename Record>
async::Task<absl::Status> StreamPages(async::CallContext& call,
                                      const adapters::PagePort<Query, Record>& port, Query query,
                                      PageState state, StreamWriter<Record>& writer,
                                      PageState* reached = nullptr) {
  CursorTrail trail;
  const int32_t wanted = query.size_hint;
  for (;;) {
    if (reached != nullptr) *reached = state;
    if (!trail.Visit(state.cursor))
      co_return errors::PaginationLoop({.connection = call.connection()});
    query.cursor = state.cursor;
    query.size_hint = SizeHintFrom(state, wanted);
    google::protobuf::RepeatedPtrField<Record> records;
    auto next_cursor = co_await port(call, query, records);
    if (!next_cursor.ok()) co_return next_cursor.status();
    for (uint32_t i = state.offset; i < static_cast<uint32_t>(records.size()); ++i) {
      absl::Status written = co_await writer.Write(std::move(records[static_cast<int>(i)]));
      if (!written.ok()) co_return written;
      if (reached != nullptr) reached->offset = i + 1;
    }
    if (next_cursor->empty()) co_return absl::OkStatus();
    state = PageState{*std::move(next_cursor), 0};
  }
}

// Opens and seals the tokens of one list call.
class PageTokens {
 public:
  // `request` is the list request: its digest binds the tokens to the query. A list and the stream
  // of the same records say the same `method`, a literal. All but it outlive the object.
  PageTokens(const PageTokenSealer& sealer, const async::CallContext& call,
             absl::string_view method, const google::protobuf::Message& request);

  // Where the request's token says to go on; the beginning for an empty one. PAGE_TOKEN_INVALID.
  absl::StatusOr<PageState> Open(absl::string_view token) const;

  // The token for the next page; empty where there is none.
  absl::StatusOr<std::string> Seal(const std::optional<PageState>& next) const;

 private:
  // Made when it is first needed: a list of one page has no tokens.
  const PageBinding& Binding() const;

  const PageTokenSealer& sealer_;
  const async::CallContext& call_;
  const absl::string_view method_;
  const google::protobuf::Message& request_;
  const absl::Time now_;
  mutable std::optional<PageBinding> binding_;
};

}  // namespace edugate::services

#endif  // SERVICES_PAGING_H_
