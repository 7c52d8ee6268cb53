// Lists and streams across connections: `parent` is `connections/-` (AIP-159, AIP-217).
//
// A walk across connections is one position for each connection that has the method and can be
// asked the question. A page asks them all for a part of it each, at once, and again those that
// have more where others had less, until it is full; its records stand in the order of the
// configuration, and each connection's in the connection's order. A connection that fails keeps its
// position. It is asked again once the others have no more: records come late then, and none twice
// or never. A list ends where every connection has been read to its end, or has failed again when
// it was asked again; the token of the page before still leads to these. A connection whose port
// finds that it can't be asked the question is named on every page, and not asked again.
#ifndef SERVICES_FEDERATION_H_
#define SERVICES_FEDERATION_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "adapters/connection.h"
#include "adapters/ports.h"
#include "edugate/v1/common.pb.h"
#include "google/protobuf/repeated_field.h"
#include "runtime/async/call_context.h"
#include "runtime/async/queue.h"
#include "runtime/async/task.h"
#include "runtime/async/when_all.h"
#include "runtime/errors/errors.h"
#include "services/caller_rights.h"
#include "services/fan_out.h"
#include "services/learner_name.h"
#include "services/list_port.h"
#include "services/list_request.h"
#include "services/paging.h"
#include "services/routing.h"
#include "services/service_parts.h"
#include "services/stream_trailers.h"
#include "services/stream_writer.h"

namespace edugate::services {

// Where one connection's part of a walk stands.
struct WalkPosition {
  // How a connection failed when it was asked last.
  struct Failure {
    absl::StatusCode code = absl::StatusCode::kUnknown;
    v1::ErrorReason reason = v1::ERROR_REASON_UNSPECIFIED;

    bool operator==(const Failure&) const = default;
  };

  std::string connection;
  PageState at;
  std::optional<Failure> failure;

  bool operator==(const WalkPosition&) const = default;
};

// The positions of a walk as the cursor of a page token, and back. PAGE_TOKEN_INVALID for what
// EncodeWalk has not made.
std::string EncodeWalk(const std::vector<WalkPosition>& positions);
absl::StatusOr<std::vector<WalkPosition>> DecodeWalk(absl::string_view cursor);

// How long a connection's cursor may be in a walk of `connections` whose ids have `id_bytes`
// together, so that the token holds them all; nothing where there are too many for one token.
std::optional<size_t> CursorLimit(size_t connections, size_t id_bytes);

// A connection that could not be asked, and why.
struct MissingConnection {
  std::string connection;
  absl::Status why;
};

v1::UnreachableDetail ToDetail(const MissingConnection& missing);

// The failure of a call for which at least one connection is missing: the most telling of theirs,
// with all of them in the metadata `unreachable`. A failure that may pass is told before one that
// stays, so that a caller who tries again does not do so in vain or not at all.
absl::Status MissingError(const std::vector<MissingConnection>& missing);

// What a position remembers of a failure, and the status that says it on a later page.
WalkPosition::Failure Remembered(const absl::Status& status);
absl::Status Recalled(const std::string& connection, const WalkPosition::Failure& failure);

// One connection of a walk.
template <typename Query>
struct WalkMember {
  const adapters::Connection* connection = nullptr;
  Query query;
  PageState at;
  // Why records are missing: its failure, now or on an earlier page; the refusal of a question that
  // can't be asked here. OK where none are.
  absl::Status failure;
  bool refused = false;         // has no part in the walk
  bool refused_itself = false;  // its port said so: a token has to keep it for the pages to come
  bool failed_before = false;   // on an earlier page, and has not answered since
  bool asked = false;           // on this page
  bool rested = false;          // has cost what a page may cost
  bool done = false;            // read to its end

  bool pending() const { return !refused && !done; }

  // Asking again gives nothing where the port can't apply the filter.
  void Fail(absl::Status status) {
    failure = std::move(status);
    refused_itself = errors::ReasonOf(failure) == v1::ERROR_REASON_FILTER_UNSUPPORTED;
    refused |= refused_itself;
  }
};

template <typename Query>
struct Walk {
  std::vector<WalkMember<Query>> members;  // in the order of the configuration
  std::vector<MissingConnection> gone;     // of a token's, no longer configured
  size_t cursor_limit = 0;

