#ifndef EDUGATE_SANDBOX_MEASUREONE_RECORDS_H_
#define EDUGATE_SANDBOX_MEASUREONE_RECORDS_H_

namespace edugate::sandbox {

// The document's example of a transcript ("Get Transcript"), with all of its values.
inline constexpr char kDocumentedTranscript[] = R"json(
{
 "id": "trc_TSEne2SSjP3GvpVrs5HLol4xor2",
 "external_id": "ABCDECD",
 "school_unit_id": 151351,
 "source_data": [
  {
   "referrer": "TLINK_SCHOOL",
   "source_data_type": "OTHER",
   "source_data_reference": {
    "uri": "m1://sdr_1KXGeat97YnOR8AHM4AZWYOAcog",
    "media_type": "application/pdf",
    "file_name": "fileX.pdf",
    "created_at": 1556781221243
   }
  }
 ],
 "raw": {
  "transcript_date": "2019-12-18",
  "student_id": "10112ABCD",
  "student": {
   "first_name": "John",
   "last_name": "Doe",
   "middle_name": "N.",
   "prefix": "Mr.",
   "suffix": "Jr.",
   "full_name": "Doe,John N.",
   "former_first_name": "Johnny",
   "former_middle_name": "N.",
   "former_last_name": "Doe",
   "former_full_name": "Doe,Johnny N.",
   "former_suffix": "Jr.",
   "former_prefix": "Mr.",
   "date_of_birth": "1996-03-21",
   "ssn": "XXX-XX-3436",
   "email": "johndoe@example.com",
   "address": {
    "addr1": "3757  Farland Avenue",
    "addr2": "Village View Drive",
    "city": "Liberty Center",
    "state": "FL",
    "zipcode": "33901",
    "country": {
     "name": "United States",
     "a2_code": "US"
    }
   },
   "m1_id": "st_rette2SSjP3GvpVrs5HLol4xor2",
   "other_attributes": {}
  },
  "previous_academic_record": [
   {
    "name": "University Of California-Berkeley",
    "id_type": "IPEDS",
    "id": "110635",
    "address": {
     "addr1": "200 California Hall",
     "addr2": null,
     "city": "Berkeley",
     "state": "California",
     "zipcode": "94720",
     "country": {
      "name": "United States",
      "a2_code": "US"
     }
    },
    "start_date": "2014-08-20",
    "end_date": "2015-05-28",
    "degrees": [
     {
      "type": "BACHELORS",
      "status": "WITHDRAWN",
      "awarded_date": null,
      "description": "Bachelors of Science",
      "academic_summary": [
       {
        "credit_type": "SEMESTER",
        "level": "INSTITUTION",
        "cumulative": true,
        "gpa_credits": 27,
        "attempted": 27,
        "earned": 27,
        "gpa": 3.6667,
        "quality_points": 99
       }
      ],
      "field_of_study": [
       {
        "type": "MAJOR",
        "description": "Biology",
        "code_type": "CIP",
        "code": 26
       }
      ],
      "years_of_study": 1,
      "other_attributes": {}
     }
    ],
    "other_attributes": {}
   }
  ],
  "transcript_institution": {
   "name": "California State University-Bakersfield",
   "id_type": "IPEDS",
   "id": "110486",
   "address": {
    "addr1": "9001",
    "addr2": "Stockdale Hwy",
    "city": "Bakersfield",
    "state": "California",
    "zipcode": "93311",
    "country": {
     "name": "United States",
     "a2_code": "US"
    }
   },
   "other_attributes": {
    "college": null,
    "campus": "Bakersfield"
   }
  },
  "academic_summary": [
   {
    "credit_type": "SEMESTER",
    "level": "TOTAL",
    "cumulative": true,
    "gpa_credits": 91,
    "attempted": 127,
    "earned": 127,
    "gpa": 3.74,
    "quality_points": 341
   }
  ],
  "academic_sessions": [
   {
    "type": "SEMESTER",
    "name": "Fall 2014",
    "start_date": "2014-08-20",
    "end_date": "2014-12-22",
    "in_progress": false,
    "level": "Freshman",
    "honors": [
     "Dean's List"
    ],
    "curriculum_code_type": null,
    "curriculum_code": null,
    "curriculum_name": null,
    "academic_summary": [
     {
      "credit_type": "SEMESTER",
      "level": "TOTAL",
      "cumulative": true,
      "gpa_credits": 0,
      "attempted": 12,
      "earned": 12,
      "gpa": null,
      "quality_points": 0
     }
    ],
    "courses": [
     {
      "credit_basis": "TRANSFER",
      "honors_course": false,
      "repeated": false,
      "count_in_gpa": null,
      "code_type": null,
      "code": null,
      "id": "ENGL 1101",
      "name": "English Comp I",
      "instructional_setting": null,
      "credits": {
       "credit_type": "SEMESTER",
       "gpa_credits": 0,
       "attempted": 3,
       "earned": 3,
       "quality_points": 0,
       "grade_qualifier": null,
       "grade": "TA"
      },
      "start_date": "2014-08-20",
      "end_date": "2014-12-22",
      "other_attributes": {}
     }
    ],
    "degrees": [
     {
      "type": "BACHELORS",
      "status": "UNKNOWN",
      "awarded_date": null,
      "description": "Bachelors of Science",
      "academic_summary": [
       {
        "credit_type": "SEMESTER",
        "level": "TOTAL",
        "cumulative": true,
        "gpa_credits": 0,
        "attempted": 12,
        "earned": 12,
        "gpa": null,
        "quality_points": 0
       }
      ],
      "field_of_study": [
       {
        "type": "MAJOR",
        "description": "Biology",
        "code_type": "CIP",
        "code": 26
       }
      ],
      "years_of_study": null,
      "other_attributes": {}
     }
    ],
    "other_attributes": {}
   },
   {
    "type": "SEMESTER",
    "name": "Spring 2018",
    "start_date": "2018-01-04",
    "end_date": "2018-05-15",
    "in_progress": false,
    "level": "Senior",
    "honors": [
     "Dean's List"
    ],
    "curriculum_code_type": null,
    "curriculum_code": null,
    "curriculum_name": null,
    "academic_summary": [
     {
      "credit_type": "SEMESTER",
      "level": "TOTAL",
      "cumulative": true,
      "gpa_credits": 91,
      "attempted": 127,
      "earned": 127,
      "gpa": 3.74,
      "quality_points": 341
     }
    ],
    "courses": [
     {
      "credit_basis": "REGULAR_ENROLLMENT",
      "honors_course": false,
      "repeated": true,
      "count_in_gpa": true,
      "code_type": null,
      "code": null,
      "id": "CBIO 3800",
      "name": "Neurobiology",
      "instructional_setting": "REGULAR_CLASS",
      "credits": {
       "credit_type": "SEMESTER",
       "gpa_credits": 3,
       "attempted": 3,
       "earned": 3,
       "quality_points": 12,
       "grade_qualifier": null,
       "grade": "A"
      },
      "start_date": "2018-01-04",
      "end_date": "2018-05-15",
      "other_attributes": {}
     },
     {
      "credit_basis": "REGULAR_ENROLLMENT",
      "honors_course": false,
      "repeated": false,
      "count_in_gpa": null,
      "code_type": null,
      "code": null,
      "id": "CBIO 3400",
      "name": "Cell Biology",
      "instructional_setting": "REGULAR_CLASS",
      "credits": {
       "credit_type": "SEMESTER",
       "gpa_credits": 3,
       "attempted": 3,
       "earned": 3,
       "quality_points": 9,
       "grade_qualifier": null,
       "grade": "B"
      },
      "start_date": "2018-01-04",
      "end_date": "2018-05-15",
      "other_attributes": {}
     }
    ],
    "degrees": [
     {
      "type": "BACHELORS",
      "status": "AWARDED",
      "awarded_date": "2018-05-25",
      "description": "Bachelors of Science",
      "academic_summary": [
       {
        "credit_type": "SEMESTER",
        "level": "TOTAL",
        "cumulative": true,
        "gpa_credits": 91,
        "attempted": 127,
        "earned": 127,
        "gpa": 3.74,
        "quality_points": 341
       }
      ],
      "field_of_study": [
       {
        "type": "MAJOR",
        "description": "Biology",
        "code_type": null,
        "code": null
       }
      ],
      "years_of_study": 4,
      "other_attributes": {}
     }
    ],
    "other_attributes": {}
   }
  ]
 },
 "digest": {
  "degree_type": "BACHELORS",
  "years_in_school": 2,
  "min_grade": "D",
  "cgpa": 3.76,
  "last_term_gpa": 3.52,
  "credits_earned": 123
 },
 "processing_status": "COMPLETED",
 "created_at": 1556781225343,
 "updated_at": 1556781257964
}
)json";

// The document's example of a list of schools ("Get Schools List"), without its trailing comma.
inline constexpr char kDocumentedSchools[] = R"json(
[
 {
  "m1_id": "sch_CV8e5Lsvv2S8Wjz9Bpwpr8lm9Ay",
  "name": "University of Michigan-Ann Arbor",
  "sis_url": "https://weblogin.umich.edu",
  "id": "170976",
  "id_type": "IPEDS UNIT ID"
 },
 {
  "m1_id": "sch_CV8e5DJnP9CJ3pN29BztWZv3KIw",
  "name": "Cuny Bernard M Baruch College",
  "sis_url": "https://home.cunyfirst.cuny.edu/",
  "id": "190512",
  "id_type": "IPEDS UNIT ID"
 }
]
)json";

}  // namespace edugate::sandbox

#endif  // EDUGATE_SANDBOX_MEASUREONE_RECORDS_H_
