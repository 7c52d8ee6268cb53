// edX's programs in the domain's terms, without the records that they come from.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_PROGRAM_MAPPING_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_PROGRAM_MAPPING_H_

#include "adapters/edx_enterprise/edx_catalog_scope.h"
#include "edugate/provider/edx_enterprise/v1/catalog.pb.h"
#include "edugate/v1/catalog.pb.h"

namespace edugate::adapters {

// With its courses.
v1::Program ProgramFrom(const provider::edx_enterprise::v1::Program& from,
                        const CatalogScope& scope);

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_PROGRAM_MAPPING_H_
