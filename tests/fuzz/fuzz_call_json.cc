// Any text as the request of `edugate call`. The first byte chooses the method's request.

#include <iterator>
#include <memory>
#include <string>

#include "app/json_request.h"
#include "edugate/v1/assignment_service.pb.h"
#include "edugate/v1/catalog_service.pb.h"
#include "edugate/v1/enrollment_service.pb.h"
#include "edugate/v1/license_service.pb.h"
#include "edugate/v1/transcript_service.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "runtime/codec/json_text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/invariant.h"

namespace edugate {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using google::protobuf::Message;
  static const Message* const kRequests[] = {
      &v1::UpdateEnrollmentRequest::default_instance(),
      &v1::ListEnrollmentsRequest::default_instance(),
      &v1::CreateTranscriptRequest::default_instance(),
      &v1::GetTranscriptRequest::default_instance(),
      &v1::VerifyEnrollmentRequest::default_instance(),
      &v1::BulkEnrollRequest::default_instance(),
      &v1::RevokeLicensesRequest::default_instance(),
      &v1::AllocateAssignmentsRequest::default_instance(),
      &v1::ListCatalogItemsRequest::default_instance(),
  };
  fuzz::Input input(data, size);
  const Message& prototype = *kRequests[input.Choice(std::size(kRequests))];
  const std::string text(input.Rest());

  const auto expanded = app::ExpandEnumNames(text, prototype.GetDescriptor());
  if (!expanded.ok()) {
    fuzz::Require(expanded.status().code() == absl::StatusCode::kInvalidArgument,
                  "what isn't JSON is refused as such");
    return 0;
  }
  const auto again = app::ExpandEnumNames(*expanded, prototype.GetDescriptor());
  fuzz::Require(again.ok() && *again == *expanded, "full names stay as they are", *expanded);

  // What protobuf reads without the expansion, it reads the same with it.
  const std::unique_ptr<Message> plain(prototype.New());
  if (!google::protobuf::util::JsonStringToMessage(text, plain.get()).ok()) return 0;
  if (!codec::IsJsonText(text)) return 0;
  const std::unique_ptr<Message> full(prototype.New());
  fuzz::Require(google::protobuf::util::JsonStringToMessage(*expanded, full.get()).ok(),
                "an expanded request can be read", *expanded);
  fuzz::Require(google::protobuf::util::MessageDifferencer::Equals(*plain, *full),
                "the expansion changes no meaning", *expanded);
  return 0;
}

}  // namespace edugate