  // Everything that is missing so far.
  std::vector<MissingConnection> Missing() const {
    std::vector<MissingConnection> missing;
    for (const auto& member : members) {
      if (!member.failure.ok()) missing.push_back({member.connection->id, member.failure});
    }
    missing.insert(missing.end(), gone.begin(), gone.end());
    return missing;
  }

  // Where a token goes on; nothing where all is read.
  std::optional<PageState> Next() const {
    std::vector<WalkPosition> positions;
    bool any_pending = false;
    for (const auto& member : members) {
      if (!member.pending() && !member.refused_itself) continue;
      any_pending |= member.pending();
      WalkPosition position{.connection = member.connection->id, .at = member.at};
      if (!member.failure.ok()) position.failure = Remembered(member.failure);
      positions.push_back(std::move(position));
    }
    if (!any_pending) return std::nullopt;
    return PageState{EncodeWalk(positions), 0};
  }

  // Who is asked next for `wanted` records: everybody who has more and did not fail, or else who
  // failed on an earlier page and was not asked on this one.
  std::vector<WalkMember<Query>*> NextToAsk(size_t wanted) {
    std::vector<WalkMember<Query>*> next;
    for (const bool again : {false, true}) {
      for (auto& member : members) {
        if (next.size() == wanted) break;
        const bool due = again ? member.failed_before && !member.asked
                               : !member.failed_before && !member.rested && member.failure.ok();
        if (member.pending() && due) next.push_back(&member);
      }
      if (!next.empty()) break;
    }
    return next;
  }
};

// Checks a list request against one connection of a walk. FILTER_UNSUPPORTED where this connection
// can't be asked; anything else is wrong with the request.
template <typename Query, typename Record, typename Request>
absl::Status PrepareMember(const Request& request, const ListPort<Query, Record>& list,
                           const std::optional<LearnerName>& learner, WalkMember<Query>& member) {
  const adapters::ListTraits& traits = member.connection->ports.*list.traits;
  absl::Status prepared = PrepareList<Record>(request, traits, member.query);
  if (!prepared.ok()) return prepared;
  if constexpr (requires { member.query.learner; }) {
    if (learner.has_value()) {
      return AskForLearner(*learner, *member.connection, traits, member.query);
    }
  }
  return absl::OkStatus();
}

// The walk that a request means: from the beginning, or from where its token says.
template <typename Query, typename Record, typename Request>
absl::StatusOr<Walk<Query>> PrepareWalk(async::CallContext& call, const ServiceParts& parts,
                                        const ListPort<Query, Record>& list, const Query& query,
                                        const Request& request, const PageTokens& tokens) {
  call.set_connection(adapters::kAnyConnection);
  auto filter = adapters::ParseFilter(request.filter());
  if (!filter.ok()) return filter.status();
  std::optional<LearnerName> learner;
  if constexpr (requires { request.learner(); }) {
    if (!request.learner().empty()) {
      auto parsed = ParseLearnerNameAcross(request.learner());
      if (!parsed.ok()) return parsed.status();
      learner = *std::move(parsed);
      if (learner->kind == LearnerName::Kind::kProviderId) {
        absl::Status allowed = CheckMayUse(call, learner->scope);
        if (!allowed.ok()) return allowed;
        auto known = parts.connections->Find(learner->scope);
        if (!known.ok()) return known.status();
      }
    }
  }
  auto token = tokens.Open(request.page_token());
  if (!token.ok()) return token.status();
  const bool begins = request.page_token().empty();
  auto positions = DecodeWalk(token->cursor);
  if (!positions.ok()) return positions.status();

  Walk<Query> walk;
  bool any_allowed = false;
  for (const adapters::Connection& connection : parts.connections->connections()) {
    if (!MayUse(call, connection.id)) continue;
    any_allowed = true;
    if (!(connection.ports.*list.port)) continue;
    WalkMember<Query> member{.connection = &connection, .query = query};
    member.query.parent.connection = connection.id;
    absl::Status prepared = PrepareMember(request, list, learner, member);
    if (!prepared.ok() && errors::ReasonOf(prepared) != v1::ERROR_REASON_FILTER_UNSUPPORTED) {
      return prepared;
    }
    const auto position =
        std::find_if(positions->begin(), positions->end(),
                     [&](const WalkPosition& each) { return each.connection == connection.id; });
    const bool walked = position != positions->end();
    if (!prepared.ok()) {
      member.refused = true;
      member.failure = prepared;
    } else if (!begins && !walked) {
      continue;  // read to its end, or configured since
    } else if (walked) {
      member.at = std::move(position->at);
      if (position->failure.has_value()) {
        member.failed_before = true;
        member.Fail(Recalled(connection.id, *position->failure));
      }
    }
    if (walked) positions->erase(position);
    walk.members.push_back(std::move(member));
  }
  if (!any_allowed) return CheckMayUse(call, adapters::kAnyConnection);
  for (const WalkPosition& left : *positions) {
    absl::Status why = CheckMayUse(call, left.connection);
    if (why.ok()) why = errors::ConnectionUnknown(left.connection);
    walk.gone.push_back({left.connection, std::move(why)});
  }
  if (begins && walk.members.empty()) return errors::OperationNotSupported(call.method(), {}, "");
  size_t id_bytes = 0;
  for (const auto& member : walk.members) id_bytes += member.connection->id.size();
  const std::optional<size_t> limit = CursorLimit(walk.members.size(), id_bytes);
  if (!limit.has_value()) {
    return errors::ArgumentInvalid("parent", "means more connections than a page token can hold");
  }
  walk.cursor_limit = *limit;
  return walk;
}

// Why a call that has ended gives nothing more.
absl::Status EndedCall(const async::CallContext& call);

// Adds at most `wanted` records of one connection to `into`, and says how many. What was read
// before a failure is kept.
template <typename Query, typename Record>
async::Task<size_t> ReadPart(async::CallContext& call, const FanOut& fan_out,
                             const ListPort<Query, Record>& list, size_t cursor_limit,
                             WalkMember<Query>& member, size_t wanted,
                             google::protobuf::RepeatedPtrField<Record>& into) {
  async::CallContext part = call.Child(fan_out.DeadlineOf(call));
  part.set_connection(member.connection->id);
  member.asked = true;
  member.failure = absl::OkStatus();
  CursorTrail trail;
  const int before = into.size();
  const int full = before + static_cast<int>(wanted);
  for (int pages = 0; into.size() < full && !member.done; ++pages) {
    if (pages == member.connection->max_pages) {
      member.rested = true;
      break;
    }
    if (!trail.Visit(member.at.cursor)) {
      member.failure = errors::PaginationLoop({.connection = member.connection->id});
      break;
    }
    const int page_begin = into.size();
    auto next = co_await AssemblePage(part, member.connection->ports.*list.port, member.query,
                                      member.at, full - page_begin, 1, into);
    if (!next.ok()) {
      member.Fail(next.status());
      break;
    }
    if (next->has_value() && (*next)->cursor.size() > cursor_limit) {
      into.DeleteSubrange(page_begin, into.size() - page_begin);
      member.failure = errors::ProviderResponseInvalid(
          "the next page's cursor is too long for a list across "
          "connections",
          {.connection = member.connection->id});
      break;
    }
    if (next->has_value()) {
      member.at = **std::move(next);
    } else {
      member.done = true;
    }
  }
  const size_t read = static_cast<size_t>(into.size() - before);
  if (member.failure.ok() || read > 0) member.failed_before = false;
  co_return read;
}

// Moves all records of one field to the end of another on the same arena, or both on none. No
// record is touched.
template <typename Record>
void Append(google::protobuf::RepeatedPtrField<Record>& from,
            google::protobuf::RepeatedPtrField<Record>& into) {
  std::vector<Record*> records(static_cast<size_t>(from.size()));
  from.UnsafeArenaExtractSubrange(0, from.size(), records.data());
  for (Record* record : records) into.UnsafeArenaAddAllocated(record);
}

// Answers a list request whose parent is `connections/-`: adds its records to `into`, which is
// empty.
template <typename Query, typename Record, typename Request>
async::Task<absl::StatusOr<ListedPage>> ListAcross(
    async::CallContext& call, const ServiceParts& parts, ListPort<Query, Record> list, Query query,
    const Request& request, google::protobuf::RepeatedPtrField<Record>& into) {
  auto page_size = PageSizeOf(request.page_size());
  if (!page_size.ok()) co_return page_size.status();
  const PageTokens tokens(*parts.page_tokens, call, list.token_method, request);
  auto walk = PrepareWalk(call, parts, list, query, request, tokens);
  if (!walk.ok()) co_return walk.status();

  // Each member's records, which come at once and stand one after the other.
  std::deque<google::protobuf::RepeatedPtrField<Record>> records;
  for (size_t i = 0; i < walk->members.size(); ++i) records.emplace_back(into.GetArena());
  size_t wanted = *page_size;
  bool answered = false;
  while (wanted > 0) {
    const auto next = walk->NextToAsk(wanted);
    if (next.empty()) break;
    std::vector<async::Task<size_t>> reads;
    for (size_t i = 0; i < next.size(); ++i) {
      const size_t part = wanted / next.size() + (i < wanted % next.size() ? 1 : 0);
      const size_t index = static_cast<size_t>(next[i] - walk->members.data());
      reads.push_back(
          ReadPart(call, parts.fan_out, list, walk->cursor_limit, *next[i], part, records[index]));
    }
    auto counts = co_await async::WhenAll(std::move(reads), parts.fan_out.max_parallel);
    absl::Status ended = EndedCall(call);
    if (!ended.ok()) co_return ended;
    for (size_t i = 0; i < next.size(); ++i) {
      wanted -= counts[i];
      answered |= next[i]->failure.ok() || counts[i] > 0;
    }
  }

  const std::vector<MissingConnection> missing = walk->Missing();
  // Whether somebody who is missing has not had a second chance, or somebody has more.
  bool goes_on = false;
  bool fails_anew = request.page_token().empty();
  for (const auto& member : walk->members) {
    if (!member.pending()) continue;
    const bool again = member.failed_before && member.asked;
    goes_on |= !again;
    fails_anew |= !again;
  }
  if (!answered && fails_anew && !missing.empty()) co_return MissingError(missing);

  for (auto& each : records) Append(each, into);
  ListedPage result;
  for (const MissingConnection& each : missing) result.unreachable.push_back(ToDetail(each));
  if (goes_on) {
    auto token = tokens.Seal(walk->Next());
    if (!token.ok()) co_return token.status();
    result.next_page_token = *std::move(token);
  }
  co_return result;
}

// A provider's page on its way from one connection's reader to the stream; without records where
// the reader failed.
template <typename Record>
struct WalkPage {
  size_t member = 0;
  PageState at;
  google::protobuf::RepeatedPtrField<Record> records;
  bool last = false;
  absl::Status failure;
};

// Reads one connection to its end, a page ahead of the stream.
template <typename Query, typename Record>
async::Task<bool> ReadAll(async::CallContext& call, const FanOut& fan_out,
                          const ListPort<Query, Record>& list, WalkMember<Query>& member,
                          size_t index, async::Queue<WalkPage<Record>>& pages) {
  CursorTrail trail;
  PageState at = member.at;
  const int32_t wanted = member.query.size_hint;
  for (bool last = false; !last;) {
    WalkPage<Record> page{.member = index, .at = at};
    if (trail.Visit(at.cursor)) {
      async::CallContext part = call.Child(fan_out.DeadlineOf(call));
      part.set_connection(member.connection->id);
      member.query.cursor = at.cursor;
      member.query.size_hint = SizeHintFrom(at, wanted);
      auto next_cursor =
          co_await (member.connection->ports.*list.port)(part, member.query, page.records);
      page.failure = next_cursor.status();
      if (next_cursor.ok()) {
        at = PageState{*std::move(next_cursor), 0};
        page.last = at.cursor.empty();
      } else {
        page.records.Clear();
      }
    } else {
      page.failure = errors::PaginationLoop({.connection = member.connection->id});
    }
    last = page.last || !page.failure.ok();
    absl::Status pushed = co_await pages.Push(call, std::move(page));
    if (!pushed.ok()) co_return false;
  }
  co_return true;
}

template <typename Query, typename Record>
async::Task<absl::Status> ReadWalk(async::CallContext& call, const FanOut& fan_out,
                                   const ListPort<Query, Record>& list, Walk<Query>& walk,
                                   async::Queue<WalkPage<Record>>& pages) {
  std::vector<async::Task<bool>> readers;
  for (size_t i = 0; i < walk.members.size(); ++i) {
    if (walk.members[i].refused) continue;
    readers.push_back(ReadAll(call, fan_out, list, walk.members[i], i, pages));
  }
  co_await async::WhenAll(std::move(readers), fan_out.max_parallel);
  pages.Close();
  co_return absl::OkStatus();
}

// Writes what the readers read, at the caller's pace, and keeps the walk's positions. `reading` is
// the readers' call, which ends with the stream.
template <typename Query, typename Record>
async::Task<absl::Status> WriteWalk(async::CallContext& call, async::CallContext& reading,
                                    Walk<Query>& walk, async::Queue<WalkPage<Record>>& pages,
                                    StreamWriter<Record>& writer) {
  absl::Status status;
  while (status.ok()) {
    auto page = co_await pages.Pop(call);
    if (!page.ok()) {
      status = EndedCall(call);
      break;
    }
    if (!page->has_value()) break;
    WalkPage<Record>& got = **page;
    WalkMember<Query>& member = walk.members[got.member];
    if (!got.failure.ok()) {
      member.Fail(got.failure);
      continue;
    }
    member.failure = absl::OkStatus();
    member.at = std::move(got.at);
    const uint32_t end = static_cast<uint32_t>(got.records.size());
    for (uint32_t i = member.at.offset; i < end && status.ok(); ++i) {
      absl::Status written = co_await writer.Write(std::move(got.records[static_cast<int>(i)]));
      if (written.ok()) member.at.offset = i + 1;
      status = std::move(written);
    }
    member.done = got.last && status.ok();
  }
  reading.Cancel();
  pages.Close();
  co_return status;
}

// Answers a stream request whose parent is `connections/-`. It ends with OK only where nothing is
// missing.
template <typename Query, typename Record, typename Request>
async::Task<absl::Status> StreamAcross(async::CallContext& call, const ServiceParts& parts,
                                       ListPort<Query, Record> list, Query query,
                                       const Request& request, StreamWriter<Record>& writer) {
  if (request.page_size() < 0)
    co_return errors::ArgumentInvalid("page_size", "must not be negative");
  query.size_hint = std::min(request.page_size(), kMaxPageSize);
  const PageTokens tokens(*parts.page_tokens, call, list.token_method, request);
  auto walk = PrepareWalk(call, parts, list, query, request, tokens);
  if (!walk.ok()) co_return walk.status();

  async::Queue<WalkPage<Record>> pages(1);
  async::CallContext reading = call.Child(call.deadline());
  std::vector<async::Task<absl::Status>> sides;
  sides.push_back(ReadWalk(reading, parts.fan_out, list, *walk, pages));
  sides.push_back(WriteWalk(call, reading, *walk, pages, writer));
  auto ends = co_await async::WhenAll(std::move(sides));

  const std::vector<MissingConnection> missing = walk->Missing();
  absl::Status status = std::move(ends.back());
  if (status.ok() && !missing.empty()) status = MissingError(missing);
  std::vector<StreamTrailer> trailers;
  // A token that can't be made is a convenience less; the status is told all the same.
  auto token = tokens.Seal(walk->Next());
  if (token.ok() && !token->empty()) trailers.push_back({kNextPageTokenTrailer, *std::move(token)});
  for (const MissingConnection& each : missing) {
    const v1::UnreachableDetail detail = ToDetail(each);
    trailers.push_back({kUnreachableTrailer, detail.connection() + " " + detail.reason()});
  }
  for (const StreamTrailer& each : TrailersThatFit(status, std::move(trailers))) {
    writer.AddTrailer(each.key, each.value);
  }
  co_return status;
}

}  // namespace edugate::services

#endif  // SERVICES_FEDERATION_H_
