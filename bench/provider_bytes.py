#!/usr/bin/env python3
"""Writes what the simulated providers answer: provider_bytes.py FOLDER [PAGE_SIZE [RECORD_BYTES]].

record.json is the class-enrollment API's documented record in its envelope, with as many custom
fields as it takes to be of the size, and page.json a last page of OpenApply's reenrollments. Both
are compact JSON with the fields, types and order of the vendors' documents. course.json and
course.xml are edX's documented course. Nothing in them is random, so that every run has the same
bytes.
"""

import copy
import datetime
import json
import pathlib
import shutil
import sys

RECORD = {
    "Status": 0,
    "Error": None,
    "Results": [{
        "Id": 10,
        "ExternalId": "E3G5YZFREFEQ9371",
        "UserId": 897615,
        "ClassId": 4421,
        "EnrollmentStatusId": 60,
        "CompletionStatusId": 0,
        "LateCancel": False,
        "Retake": False,
        "LocationTypeId": 0,
        "ClassroomId": 3456,
        "HoursSpent": 20,
        "Grade": 10,
        "CustomFields": [
            {"Name": "Unique Text", "TextValue": "AXY12345", "CustomFieldId": 5089},
            {"Name": "Unique Number", "TextValue": "44", "CustomFieldId": 5090},
            {"Name": "Dropdown-01", "TextValue": "Second Choice", "CustomFieldId": 5087},
        ],
    }],
}

LABELS = ("Pending", "Confirmed", "Undecided", "Declined", "Not Sent", "Sí, continúa")


COURSE = pathlib.Path(__file__).parent.parent / "adapters" / "edx_enterprise" / "testdata"


def text_of(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def record(size):
    grown = copy.deepcopy(RECORD)
    fields = grown["Results"][0]["CustomFields"]
    while len(text_of(grown).encode()) < size:
        number = len(fields)
        fields.append({"Name": f"Custom field {number}", "TextValue": f"What was entered {number}",
                       "CustomFieldId": 6000 + number})
    return grown


def instant(day):
    return f"{day:%Y-%m-%d}T02:13:29.000Z"


def reenrollment(number):
    created = datetime.date(2015, 9, 7) + datetime.timedelta(days=7 * number)
    changed = created + datetime.timedelta(days=14)
    return {
        "id": 138001 + number,
        "created_at": instant(created),
        "updated_at": instant(changed),
        "deleted_at": None,
        "form": {"id": 138001 + number},
        "student": {
            "id": 459001 + number,
            "custom_id": str(314001 + number),
            "application_id": f"{314001 + number:08d}",
            "serial_number": 314001 + number,
            "status": "Enrolled",
            "status_level": None,
        },
        "status": {"name": LABELS[number % len(LABELS)], "updated_at": instant(changed)},
        "year": 2019 + number % 5,
        "grade": 1 + number % 12,
        "active": number % 7 != 0,
        "acceptance_date": f"{changed:%Y-%m-%d}",
        "fee": {"amount": f"{550 + 25 * (number % 9)}.0"},
        "ignored_deadline": number % 11 == 0,
    }


def page(size):
    return {
        "reenrollments": [reenrollment(number) for number in range(size)],
        "meta": {"page": 1, "pages": 1, "per_page": size},
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    page_size = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    record_bytes = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (("record.json", record(record_bytes)), ("page.json", page(page_size))):
        (folder / name).write_text(text_of(value), encoding="utf-8")
    for name in ("course.json", "course.xml"):
        shutil.copyfile(COURSE / name, folder / name)


if __name__ == "__main__":
    main()
