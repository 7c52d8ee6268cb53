import * as grpc from "@grpc/grpc-js";
import { ListEnrollmentsRequest } from "../gen/edugate/v1/enrollment_service";
import { EnrollmentServiceClient } from "../gen/edugate/v1/enrollment_service.grpc-client";

const client = new EnrollmentServiceClient(process.argv[2], grpc.credentials.createInsecure());
const request = ListEnrollmentsRequest.create({ parent: "connections/-", pageSize: 3 });
client.listEnrollments(request, { deadline: Date.now() + 30_000 }, (error, page) => {
  if (error || !page) throw error;
  for (const each of page.enrollments) console.log(each.name, each.providerStatus);
  client.close();
});
