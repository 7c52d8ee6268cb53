#include "adapters/edx_enterprise/edx_catalog_mapping.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/codec/decoder.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr CatalogScope kScope{"acme", "c1"};

template <typename Record>
Record From(const std::string& json) {
  Record record;
  const absl::Status status = codec::Decode("application/json", json, {}, &record);
  EXPECT_TRUE(status.ok()) << status;
  return record;
}

v1::CatalogItem Item(const std::string& json, v1::View view = v1::VIEW_BASIC) {
  return ToCatalogItem(From<edx::ContentItem>(json), kScope, view);
}

TEST(EdxCatalogMappingTest, TellsTheItemsOfAMixedListApart) {
  EXPECT_EQ(Item(R"({"content_type": "course", "key": "edX+DemoX"})").course().name(),
            "connections/acme/catalogs/c1/courses/edX+DemoX");
  EXPECT_EQ(
      Item(R"({"content_type": "courserun", "key": "course-v1:edX+DemoX+2T"})").course_run().name(),
      "connections/acme/catalogs/c1/courseRuns/course-v1:edX+DemoX+2T");
  EXPECT_EQ(Item(R"({"content_type": "program", "uuid": "p-1"})").program().name(),
            "connections/acme/catalogs/c1/programs/p-1");
}

TEST(EdxCatalogMappingTest, KeepsAnItemOfAnUnknownKindInTheProviderRecord) {
  const v1::CatalogItem item =
      Item(R"({"content_type": "pathway", "title": "New", "steps": 3})", v1::VIEW_FULL);
  EXPECT_EQ(item.item_case(), v1::CatalogItem::ITEM_NOT_SET);
  EXPECT_EQ(item.provider_content_type(), "pathway");
  edx::ContentItem record;
  ASSERT_TRUE(item.provider_record().UnpackTo(&record));
  EXPECT_EQ(record.title(), "New");
  ASSERT_EQ(item.unknown_fields_size(), 1);
  EXPECT_EQ(item.unknown_fields(0).path(), "steps");
}

TEST(EdxCatalogMappingTest, KeepsWhatAKindHasNoFieldForInTheProviderRecord) {
  const v1::CatalogItem item =
      Item(R"({"content_type": "course", "key": "k", "pacing_type": "self_paced"})", v1::VIEW_FULL);
  edx::ContentItem record;
  ASSERT_TRUE(item.course().provider_record().UnpackTo(&record));
  EXPECT_EQ(record.pacing_type(), "self_paced");
  EXPECT_FALSE(item.has_provider_record());
}

TEST(EdxCatalogMappingTest, CarriesNoProviderRecordInTheBasicView) {
  const v1::CatalogItem item = Item(R"({"content_type": "course", "key": "k", "new": 1})");
  EXPECT_FALSE(item.course().has_provider_record());
  EXPECT_THAT(item.course().unknown_fields(), IsEmpty());
}

TEST(EdxCatalogMappingTest, TakesAnEmptyTextAndAnEmptyObjectForAbsent) {
  const v1::Course course =
      ToCourse(From<edx::Course>(R"({"key": "k", "outcome": "", "image": {"src": null}, "video": {},
                            "additional_metadata": null})"),
               kScope, v1::VIEW_BASIC);
  EXPECT_FALSE(course.has_outcome());
  EXPECT_FALSE(course.has_image());
  EXPECT_FALSE(course.has_video());
  EXPECT_FALSE(course.has_external_offering());
}

TEST(EdxCatalogMappingTest, ReadsPricesThatAreTextsOrNumbers) {
  const v1::CourseRun run =
      ToCourseRun(From<edx::CourseRun>(R"({"key": "r", "first_enrollable_paid_seat_price": 100,
        "seats": [{"type": "verified", "price": "100.00", "currency": "USD"},
                  {"type": "audit", "price": 0, "currency": "USD"},
                  {"type": "brand-new", "price": "free"}]})"),
                  kScope, v1::VIEW_BASIC);
  EXPECT_EQ(run.first_paid_seat_price().value(), "100");
  ASSERT_EQ(run.seats_size(), 3);
  EXPECT_EQ(run.seats(0).price().units(), 100);
  EXPECT_EQ(run.seats(0).price().currency_code(), "USD");
  EXPECT_EQ(run.seats(1).mode(), v1::ENROLLMENT_MODE_AUDIT);
  EXPECT_EQ(run.seats(1).price().units(), 0);
  EXPECT_TRUE(run.seats(1).has_price());
  EXPECT_EQ(run.seats(2).mode(), v1::ENROLLMENT_MODE_OTHER);
  EXPECT_EQ(run.seats(2).provider_mode(), "brand-new");
}

