package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"edugatebench/date"
	"edugatebench/decimal"
	"edugatebench/edugate"
)

// The class-enrollment API's JSON.

type classEnrollmentReply struct {
	Status  *int32            `json:"Status"`
	Error   *string           `json:"Error"`
	Results []classEnrollment `json:"Results"`
}

type classEnrollment struct {
	ID                 int64         `json:"Id"`
	ExternalID         *string       `json:"ExternalId"`
	UserID             int64         `json:"UserId"`
	ClassID            int64         `json:"ClassId"`
	EnrollmentStatusID json.Number   `json:"EnrollmentStatusId"`
	CompletionStatusID json.Number   `json:"CompletionStatusId"`
	LateCancel         *bool         `json:"LateCancel"`
	Retake             *bool         `json:"Retake"`
	LocationTypeID     *json.Number  `json:"LocationTypeId"`
	ClassroomID        *int64        `json:"ClassroomId"`
	HoursSpent         *json.Number  `json:"HoursSpent"`
	Grade              *json.Number  `json:"Grade"`
	CustomFields       []customField `json:"CustomFields"`
}

type customField struct {
	Name          string  `json:"Name"`
	TextValue     *string `json:"TextValue"`
	CustomFieldID int64   `json:"CustomFieldId"`
}

// OpenApply's JSON.

type reenrollmentPage struct {
	Reenrollments []reenrollment `json:"reenrollments"`
	Meta          struct {
		Page    int32 `json:"page"`
		Pages   int32 `json:"pages"`
		PerPage int32 `json:"per_page"`
	} `json:"meta"`
}

type reenrollment struct {
	ID        int64   `json:"id"`
	CreatedAt *string `json:"created_at"`
	UpdatedAt *string `json:"updated_at"`
	DeletedAt *string `json:"deleted_at"`
	Form      *struct {
		ID int64 `json:"id"`
	} `json:"form"`
	Student *student `json:"student"`
	Status  struct {
		Name      string  `json:"name"`
		UpdatedAt *string `json:"updated_at"`
	} `json:"status"`
	Year           *int32       `json:"year"`
	Grade          *json.Number `json:"grade"`
	Active         *bool        `json:"active"`
	AcceptanceDate *string      `json:"acceptance_date"`
	Fee            *struct {
		Amount *string `json:"amount"`
	} `json:"fee"`
	IgnoredDeadline *bool `json:"ignored_deadline"`
}

type student struct {
	ID            int64   `json:"id"`
	CustomID      *string `json:"custom_id"`
	ApplicationID *string `json:"application_id"`
	SerialNumber  *int64  `json:"serial_number"`
	Status        *string `json:"status"`
	StatusLevel   *string `json:"status_level"`
}

var classStatuses = map[string]edugate.EnrollmentStatus{
	"":   edugate.EnrollmentStatus_ENROLLMENT_STATUS_UNSPECIFIED,
	"0":  edugate.EnrollmentStatus_ENROLLMENT_STATUS_REQUESTED,
	"10": edugate.EnrollmentStatus_ENROLLMENT_STATUS_CANCELLED,
	"20": edugate.EnrollmentStatus_ENROLLMENT_STATUS_WAITLISTED,
	"30": edugate.EnrollmentStatus_ENROLLMENT_STATUS_APPROVED,
	"40": edugate.EnrollmentStatus_ENROLLMENT_STATUS_DENIED,
	"50": edugate.EnrollmentStatus_ENROLLMENT_STATUS_AUDITING,
	"60": edugate.EnrollmentStatus_ENROLLMENT_STATUS_ENROLLED,
}

var classCompletions = map[string]edugate.CompletionStatus{
	"":   edugate.CompletionStatus_COMPLETION_STATUS_UNSPECIFIED,
	"0":  edugate.CompletionStatus_COMPLETION_STATUS_UNKNOWN,
	"10": edugate.CompletionStatus_COMPLETION_STATUS_IN_PROGRESS,
	"20": edugate.CompletionStatus_COMPLETION_STATUS_COMPLETED,
	"30": edugate.CompletionStatus_COMPLETION_STATUS_INCOMPLETE,
	"40": edugate.CompletionStatus_COMPLETION_STATUS_NO_SHOW,
	"50": edugate.CompletionStatus_COMPLETION_STATUS_FAILED,
}

var classDeliveryModes = map[string]edugate.DeliveryMode{
	"0":  edugate.DeliveryMode_DELIVERY_MODE_TO_BE_DETERMINED,
	"10": edugate.DeliveryMode_DELIVERY_MODE_FACE_TO_FACE,
	"20": edugate.DeliveryMode_DELIVERY_MODE_REMOTE_CLASSROOM,
	"30": edugate.DeliveryMode_DELIVERY_MODE_ONLINE,
}

var reenrollmentStatuses = map[string]edugate.EnrollmentStatus{
	"":          edugate.EnrollmentStatus_ENROLLMENT_STATUS_UNSPECIFIED,
	"not sent":  edugate.EnrollmentStatus_ENROLLMENT_STATUS_NOT_SENT,
	"pending":   edugate.EnrollmentStatus_ENROLLMENT_STATUS_PENDING,
	"undecided": edugate.EnrollmentStatus_ENROLLMENT_STATUS_UNDECIDED,
	"confirmed": edugate.EnrollmentStatus_ENROLLMENT_STATUS_CONFIRMED,
	"declined":  edugate.EnrollmentStatus_ENROLLMENT_STATUS_DECLINED,
}

