"""How the four providers answer when they are well. A planted person is in every record."""

import json
import urllib.parse

from harness import provider

TOKEN_PATH = "/oauth2/v1/access_token"
CATALOG = "3f56a21c-76c8-47c0-add8-a99714d40d94"
PLAN = "104b1785-1d3a-1000-148d-1ae7a56e6355"
TRANSCRIPT = "trc_0001"


def reenrollment(number, student="Ada", **more):
    return {"id": number, "created_at": "2026-06-12T00:00:00.000Z", "updated_at": "2026-06-12T00:00:00.000Z",
            "deleted_at": None, "form": {"id": 1},
            "student": {"id": 1000 + number, "custom_id": student, "application_id": f"{number:08}",
                        "serial_number": number, "status": "Enrolled", "status_level": None},
            "status": {"name": "Pending", "updated_at": "2026-06-12T00:00:00.000Z"}, "year": 2027, "grade": 9,
            "active": True, "acceptance_date": "2026-06-12", "fee": {"amount": "550.0"}, "ignored_deadline": False,
            **more}


def reenrollments(numbers, page=1, pages=1, student="Ada"):
    return {"reenrollments": [reenrollment(number, student) for number in numbers],
            "meta": {"page": page, "pages": pages, "per_page": max(len(numbers), 1)}}


def class_enrollment(number, student="Ada"):
    return {"Id": number, "ExternalId": student, "UserId": 897615, "ClassId": 4421, "EnrollmentStatusId": 60,
            "CompletionStatusId": 0, "LateCancel": False, "Retake": False, "LocationTypeId": 0, "ClassroomId": 3456,
            "HoursSpent": 20, "Grade": 10, "CustomFields": []}


def class_reply(number, student="Ada"):
    return {"Status": 0, "Error": None, "Results": [class_enrollment(number, student)]}


def catalog(student="Ada"):
    return {"uuid": CATALOG, "title": f"Catalog of {student}",
            "enterprise_customer": "6ae7a56e-6355-4aa8-a649-e6eb209f0000"}


def token(value, expires_in=3600, **more):
    return {"access_token": value, "expires_in": expires_in, "token_type": "JWT", "scope": "read write", **more}


class HealthyProviders:
    """Answers for all four. `records` is how many reenrollments the school has; tokens are numbered."""

    def __init__(self, student="Ada", records=3):
        self.student = student
        self.records = records
        self.tokens = 0
        self.token_life = 3600

    def __call__(self, exchange):
        exchange.send(self.answer(exchange.provider, exchange.request))

    def answer(self, upstream, request):
        path, method = request.path, request.method
        if path == TOKEN_PATH:
            self.tokens += 1
            return provider.reply(token(f"token-{self.tokens}", self.token_life))
        if path.endswith("/reenrollments") and method == "GET":
            return provider.reply(self._reenrollments(request))
        if path.startswith("/api/v3/reenrollments/") and method == "PUT":
            key = path.rsplit("/", 1)[1]
            upstream.ledger.apply(key, request.body)
            sent = json.loads(request.body)
            record = reenrollment(int(key), self.student)
            record["status"]["name"] = sent.get("status", "Pending")
            return provider.reply({"reenrollment": record})
        if "/GetClassEnrollment/" in path:
            number = urllib.parse.unquote(path.rsplit("/", 1)[1])
            return provider.reply(class_reply(int(number) if number.isdigit() else 1, self.student))
        if path.endswith("/SearchClassEnrollments"):
            first = request.query.get("pageIndex", "0") == "0"
            results = [class_enrollment(number, self.student) for number in (10, 11)] if first else []
            return provider.reply({"Status": 0, "Error": None, "Results": results})
        if path.startswith("/v2/transcripts/get"):
            return provider.reply({"id": TRANSCRIPT, "processing_status": "COMPLETED", "first_name": self.student})
        if path == "/v2/transcripts/new":
            upstream.ledger.apply(json.loads(request.body).get("external_id", "?"))
            return provider.reply({"id": TRANSCRIPT, "processing_status": "IN_PROGRESS"})
        if path.endswith("/licenses/assign"):
            emails = json.loads(request.body).get("user_emails", [])
            for email in emails:
                upstream.ledger.apply(email)
            return provider.reply({"num_successful_assignments": len(emails), "num_already_associated": 0,
                                   "license_assignments": [{"user_email": email, "license": f"license-{number}"}
                                                           for number, email in enumerate(emails)]})
        if path == "/enterprise/v2/enterprise-catalogs":
            return provider.reply({"count": 1, "next": None, "previous": None, "results": [catalog(self.student)]})
        return provider.reply("{}", status=404)

    def _reenrollments(self, request):
        page = int(request.query.get("page", "1"))
        size = int(request.query.get("per_page", "50"))
        pages = max(-(-self.records // size), 1)
        numbers = range((page - 1) * size + 1, min(page * size, self.records) + 1)
        return reenrollments(list(numbers), page, pages, self.student)
