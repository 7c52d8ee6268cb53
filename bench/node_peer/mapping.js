// From the providers' records to edugate's terms, as edugate maps them. Enums are their numbers in
// proto/edugate/v1.
'use strict';

const KIND_COURSE = 2;
const KIND_SCHOOL_YEAR = 3;
const SESSION_FULL_SCHOOL_YEAR = 3;
const STATUS_UNKNOWN = 1;
const COMPLETION_UNKNOWN = 1;
const DELIVERY_OTHER = 1;

const CLASS_STATUSES = new Map([
  ['', 0], ['0', 2], ['10', 16], ['20', 12], ['30', 10], ['40', 11], ['50', 14], ['60', 13],
]);
const CLASS_COMPLETIONS = new Map([
  ['', 0], ['0', 1], ['10', 3], ['20', 4], ['30', 5], ['40', 6], ['50', 7],
]);
const CLASS_DELIVERY_MODES = new Map([['0', 2], ['10', 3], ['20', 4], ['30', 5]]);
const REENROLLMENT_STATUSES = new Map([
  ['', 0], ['not sent', 4], ['pending', 3], ['undecided', 5], ['confirmed', 6], ['declined', 7],
]);

const isSet = (value) => value !== undefined && value !== null;

function fromClassEnrollment(record, connection) {
  const id = String(record.Id);
  const status = String(record.EnrollmentStatusId);
  const completion = String(record.CompletionStatusId);
  const course = { provider_id: String(record.ClassId) };
  const out = {
    name: `connections/${connection}/enrollments/${id}`,
    provider: 'class_enrollment',
    provider_id: id,
    kind: KIND_COURSE,
    status: CLASS_STATUSES.get(status) ?? STATUS_UNKNOWN,
    provider_status: status,
    completion: CLASS_COMPLETIONS.get(completion) ?? COMPLETION_UNKNOWN,
    provider_completion: completion,
    learner: { provider_id: String(record.UserId) },
    course,
  };
  if (isSet(record.LateCancel)) out.late_cancel = record.LateCancel;
  if (isSet(record.Retake)) out.retake = record.Retake;
  if (isSet(record.ExternalId)) {
    out.identifiers = [
      { issuer: 'class_enrollment', type: 'external_id', value: record.ExternalId },
    ];
  }
  if (isSet(record.LocationTypeId)) {
    course.provider_delivery_mode = String(record.LocationTypeId);
    course.delivery_mode =
      CLASS_DELIVERY_MODES.get(course.provider_delivery_mode) ?? DELIVERY_OTHER;
  }
  if (isSet(record.ClassroomId)) course.classroom_id = String(record.ClassroomId);
  if (isSet(record.Grade)) out.grade = { numeric: { value: String(record.Grade) } };
  if (isSet(record.HoursSpent)) {
    out.progress = { hours_spent: { value: String(record.HoursSpent) } };
  }
  out.custom_fields = (record.CustomFields ?? []).map((field) => ({
    field_id: String(field.CustomFieldId),
    display_name: field.Name,
    values: isSet(field.TextValue) ? field.TextValue.split('\t') : [],
  }));
  return out;
}

function fromStudent(student) {
  const learner = { provider_id: String(student.id), identifiers: [] };
  const add = (type, value) => learner.identifiers.push({ issuer: 'openapply', type, value });
  if (isSet(student.custom_id)) {
    learner.student_number = student.custom_id;
    add('custom_id', student.custom_id);
  }
  if (isSet(student.application_id)) add('application_id', student.application_id);
  if (isSet(student.serial_number)) add('serial_number', String(student.serial_number));
  if (isSet(student.status)) learner.provider_status = student.status;
  if (isSet(student.status_level)) learner.provider_status_level = student.status_level;
  return learner;
}

// The instant that a provider's text says. Zeros are left out, here and below: protobufjs writes
// what is there, also where the wire needs nothing.
function instant(text) {
  const milliseconds = Date.parse(text);
  const seconds = Math.floor(milliseconds / 1000);
  const rest = milliseconds - seconds * 1000;
  return rest === 0 ? { seconds } : { seconds, nanos: rest * 1e6 };
}

function fromReenrollment(record, connection) {
  const id = String(record.id);
  const out = {
    name: `connections/${connection}/enrollments/${id}`,
    provider: 'openapply',
    provider_id: id,
    kind: KIND_SCHOOL_YEAR,
    status: REENROLLMENT_STATUSES.get(record.status.name.toLowerCase()) ?? STATUS_UNKNOWN,
    provider_status: record.status.name,
  };
  if (isSet(record.status.updated_at)) out.status_time = instant(record.status.updated_at);
  if (isSet(record.created_at)) out.create_time = instant(record.created_at);
  if (isSet(record.updated_at)) out.update_time = instant(record.updated_at);
  if (record.deleted_at) {
    out.delete_time = instant(record.deleted_at);
    out.deleted = true;
  }
  if (isSet(record.active)) out.active = record.active;
  if (isSet(record.ignored_deadline)) out.deadline_ignored = record.ignored_deadline;
  if (isSet(record.student)) out.learner = fromStudent(record.student);
  if (isSet(record.year)) {
    out.academic_session = { type: SESSION_FULL_SCHOOL_YEAR, school_year: record.year };
  }
  if (isSet(record.grade)) out.grade_level = String(record.grade);
  if (isSet(record.fee?.amount)) out.funding = { fee: { value: record.fee.amount } };
  if (isSet(record.form)) out.form_id = String(record.form.id);
  if (isSet(record.acceptance_date)) {
    const [year, month, day] = record.acceptance_date.split('-').map(Number);
    out.acceptance_date = { year, month, day };
  }
  return out;
}

module.exports = { fromClassEnrollment, fromReenrollment };
