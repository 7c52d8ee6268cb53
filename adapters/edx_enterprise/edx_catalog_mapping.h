// edX Enterprise's catalogs, courses, course runs and programs in the domain's terms. Pure
// functions. An empty text counts as absent, so that a record is the same from JSON and from XML.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_MAPPING_H_

#include "absl/strings/string_view.h"
#include "adapters/edx_enterprise/edx_catalog_scope.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/v1/catalog.pb.h"

namespace edugate::adapters {

// With view FULL each record carries the provider's and its unknown fields; a record inside another
// one does not.
v1::Catalog ToCatalog(const provider::edx_enterprise::v1::Catalog& record,
                      absl::string_view connection, v1::View view);
v1::Course ToCourse(const provider::edx_enterprise::v1::Course& record, const CatalogScope& scope,
                    v1::View view);
v1::CourseRun ToCourseRun(const provider::edx_enterprise::v1::CourseRun& record,
                          const CatalogScope& scope, v1::View view);
v1::Program ToProgram(const provider::edx_enterprise::v1::Program& record,
                      const CatalogScope& scope, v1::View view);

// An item of a catalog's mixed list, by its content_type. The record that it carries is the
// ContentItem, which also holds what its kind has no field for.
v1::CatalogItem ToCatalogItem(const provider::edx_enterprise::v1::ContentItem& record,
                              const CatalogScope& scope, v1::View view);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_MAPPING_H_
