#include "services/call_messages.h"

#include <string>

#include "edugate/v1/enrollment_service.pb.h"
#include "gtest/gtest.h"

namespace edugate::services {
namespace {

template <typename Request, typename Response>
CallMessages<Request, Response>& New() {
  auto* allocator = CallMessagesAllocator<Request, Response>::Get();
  return static_cast<CallMessages<Request, Response>&>(*allocator->AllocateMessages());
}

TEST(CallMessagesTest, AReplyOnAnArenaIsTheOneThatIsSent) {
  auto& messages = New<v1::ListEnrollmentsRequest, v1::ListEnrollmentsResponse>();
  EXPECT_EQ(messages.response()->GetArena(), nullptr);
  v1::ListEnrollmentsResponse& reply = messages.ReplyOnArena();
  EXPECT_NE(reply.GetArena(), nullptr);
  EXPECT_EQ(messages.response(), &reply);
  messages.Release();
}

TEST(CallMessagesTest, AnEmptyReplyIsLeftWhereOneWasFreed) {
  for (const bool on_arena : {false, true}) {
    auto& messages = New<v1::ListEnrollmentsRequest, v1::ListEnrollmentsResponse>();
    messages.Hold();
    v1::ListEnrollmentsResponse& reply = on_arena ? messages.ReplyOnArena() : *messages.response();
    reply.add_enrollments()->set_name(std::string(1000, 'n'));
    messages.FreeReply();
    messages.Release();
    EXPECT_EQ(messages.response()->ByteSizeLong(), 0u);
    EXPECT_EQ(messages.response()->GetArena(), nullptr);
    messages.Release();
  }
}

// Thousands of calls wait for their providers at once.
TEST(CallMessagesTest, AnEmptyReplyOnAnArenaTakesLittle) {
  auto& list = New<v1::ListEnrollmentsRequest, v1::ListEnrollmentsResponse>();
  EXPECT_LE(list.ReplyOnArena().GetArena()->SpaceAllocated(), 512u);
  list.Release();
  auto& get = New<v1::GetEnrollmentRequest, v1::Enrollment>();
  EXPECT_LE(get.ReplyOnArena().GetArena()->SpaceAllocated(), 1024u);
  get.Release();
}

}  // namespace
}  // namespace edugate::services