TEST(EdxCatalogMappingTest, TakesAPriceThatIsNoNumberForNoneAndNotForNothing) {
  const v1::Course course = ToCourse(From<edx::Course>(R"({"key": "k",
        "entitlements": [{"mode": "verified", "price": "on request", "currency": "USD"},
                         {"mode": "professional", "price": null, "currency": "USD"}],
        "course_runs": [{"key": "r", "seats": [{"type": "verified", "price": "on request"},
                                               {"type": "honor", "price": ""}]}]})"),
                                     kScope, v1::VIEW_BASIC);
  ASSERT_EQ(course.entitlements_size(), 2);
  EXPECT_FALSE(course.entitlements(0).has_price());
  EXPECT_FALSE(course.entitlements(1).has_price());
  ASSERT_EQ(course.course_runs(0).seats_size(), 2);
  EXPECT_FALSE(course.course_runs(0).seats(0).has_price());
  EXPECT_FALSE(course.course_runs(0).seats(1).has_price());
}

TEST(EdxCatalogMappingTest, KeepsNewWordsBesideTheEnum) {
  const v1::CourseRun run = ToCourseRun(
      From<edx::CourseRun>(R"({"key": "r", "status": "embargoed", "availability": "Someday",
                               "level_type": "Wizard", "pacing_type": "no-pace"})"),
      kScope, v1::VIEW_BASIC);
  EXPECT_EQ(run.status(), v1::COURSE_RUN_STATUS_UNKNOWN);
  EXPECT_EQ(run.provider_status(), "embargoed");
  EXPECT_EQ(run.availability(), v1::AVAILABILITY_OTHER);
  EXPECT_EQ(run.level(), v1::COURSE_LEVEL_OTHER);
  EXPECT_EQ(run.provider_level(), "Wizard");
  EXPECT_EQ(run.pacing(), v1::PACING_UNKNOWN);
}

TEST(EdxCatalogMappingTest, ReadsInstantsWithAndWithoutMicroseconds) {
  const v1::CourseRun run =
      ToCourseRun(From<edx::CourseRun>(R"({"key": "r", "start": "2023-11-09T00:00:00Z",
                                           "announcement": "2023-12-18T19:15:13.218663Z"})"),
                  kScope, v1::VIEW_BASIC);
  EXPECT_EQ(run.start_time().nanos(), 0);
  EXPECT_EQ(run.announcement_time().nanos(), 218663000);
}

TEST(EdxCatalogMappingTest, ReadsPriceRangesAsSentAndAsDocumented) {
  const v1::Program program = ToProgram(From<edx::Program>(R"({"uuid": "p",
        "price_ranges": [{"currency": "USD", "min": 10, "max": "300.50", "total": 500}],
        "subscription_prices": [{"price": "39.00", "currency": "USD"}, 25]})"),
                                        kScope, v1::VIEW_BASIC);
  ASSERT_EQ(program.price_ranges_size(), 1);
  EXPECT_EQ(program.price_ranges(0).currency_code(), "USD");
  EXPECT_EQ(program.price_ranges(0).min().value(), "10");
  EXPECT_EQ(program.price_ranges(0).max().value(), "300.50");
  EXPECT_EQ(program.price_ranges(0).total().value(), "500");
  ASSERT_EQ(program.subscription_prices_size(), 2);
  EXPECT_EQ(program.subscription_prices(0).max().value(), "39.00");
  EXPECT_EQ(program.subscription_prices(1).min().value(), "25");
}

