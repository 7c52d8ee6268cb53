import sys

import grpc
from edugate.v1 import enrollment_service_pb2, enrollment_service_pb2_grpc

with grpc.insecure_channel(sys.argv[1]) as channel:
    stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(channel)
    request = enrollment_service_pb2.ListEnrollmentsRequest(parent="connections/-", page_size=3)
    for each in stub.ListEnrollments(request, timeout=30).enrollments:
        print(each.name, each.provider_status)
