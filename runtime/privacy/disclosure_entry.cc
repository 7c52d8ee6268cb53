#include "runtime/privacy/disclosure_entry.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/telemetry/json_fields.h"

namespace edugate::privacy {

namespace {

using telemetry::JsonFields;

std::string ListOf(const std::vector<std::string>& objects) {
  std::string list = "[";
  for (const std::string& object : objects) {
    absl::StrAppend(&list, list.size() == 1 ? "" : ",", object);
  }
  return list + "]";
}

}  // namespace

std::string MembersOf(const DisclosureEntry& entry) {
  JsonFields members;
  members.Text("kind", entry.kind).Text("caller", entry.caller);
  if (!entry.grants.empty()) members.Texts("grants", entry.grants);
  members.Text("method", entry.method);
  if (!entry.connection.empty()) members.Text("connection", entry.connection);
  members.Text("purpose", entry.purpose);
  if (!entry.outcome.empty()) members.Text("outcome", entry.outcome);
  if (!entry.request_id.empty()) members.Text("request_id", entry.request_id);
  if (!entry.trace_id.empty()) members.Text("trace_id", entry.trace_id);
  if (!entry.message.empty()) members.Text("message", entry.message);
  // One object for each row of records with the same fields: pages are mostly alike.
  std::vector<std::string> groups;
  for (std::size_t first = 0; first < entry.records.size();) {
    std::vector<std::string> records;
    std::size_t next = first;
    for (;
         next < entry.records.size() && entry.records[next].fields == entry.records[first].fields &&
         entry.records[next].redacted == entry.records[first].redacted;
         ++next) {
      const DisclosedRecord& each = entry.records[next];
      JsonFields record;
      record.Text("name", each.name);
      if (!each.learner.empty()) record.Text("learner", each.learner);
      if (!each.email_sha256.empty()) record.Text("email_sha256", each.email_sha256);
      records.push_back(record.Object());
    }
    JsonFields group;
    group.Json("records", ListOf(records)).Texts("fields", entry.records[first].fields);
    if (!entry.records[first].redacted.empty()) {
      group.Texts("redacted", entry.records[first].redacted);
    }
    groups.push_back(group.Object());
    first = next;
  }
  members.Json("disclosed", ListOf(groups));
  return members.text();
}

}  // namespace edugate::privacy
