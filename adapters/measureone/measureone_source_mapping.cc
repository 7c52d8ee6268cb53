#include "adapters/measureone/measureone_source_mapping.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/measureone/measureone_files.h"
#include "adapters/measureone/measureone_source_fields.h"
#include "adapters/measureone/measureone_source_record.h"
#include "adapters/measureone/measureone_words.h"
#include "runtime/errors/errors.h"

namespace edugate::adapters {
namespace {

namespace m1 = provider::measureone::v2;

// Writes a caller's request in MeasureOne's shape.
class SourceWriter {
 public:
  explicit SourceWriter(SourceFields& fields) : fields_(fields) {}

  m1::CreateTranscriptRequest Request(const v1::CreateTranscriptRequest& request) {
    m1::CreateTranscriptRequest out;
    const v1::Transcript& transcript = request.transcript();
    if (request.view() == v1::TRANSCRIPT_VIEW_DIGEST ||
        request.view() == v1::TRANSCRIPT_VIEW_ENROLLMENT_SUMMARY) {
      fields_.Refuse("view", "must be BASIC or FULL");
    }
    if (transcript.has_external_id()) out.set_external_id(transcript.external_id());
    if (transcript.has_school_unit_id()) out.set_school_unit_id(transcript.school_unit_id());
    if (transcript.sources().empty()) fields_.Refuse("transcript.sources", kRequired);
    int values = 0;
    for (int i = 0; i < transcript.sources_size(); ++i) {
      const v1::TranscriptSource& source = transcript.sources(i);
      if (source.has_digest() || source.has_record()) ++values;
      *out.add_source_data() = Source(source, At("transcript", "sources", i));
    }
    if (values > 0 && transcript.sources_size() > 1) {
      fields_.Refuse(
          "transcript.sources",
          "must be one digest, one record, or documents only: a digest or a record is the whole "
          "transcript");
    }
    return out;
  }

 private:
  m1::SourceData Source(const v1::TranscriptSource& source, const std::string& path) {
    m1::SourceData out;
    if (source.has_referrer()) out.set_referrer(source.referrer());
    switch (source.data_case()) {
      case v1::TranscriptSource::kDigest:
        out.set_source_data_type("M1_DIGEST");
        *out.mutable_source_data_value() = Digest(source.digest(), At(path, "digest"));
        break;
      case v1::TranscriptSource::kRecord:
        out.set_source_data_type("M1_TRANSCRIPT");
        *out.mutable_source_data_value() =
            ToSourceRecord(source.record(), At(path, "record"), fields_);
        break;
      case v1::TranscriptSource::kDocument:
        out.set_source_data_type("OTHER");
        *out.mutable_source_data_reference() = Document(source.document(), At(path, "document"));
        break;
      case v1::TranscriptSource::DATA_NOT_SET:
        fields_.Refuse(path, "must have a digest, a record or a document");
        break;
    }
    return out;
  }

  m1::SourceDataValue Digest(const v1::TranscriptDigest& digest, const std::string& path) {
    m1::SourceDataValue out;
    const std::string degree =
        fields_.Word(digest.award_type(), digest.provider_award_type(), ListedAwardTypes(),
                     At(path, "award_type"), At(path, "provider_award_type"), false);
    if (absl::EqualsIgnoreCase(degree, "UNKNOWN")) {
      fields_.Refuse(At(path, "award_type"), "must be known in a digest");
    }
    if (!degree.empty()) out.set_degree_type(degree);
    const std::string years = fields_.Number(digest.has_years_in_school(), digest.years_in_school(),
                                             At(path, "years_in_school"));
    if (!years.empty()) out.set_years_in_school(years);
    if (digest.has_min_grade()) {
      constexpr std::array kGrades = {"A", "B", "C", "D", "F"};
      if (std::find(kGrades.begin(), kGrades.end(), digest.min_grade()) == kGrades.end()) {
        fields_.Refuse(At(path, "min_grade"), "must be A, B, C, D or F");
      }
      out.set_min_grade(digest.min_grade());
    }
    const std::string cgpa = fields_.Gpa(digest.has_cumulative_gpa(), digest.cumulative_gpa(),
                                         At(path, "cumulative_gpa"));
    if (!cgpa.empty()) out.set_cgpa(cgpa);
    const std::string last =
        fields_.Gpa(digest.has_last_term_gpa(), digest.last_term_gpa(), At(path, "last_term_gpa"));
    if (!last.empty()) out.set_last_term_gpa(last);
    const std::string credits = fields_.Number(digest.has_credits_earned(), digest.credits_earned(),
                                               At(path, "credits_earned"));
    if (!credits.empty()) out.set_credits_earned(credits);
    if (digest.ByteSizeLong() == 0) fields_.Refuse(path, "holds no value");
    return out;
  }

