#include "services/call_messages.h"

#include <string>
#include <utility>

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
  EXPECT_EQ(messages.response(), nullptr);
  v1::ListEnrollmentsResponse& reply = messages.ReplyOnArena();
  EXPECT_NE(reply.GetArena(), nullptr);
  EXPECT_EQ(messages.response(), &reply);
  messages.Release();
}

TEST(CallMessagesTest, AReplyThatIsGivenIsTheOneThatIsSentAndIsNotCopied) {
  auto& messages = New<v1::UpdateEnrollmentRequest, v1::Enrollment>();
  v1::Enrollment record;
  record.mutable_learner();
  const v1::Learner* const learner = &record.learner();
  messages.SetReply(std::move(record));
  EXPECT_EQ(&messages.response()->learner(), learner);
  messages.Release();
}

TEST(CallMessagesTest, NoReplyIsLeftWhereOneWasFreed) {
  for (const bool on_arena : {false, true}) {
    auto& messages = New<v1::ListEnrollmentsRequest, v1::ListEnrollmentsResponse>();
    messages.Hold();
    v1::ListEnrollmentsResponse reply;
    v1::ListEnrollmentsResponse& made = on_arena ? messages.ReplyOnArena() : reply;
    made.add_enrollments()->set_name(std::string(1000, 'n'));
    if (!on_arena) messages.SetReply(std::move(reply));
    messages.FreeReply();
    messages.Release();
    EXPECT_EQ(messages.response(), nullptr);
    messages.Release();
  }
}

TEST(CallMessagesTest, AReplyThatNobodyFreesGoesWithTheMessages) {
  // Leaks show where the tests run with an address sanitizer.
  auto& given = New<v1::UpdateEnrollmentRequest, v1::Enrollment>();
  given.SetReply(v1::Enrollment());
  given.Release();
  auto& none = New<v1::UpdateEnrollmentRequest, v1::Enrollment>();
  EXPECT_EQ(none.response(), nullptr);
  none.Release();
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