TEST(EdxCatalogMappingTest, TakesTheOverridingLanguageAlone) {
  EXPECT_THAT(
      ToProgram(From<edx::Program>(R"({"languages": ["en", "fr"]})"), kScope, v1::VIEW_BASIC)
          .languages(),
      ElementsAre("en", "fr"));
  EXPECT_THAT(
      ToProgram(From<edx::Program>(R"({"languages": ["en", "fr"], "language_override": "de"})"),
                kScope, v1::VIEW_BASIC)
          .languages(),
      ElementsAre("de"));
}

TEST(EdxCatalogMappingTest, TakesTheLanguagesOfAListAsTextOrList) {
  EXPECT_EQ(Item(R"({"content_type": "courserun", "key": "r", "language": "English"})")
                .course_run()
                .content_language_name(),
            "English");
  EXPECT_THAT(
      Item(R"({"content_type": "program", "uuid": "p", "language": ["English", "Spanish"]})")
          .program()
          .languages(),
      ElementsAre("English", "Spanish"));
}

TEST(EdxCatalogMappingTest, TellsCoursesRunsAndProgramsApartWhereTheListDoesNotNameThem) {
  EXPECT_TRUE(Item(R"({"key": "edX+DemoX", "course_runs": []})").has_course());
  EXPECT_TRUE(Item(R"({"key": "course-v1:edX+DemoX+2T", "course": "edX+DemoX"})").has_course_run());
  EXPECT_TRUE(Item(R"({"key": "edX/DemoX/2T", "pacing_type": "self_paced"})").has_course_run());
  EXPECT_TRUE(Item(R"({"key": "course-v1:edX+DemoX+2T"})").has_course_run());
  const v1::CatalogItem program = Item(R"({"uuid": "p", "title": "MBA", "status": "active"})");
  EXPECT_EQ(program.program().title(), "MBA");
  EXPECT_EQ(program.provider_content_type(), "");
  EXPECT_EQ(Item(R"({"title": "Neither key nor uuid"})").item_case(),
            v1::CatalogItem::ITEM_NOT_SET);
}

TEST(EdxCatalogMappingTest, ReadsAnOriginalImageThatIsAUrlAndOneThatIsARecord) {
  for (const char* image : {R"("https://images.example/o.png")",
                            R"({"src": "https://images.example/o.png", "height": null})"}) {
    const v1::Course course =
        ToCourse(From<edx::Course>(absl::StrCat(R"({"key": "k", "original_image": )", image, "}")),
                 kScope, v1::VIEW_BASIC);
    EXPECT_EQ(course.original_image().url(), "https://images.example/o.png") << image;
  }
}

TEST(EdxCatalogMappingTest, ReadsAProductSourceThatIsABareNameAndKeepsItAsItCame) {
  EXPECT_EQ(ToProgram(From<edx::Program>(R"({"uuid": "p", "product_source": "2u"})"), kScope,
                      v1::VIEW_BASIC)
                .product_source()
                .display_name(),
            "2u");
  const v1::Course course = ToCourse(From<edx::Course>(R"({"key": "k", "product_source": "edX"})"),
                                     kScope, v1::VIEW_FULL);
  EXPECT_EQ(course.product_source().display_name(), "edX");
  ASSERT_EQ(course.unknown_fields_size(), 1);
  EXPECT_EQ(course.unknown_fields(0).json(), "\"edX\"");
  EXPECT_TRUE(course.unknown_fields(0).ill_fitting());
}

TEST(EdxCatalogMappingTest, ReadsTheDatesOfACatalog) {
  const v1::Catalog catalog =
      ToCatalog(From<edx::Catalog>(R"({"uuid": "c1", "title": "All", "enterprise_customer": "e1",
        "content_last_modified": null, "catalog_modified": "2024-01-12T16:45:17.436871Z",
        "include_exec_ed_2u_courses": false})"),
                "acme", v1::VIEW_BASIC);
  EXPECT_EQ(catalog.name(), "connections/acme/catalogs/c1");
  EXPECT_EQ(catalog.organization().provider_id(), "e1");
  EXPECT_FALSE(catalog.has_content_update_time());
  EXPECT_TRUE(catalog.has_update_time());
  EXPECT_TRUE(catalog.has_includes_executive_education());
  EXPECT_FALSE(catalog.includes_executive_education());
}

}  // namespace
}  // namespace edugate::adapters