  m1::SourceDataReference Document(const v1::SourceDocument& document, const std::string& path) {
    constexpr std::array kSchemes = {"m1", "http", "https", "ftp", "sftp"};
    m1::SourceDataReference out;
    const std::string& uri = document.uri();
    const size_t colon = uri.find("://");
    const std::string scheme =
        colon == std::string::npos ? "" : absl::AsciiStrToLower(uri.substr(0, colon));
    if (uri.empty()) {
      fields_.Refuse(At(path, "uri"), kRequired);
    } else if (std::find(kSchemes.begin(), kSchemes.end(), scheme) == kSchemes.end() ||
               uri.size() == colon + 3) {
      fields_.Refuse(At(path, "uri"),
                     "must be an m1, http, https, ftp or sftp address: scheme://authority/path");
    }
    out.set_uri(uri);
    if (document.media_type().empty()) {
      fields_.Refuse(At(path, "media_type"), kRequired);
    } else if (!IsSupportedMediaType(document.media_type())) {
      fields_.Refuse(At(path, "media_type"), absl::StrCat("must be one of ", ListedMediaTypes()));
    }
    out.set_media_type(document.media_type());

    const bool web = scheme == "http" || scheme == "https";
    if (web) {
      const std::string& method = document.http_method();
      if (method.empty()) {
        fields_.Refuse(At(path, "http_method"), "is required for an http or https address");
      } else if (method != "GET" && method != "POST") {
        fields_.Refuse(At(path, "http_method"), "must be GET or POST");
      }
      if (method == "POST" && document.http_body().empty()) {
        fields_.Refuse(At(path, "http_body"), "is required with POST");
      }
      for (const auto& [name, value] : document.http_headers()) {
        if (!IsHeader(name, value)) {
          fields_.Refuse(At(path, "http_headers"),
                         "must be header names and values in visible ASCII");
          break;
        }
      }
      out.set_http_method(method);
      *out.mutable_http_headers() = document.http_headers();
      out.set_http_body(document.http_body());
    } else {
      constexpr absl::string_view kWebOnly = "goes with an http or https address only";
      if (!document.http_method().empty()) fields_.Refuse(At(path, "http_method"), kWebOnly);
      if (!document.http_headers().empty()) fields_.Refuse(At(path, "http_headers"), kWebOnly);
      if (!document.http_body().empty()) fields_.Refuse(At(path, "http_body"), kWebOnly);
    }
    return out;
  }

  static bool IsHeader(absl::string_view name, absl::string_view value) {
    const auto token = [](char c) {
      return absl::ascii_isgraph(c) && !absl::StrContains("()<>@,;:\\\"/[]?={}", c);
    };
    const auto visible = [](char c) { return absl::ascii_isprint(c) || c == '\t'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
           std::all_of(value.begin(), value.end(), visible);
  }

  SourceFields& fields_;
};

}  // namespace

absl::StatusOr<m1::CreateTranscriptRequest> ToCreateRequest(
    const v1::CreateTranscriptRequest& request, const google::type::Date& today) {
  SourceFields fields(today);
  m1::CreateTranscriptRequest out = SourceWriter(fields).Request(request);
  if (!fields.violations().empty()) return errors::ArgumentsInvalid(fields.violations());
  return out;
}

}  // namespace edugate::adapters
