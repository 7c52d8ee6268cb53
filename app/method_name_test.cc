#include "app/method_name.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace edugate::app {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<std::string>& Methods() {
  static const auto& methods = *new std::vector<std::string>{
      "edugate.v1.ConnectionService.ListConnections",
      "edugate.v1.ConnectionService.GetConnection",
      "edugate.v1.EnrollmentService.GetEnrollment",
      "edugate.v1.EnrollmentService.ListEnrollments",
      "edugate.v1.EnrollmentService.StreamEnrollments",
      "edugate.v1.EnrollmentService.BulkEnroll",
      "other.v1.OtherService.BulkEnroll",
  };
  return methods;
}

TEST(ResolveMethodTest, TakesEveryUsualSpelling) {
  for (const char* typed :
       {"EnrollmentService.ListEnrollments", "EnrollmentService/ListEnrollments", "ListEnrollments",
        "enrollmentservice.listenrollments", "edugate.v1.EnrollmentService.ListEnrollments",
        "edugate.v1.EnrollmentService/ListEnrollments",
        "/edugate.v1.EnrollmentService/ListEnrollments"}) {
    EXPECT_EQ(ResolveMethod(typed, Methods()), "edugate.v1.EnrollmentService.ListEnrollments")
        << typed;
  }
}

TEST(ResolveMethodTest, TakesNoneWhereItCouldBeTwo) {
  EXPECT_EQ(ResolveMethod("BulkEnroll", Methods()), "");
  EXPECT_EQ(ResolveMethod("OtherService.BulkEnroll", Methods()),
            "other.v1.OtherService.BulkEnroll");
}

TEST(ResolveMethodTest, TakesNoPartOfAName) {
  for (const char* typed : {"", "Enrollments", "Service.ListEnrollments", "ListEnrollment",
                            "EnrollmentService", "EnrollmentService."}) {
    EXPECT_EQ(ResolveMethod(typed, Methods()), "") << typed;
  }
}

TEST(SuggestMethodsTest, TheLikeliestComesFirst) {
  EXPECT_EQ(SuggestMethods("EnrollmentService.ListEnrolments", Methods()).front(),
            "EnrollmentService.ListEnrollments");
  EXPECT_EQ(SuggestMethods("getconection", Methods()).front(), "ConnectionService.GetConnection");
}

TEST(SuggestMethodsTest, ThreeAtMostAndNoneForNonsense) {
  EXPECT_THAT(SuggestMethods("Enrollments", Methods()), SizeIs(::testing::Le(3u)));
  EXPECT_THAT(SuggestMethods("xyzzy", Methods()), IsEmpty());
  EXPECT_THAT(SuggestMethods("ListEnrollments", {}), IsEmpty());
}

}  // namespace
}  // namespace edugate::app
