#include "runtime/telemetry/span.h"

#include "absl/strings/str_cat.h"
#include "runtime/telemetry/json_fields.h"
#include "runtime/telemetry/trace_context.h"

namespace edugate::telemetry {
namespace {

constexpr int64_t kFlagSampled = 0x001;
// The bits say whether the parent is remote, and that this is said at all.
constexpr int64_t kFlagHasIsRemote = 0x100;
constexpr int64_t kFlagIsRemote = 0x200;
constexpr int64_t kStatusError = 2;

std::string AttributeJson(const Attribute& attribute) {
  JsonFields value;
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    value.Text("stringValue", *text);
  } else {
    // 64-bit integers are strings in JSON, as in all of protobuf's.
    value.Text("intValue", absl::StrCat(std::get<int64_t>(attribute.value)));
  }
  return JsonFields().Text("key", attribute.key).Json("value", value.Object()).Object();
}

std::string AttributesJson(const std::vector<Attribute>& attributes) {
  std::string out = "[";
  for (const Attribute& each : attributes) {
    absl::StrAppend(&out, out.size() > 1 ? "," : "", AttributeJson(each));
  }
  return absl::StrCat(out, "]");
}

std::string UnixNanos(absl::Time time) { return absl::StrCat(absl::ToUnixNanos(time)); }

std::string SpanJson(const Span& span) {
  JsonFields fields;
  fields.Text("traceId", Hex(span.trace_id)).Text("spanId", Hex(span.span_id));
  if (!span.trace_state.empty()) fields.Text("traceState", span.trace_state);
  if (!IsNone(span.parent_id)) fields.Text("parentSpanId", Hex(span.parent_id));
  fields
      .Integer("flags", kFlagSampled | kFlagHasIsRemote | (span.parent_remote ? kFlagIsRemote : 0))
      .Text("name", span.name)
      .Integer("kind", static_cast<int64_t>(span.kind))
      .Text("startTimeUnixNano", UnixNanos(span.start))
      .Text("endTimeUnixNano", UnixNanos(span.end))
      .Json("attributes", AttributesJson(span.attributes));
  if (span.failed) fields.Json("status", JsonFields().Integer("code", kStatusError).Object());
  return fields.Object();
}

}  // namespace

std::string OtlpJson(const SpanResource& resource, const std::vector<Span>& spans) {
  std::vector<Attribute> about = {{"service.name", resource.service_name},
                                  {"service.version", resource.service_version}};
  if (!resource.service_instance_id.empty()) {
    about.push_back({"service.instance.id", resource.service_instance_id});
  }
  std::string out = absl::StrCat(
      R"({"resourceSpans":[{"resource":{"attributes":)", AttributesJson(about),
      R"(},"scopeSpans":[{"scope":)",
      JsonFields().Text("name", "edugate").Text("version", resource.service_version).Object(),
      R"(,"spans":[)");
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) out += ',';
    out += SpanJson(spans[i]);
  }
  return absl::StrCat(out, "]}]}]}");
}

}  // namespace edugate::telemetry
