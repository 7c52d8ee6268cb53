// From the academic record that a caller's transcript has as its source to MeasureOne's.
#ifndef ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_RECORD_H_
#define ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_RECORD_H_

#include <string>

#include "adapters/measureone/measureone_source_fields.h"
#include "edugate/provider/measureone/v2/measureone.pb.h"
#include "edugate/v1/transcript.pb.h"

namespace edugate::adapters {

// The provider's value ("M1-Transcript Schema"). What breaks a rule of the document is noted in
// `fields`; `path` is the record's in the caller's request.
provider::measureone::v2::SourceDataValue ToSourceRecord(const v1::AcademicRecord& record,
                                                         const std::string& path,
                                                         SourceFields& fields);

}  // namespace edugate::adapters

#endif  // ADAPTERS_MEASUREONE_MEASUREONE_SOURCE_RECORD_H_