// A class enrollment in edugate's terms.
func fromClassEnrollment(record *classEnrollment, connection string) *edugate.Enrollment {
	id := strconv.FormatInt(record.ID, 10)
	out := &edugate.Enrollment{
		Name:               "connections/" + connection + "/enrollments/" + id,
		Provider:           "class_enrollment",
		ProviderId:         id,
		Kind:               edugate.EnrollmentKind_ENROLLMENT_KIND_COURSE,
		Status:             edugate.EnrollmentStatus_ENROLLMENT_STATUS_UNKNOWN,
		ProviderStatus:     record.EnrollmentStatusID.String(),
		Completion:         edugate.CompletionStatus_COMPLETION_STATUS_UNKNOWN,
		ProviderCompletion: record.CompletionStatusID.String(),
		Learner:            &edugate.Learner{ProviderId: strconv.FormatInt(record.UserID, 10)},
		Course:             &edugate.CourseOfferingRef{ProviderId: strconv.FormatInt(record.ClassID, 10)},
		LateCancel:         record.LateCancel,
		Retake:             record.Retake,
	}
	if known, ok := classStatuses[out.ProviderStatus]; ok {
		out.Status = known
	}
	if known, ok := classCompletions[out.ProviderCompletion]; ok {
		out.Completion = known
	}
	if record.ExternalID != nil {
		out.Identifiers = []*edugate.Identifier{
			{Issuer: "class_enrollment", Type: "external_id", Value: *record.ExternalID},
		}
	}
	if record.LocationTypeID != nil {
		out.Course.ProviderDeliveryMode = record.LocationTypeID.String()
		out.Course.DeliveryMode = edugate.DeliveryMode_DELIVERY_MODE_OTHER
		if known, ok := classDeliveryModes[out.Course.ProviderDeliveryMode]; ok {
			out.Course.DeliveryMode = known
		}
	}
	if record.ClassroomID != nil {
		classroom := strconv.FormatInt(*record.ClassroomID, 10)
		out.Course.ClassroomId = &classroom
	}
	if record.Grade != nil {
		out.Grade = &edugate.Grade{Numeric: &decimal.Decimal{Value: record.Grade.String()}}
	}
	if record.HoursSpent != nil {
		out.Progress = &edugate.Progress{HoursSpent: &decimal.Decimal{Value: record.HoursSpent.String()}}
	}
	for i := range record.CustomFields {
		field := &record.CustomFields[i]
		custom := &edugate.CustomField{
			FieldId:     strconv.FormatInt(field.CustomFieldID, 10),
			DisplayName: field.Name,
		}
		if field.TextValue != nil {
			custom.Values = strings.Split(*field.TextValue, "\t")
		}
		out.CustomFields = append(out.CustomFields, custom)
	}
	return out
}

// A reenrollment in edugate's terms.
func fromReenrollment(record *reenrollment, connection string) *edugate.Enrollment {
	id := strconv.FormatInt(record.ID, 10)
	out := &edugate.Enrollment{
		Name:            "connections/" + connection + "/enrollments/" + id,
		Provider:        "openapply",
		ProviderId:      id,
		Kind:            edugate.EnrollmentKind_ENROLLMENT_KIND_SCHOOL_YEAR,
		Status:          edugate.EnrollmentStatus_ENROLLMENT_STATUS_UNKNOWN,
		ProviderStatus:  record.Status.Name,
		StatusTime:      instant(record.Status.UpdatedAt),
		Active:          record.Active,
		DeadlineIgnored: record.IgnoredDeadline,
		CreateTime:      instant(record.CreatedAt),
		UpdateTime:      instant(record.UpdatedAt),
		DeleteTime:      instant(record.DeletedAt),
		Deleted:         record.DeletedAt != nil && *record.DeletedAt != "",
	}
	if known, ok := reenrollmentStatuses[strings.ToLower(record.Status.Name)]; ok {
		out.Status = known
	}
	if record.Student != nil {
		out.Learner = fromStudent(record.Student)
	}
	if record.Year != nil {
		out.AcademicSession = &edugate.AcademicSession{
			Type:       edugate.AcademicSessionType_ACADEMIC_SESSION_TYPE_FULL_SCHOOL_YEAR,
			SchoolYear: record.Year,
		}
	}
	if record.Grade != nil {
		grade := record.Grade.String()
		out.GradeLevel = &grade
	}
	if record.Fee != nil && record.Fee.Amount != nil {
		out.Funding = &edugate.EnrollmentFunding{Fee: &decimal.Decimal{Value: *record.Fee.Amount}}
	}
	if record.Form != nil {
		form := strconv.FormatInt(record.Form.ID, 10)
		out.FormId = &form
	}
	if record.AcceptanceDate != nil {
		if day, err := time.Parse("2006-01-02", *record.AcceptanceDate); err == nil {
			out.AcceptanceDate = &date.Date{
				Year: int32(day.Year()), Month: int32(day.Month()), Day: int32(day.Day()),
			}
		}
	}
	return out
}

func fromStudent(student *student) *edugate.Learner {
	learner := &edugate.Learner{
		ProviderId:          strconv.FormatInt(student.ID, 10),
		StudentNumber:       student.CustomID,
		ProviderStatus:      student.Status,
		ProviderStatusLevel: student.StatusLevel,
	}
	add := func(kind, value string) {
		learner.Identifiers = append(learner.Identifiers,
			&edugate.Identifier{Issuer: "openapply", Type: kind, Value: value})
	}
	if student.CustomID != nil {
		add("custom_id", *student.CustomID)
	}
	if student.ApplicationID != nil {
		add("application_id", *student.ApplicationID)
	}
	if student.SerialNumber != nil {
		add("serial_number", strconv.FormatInt(*student.SerialNumber, 10))
	}
	return learner
}

// The instant that a provider's text says; nil where it says none.
func instant(text *string) *timestamppb.Timestamp {
	if text == nil {
		return nil
	}
	moment, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil {
		return nil
	}
	return timestamppb.New(moment)
}
