#include "services/caller_rights.h"

#include "gtest/gtest.h"
#include "runtime/async/test_loop.h"

namespace edugate::services {
namespace {

using privacy::v1::DATA_CLASS_EDUCATION_RECORD;
using privacy::v1::DATA_CLASS_IDENTITY;
using privacy::v1::DATA_CLASS_UNSPECIFIED;

TEST(FieldScopeTest, SaysNothingIsLeftOutByDefault) {
  const FieldScope scope;
  EXPECT_TRUE(scope.sees_everything());
  EXPECT_TRUE(scope.Sees(DATA_CLASS_IDENTITY));
}

TEST(FieldScopeTest, ShowsTheNamedClassesAndWhatHasNone) {
  const FieldScope scope({DATA_CLASS_EDUCATION_RECORD}, {});
  EXPECT_FALSE(scope.sees_everything());
  EXPECT_TRUE(scope.Sees(DATA_CLASS_UNSPECIFIED));
  EXPECT_TRUE(scope.Sees(DATA_CLASS_EDUCATION_RECORD));
  EXPECT_FALSE(scope.Sees(DATA_CLASS_IDENTITY));
}

TEST(FieldScopeTest, ASingleHiddenFieldIsNotEverything) {
  const FieldScope scope({}, {"Learner.email"});
  EXPECT_FALSE(scope.sees_everything());
  EXPECT_TRUE(scope.Sees(DATA_CLASS_IDENTITY));
}

TEST(CallerRightsTest, AnyGrantAllowsItsConnections) {
  auto one = std::make_shared<Grant>();
  one->name = "one";
  one->connections = {"lincoln"};
  auto two = std::make_shared<Grant>();
  two->name = "two";
  two->connections = {"lincoln", "acme"};
  two->scope = FieldScope({DATA_CLASS_IDENTITY}, {});
  const CallerRights rights({one, two});
  EXPECT_TRUE(rights.MayUse("acme"));
  EXPECT_FALSE(rights.MayUse("tms"));
  EXPECT_FALSE(rights.sees_everything());
  ASSERT_EQ(rights.GrantsFor("lincoln").size(), 2u);
  ASSERT_EQ(rights.GrantsFor("acme").size(), 1u);
  EXPECT_EQ(rights.GrantsFor("acme").front()->name, "two");
}

TEST(CallerRightsTest, ACallWithoutRightsMayUseEverything) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  EXPECT_EQ(RightsOf(call), nullptr);
  EXPECT_TRUE(MayUse(call, "lincoln"));
}

TEST(CallerRightsTest, APartOfACallHasTheCallsRights) {
  async::TestLoop loop;
  async::CallContext call(loop, async::kNever);
  auto grant = std::make_shared<Grant>();
  grant->connections = {"acme"};
  call.set_caller_data(
      std::make_shared<CallerRights>(std::vector<std::shared_ptr<const Grant>>{std::move(grant)}));
  call.set_purpose("an audit");
  async::CallContext part = call.Child(async::kNever);
  EXPECT_TRUE(MayUse(part, "acme"));
  EXPECT_FALSE(MayUse(part, "lincoln"));
  EXPECT_EQ(part.purpose(), "an audit");
}

}  // namespace
}  // namespace edugate::services
