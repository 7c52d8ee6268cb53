#include "sandbox/edx_enterprise_catalogs.h"

#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "sandbox/edx_enterprise_content.h"
#include "sandbox/edx_enterprise_ids.h"
#include "sandbox/edx_enterprise_pages.h"
#include "sandbox/edx_enterprise_records.h"
#include "sandbox/edx_enterprise_replies.h"

namespace edugate::sandbox::edx {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxCatalogPage = 100;

// The catalog's items, and those of them that are counted and then left out.
constexpr int kItems = 420;
constexpr int kFirstLeftOut = 100;
constexpr int kEndLeftOut = 200;

// The document's record byte for byte, or a generated one.
Reply Record(const Request& request, const char* documented, const char* id_name,
             Json (*make)(int)) {
  const std::string& key = request.captures.at("key");
  if (request.captures.at("catalog") != kCatalog) return Detail(404, "Not found.");
  if (Json::parse(documented)[id_name] == key) return JsonReply(200, documented);
  for (int i = 1; i <= kItems; ++i) {
    Json item = make(i);
    if (item[id_name] != key) continue;
    item.erase("content_type");
    item.erase("aggregation_key");
    return Answer(200, item);
  }
  return Detail(404, "Not found.");
}

}  // namespace

Catalogs::Catalogs(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}

Reply Catalogs::List(const Request& request) {
  Json catalog;
  catalog["uuid"] = kCatalog;
  catalog["title"] = "All Content";
  catalog["enterprise_customer"] = kCustomer;
  catalog["catalog_query_uuid"] = "a0000000-0000-4000-8000-000000000001";
  catalog["content_last_modified"] = "2026-11-21T21:09:56.175672Z";
  catalog["catalog_modified"] = "2026-11-20T08:00:00Z";
  catalog["query_title"] = "Everything";
  Json empty = catalog;
  empty["uuid"] = "catalog-empty";
  empty["title"] = "Nothing yet";
  empty["content_last_modified"] = nullptr;
  return Paged(request, {catalog, empty},
               PageAsked(request, surroundings_.settings(), kDefaultPage, kMaxCatalogPage),
               kGatewayUrl, "");
}

Reply Catalogs::Content(const Request& request) {
  const std::string& catalog = request.captures.at("catalog");
  if (catalog == "catalog-throttled") return Throttled();
  if (catalog == "catalog-outage") return Html(400, "502 Bad Gateway");
  if (catalog == "catalog-timeout") return Message(400, "Endpoint request timed out");
  std::vector<Json> items;
  if (catalog == kCatalog) {
    for (int i = 1; i <= kItems; ++i) items.push_back(MakeItem(i));
  } else if (catalog != "catalog-empty") {
    return Detail(404, "Not found.");
  }
  return Paged(request, items,
               PageAsked(request, surroundings_.settings(), kDefaultPage, kMaxCatalogPage),
               kGatewayUrl, "", [](int64_t i) { return i >= kFirstLeftOut && i < kEndLeftOut; });
}

Reply Catalogs::Course(const Request& request) {
  return Record(request, kDocumentedCourse, "key", MakeCourse);
}
Reply Catalogs::CourseRun(const Request& request) {
  return Record(request, kDocumentedCourseRun, "key", MakeRun);
}
Reply Catalogs::Program(const Request& request) {
  return Record(request, kDocumentedProgram, "uuid", MakeProgram);
}

}  // namespace edugate::sandbox::edx
