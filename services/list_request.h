// What all list requests share: view, filter, order and read mask, checked against what the
// connection's port can do.
#ifndef SERVICES_LIST_REQUEST_H_
#define SERVICES_LIST_REQUEST_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "adapters/ports.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "runtime/errors/errors.h"
#include "services/routing.h"
#include "services/stream_writer.h"

namespace edugate::services {

// A read mask (AIP-157): which fields of a record the caller wants. Empty: all.
class ReadMask {
 public:
  ReadMask() = default;

  // ARGUMENT_INVALID where a path is not of the record's type.
  static absl::StatusOr<ReadMask> Parse(const google::protobuf::FieldMask& mask,
                                        const google::protobuf::Descriptor* record);

  // Clears every field that was not asked for.
  void Apply(google::protobuf::Message& record) const;

 private:
  google::protobuf::FieldMask mask_;
};

// A stream whose records pass a read mask.
template <typename Record>
class MaskingWriter final : public StreamWriter<Record> {
 public:
  MaskingWriter(StreamWriter<Record>& next, const ReadMask& mask) : next_(next), mask_(mask) {}

  async::Task<absl::Status> Write(Record record) override {
    mask_.Apply(record);
    return next_.Write(std::move(record));
  }

  void AddTrailer(absl::string_view key, const std::string& value) override {
    next_.AddTrailer(key, value);
  }

 private:
  StreamWriter<Record>& next_;
  const ReadMask& mask_;
};

// Reads and checks a filter. FILTER_UNSUPPORTED.
absl::StatusOr<adapters::Filter> CheckedFilter(absl::string_view text,
                                               const adapters::ListTraits& traits);

// Fills a query's view and filter, and the read mask, from a list request of records of type
// Record. A filter or an order that the provider can't apply is refused and never ignored.
template <typename Record, typename Request>
absl::Status PrepareList(const Request& request, const adapters::ListTraits& traits,
                         adapters::PageQuery& query, ReadMask& read_mask) {
  query.view = ViewOf(request.view());
  auto filter = CheckedFilter(request.filter(), traits);
  if (!filter.ok()) return filter.status();
  query.filter = *std::move(filter);
  if constexpr (requires { request.order_by(); }) {
    if (!request.order_by().empty()) {
      return errors::ArgumentInvalid("order_by", "the provider offers no order");
    }
  }
  if constexpr (requires { request.read_mask(); }) {
    auto mask = ReadMask::Parse(request.read_mask(), Record::descriptor());
    if (!mask.ok()) return mask.status();
    read_mask = *std::move(mask);
  }
  return absl::OkStatus();
}

}  // namespace edugate::services

#endif  // SERVICES_LIST_REQUEST_H_
