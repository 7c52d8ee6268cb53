// edX's courses and course runs in the domain's terms, without the records that they come from.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_COURSE_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_COURSE_MAPPING_H_

#include "adapters/edx_enterprise/edx_catalog_scope.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/v1/catalog.pb.h"

namespace edugate::adapters {

v1::CourseRun CourseRunFrom(const provider::edx_enterprise::v1::CourseRun& from,
                            const CatalogScope& scope);

// With its course runs.
v1::Course CourseFrom(const provider::edx_enterprise::v1::Course& from, const CatalogScope& scope);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_COURSE_MAPPING_H_
