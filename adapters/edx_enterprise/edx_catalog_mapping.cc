#include "adapters/edx_enterprise/edx_catalog_mapping.h"

#include "absl/strings/match.h"
#include "adapters/edx_enterprise/edx_course_mapping.h"
#include "adapters/edx_enterprise/edx_program_mapping.h"
#include "adapters/edx_enterprise/edx_values.h"
#include "adapters/record_mapping.h"
#include "adapters/resource_name.h"

namespace edugate::adapters {
namespace {

namespace edx = provider::edx_enterprise::v1;

// The same bytes as another message: the fields of ContentItem have the numbers and types of the
// kind's own.
template <typename Kind>
Kind As(const edx::ContentItem& item) {
  Kind kind;
  kind.ParseFromString(item.SerializeAsString());
  return kind;
}

enum class ItemKind { kCourse, kCourseRun, kProgram, kOther };

// What an item is. The services name it; the reference doesn't, and there the fields tell: only
// programs have no key, and only course runs have a course, a pace and a status beside a key.
ItemKind KindOf(const edx::ContentItem& item) {
  if (item.content_type() == "course") return ItemKind::kCourse;
  if (item.content_type() == "courserun") return ItemKind::kCourseRun;
  if (item.content_type() == "program") return ItemKind::kProgram;
  if (!item.content_type().empty()) return ItemKind::kOther;
  if (item.key().empty()) return item.uuid().empty() ? ItemKind::kOther : ItemKind::kProgram;
  const bool run = !item.course().empty() || !item.course_uuid().empty() ||
                   !item.pacing_type().empty() || !item.status().empty() ||
                   absl::StartsWith(item.key(), "course-v1:");
  return run ? ItemKind::kCourseRun : ItemKind::kCourse;
}

template <typename Record, typename Out>
void AttachIfFull(const Record& record, v1::View view, Out& out) {
  if (view == v1::VIEW_FULL) AttachRecord(record, out);
}

}  // namespace

v1::Catalog ToCatalog(const edx::Catalog& record, absl::string_view connection, v1::View view) {
  using Out = v1::Catalog;
  Out out;
  out.set_name(MakeName<Resource::kCatalog>(connection, record.uuid()));
  out.set_provider(kEdxProvider);
  out.set_provider_id(record.uuid());
  out.set_title(record.title());
  if (!record.enterprise_customer().empty()) {
    out.mutable_organization()->set_provider_id(record.enterprise_customer());
  }
  SetText(record.catalog_query_uuid(), out, &Out::mutable_query_id);
  SetText(record.query_title(), out, &Out::mutable_query_title);
  SetInstant(record.content_last_modified(), out, &Out::mutable_content_update_time);
  SetInstant(record.catalog_modified(), out, &Out::mutable_update_time);
  if (record.has_include_exec_ed_2u_courses()) {
    out.set_includes_executive_education(record.include_exec_ed_2u_courses());
  }
  AttachIfFull(record, view, out);
  return out;
}

v1::Course ToCourse(const edx::Course& record, const CatalogScope& scope, v1::View view) {
  v1::Course out = CourseFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::CourseRun ToCourseRun(const edx::CourseRun& record, const CatalogScope& scope, v1::View view) {
  v1::CourseRun out = CourseRunFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::Program ToProgram(const edx::Program& record, const CatalogScope& scope, v1::View view) {
  v1::Program out = ProgramFrom(record, scope);
  AttachIfFull(record, view, out);
  return out;
}

v1::CatalogItem ToCatalogItem(const edx::ContentItem& record, const CatalogScope& scope,
                              v1::View view) {
  v1::CatalogItem out;
  out.set_provider_content_type(record.content_type());
  switch (KindOf(record)) {
    case ItemKind::kCourse:
      *out.mutable_course() = CourseFrom(As<edx::Course>(record), scope);
      AttachIfFull(record, view, *out.mutable_course());
      break;
    case ItemKind::kCourseRun:
      *out.mutable_course_run() = CourseRunFrom(As<edx::CourseRun>(record), scope);
      AttachIfFull(record, view, *out.mutable_course_run());
      break;
    case ItemKind::kProgram:
      *out.mutable_program() = ProgramFrom(As<edx::Program>(record), scope);
      AttachIfFull(record, view, *out.mutable_program());
      break;
    case ItemKind::kOther:
      AttachIfFull(record, view, out);
      break;
  }
  return out;
}

}  // namespace edugate::adapters
