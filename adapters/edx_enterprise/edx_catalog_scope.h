// Where in edX's catalogs a course, a course run or a program was found.
#ifndef ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_SCOPE_H_
#define ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_SCOPE_H_

#include "absl/strings/string_view.h"

namespace edugate::adapters {

// Where content was found: its resource names are below it.
struct CatalogScope {
  absl::string_view connection;
  absl::string_view catalog;
};

}  // namespace edugate::adapters

#endif  // ADAPTERS_EDX_ENTERPRISE_EDX_CATALOG_SCOPE_H_
