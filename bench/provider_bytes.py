#!/usr/bin/env python3
"""Writes what the simulated providers answer: provider_bytes.py FOLDER [PAGE_SIZE].

record.json is the class-enrollment API's documented record in its envelope, and page.json a last
page of OpenApply's reenrollments. Both are compact JSON with the fields, types and order of the
vendors' documents. Nothing in them is random, so that every run has the same bytes.
"""

import datetime
import json
import pathlib
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
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in (("record.json", RECORD), ("page.json", page(size))):
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
