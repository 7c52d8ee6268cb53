// A tour of edugate: lists, a verification, a stream, a download, errors and events.
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { parseArgs } from "node:util";
import * as grpc from "@grpc/grpc-js";

import { AssignmentServiceClient } from "../gen/edugate/v1/assignment_service.grpc-client";
import { CatalogItem } from "../gen/edugate/v1/catalog";
import { StreamCatalogItemsRequest } from "../gen/edugate/v1/catalog_service";
import { CatalogServiceClient } from "../gen/edugate/v1/catalog_service.grpc-client";
import {
  ListEnrollmentsRequest, ListEnrollmentsResponse, VerifyEnrollmentRequest,
} from "../gen/edugate/v1/enrollment_service";
import { EnrollmentServiceClient } from "../gen/edugate/v1/enrollment_service.grpc-client";
import { AllocateAssignmentsRequest } from "../gen/edugate/v1/assignment_service";
import { SourceDocument, Transcript, TranscriptEvent, TranscriptEventType } from "../gen/edugate/v1/transcript";
import {
  CreateTranscriptRequest, DownloadTranscriptFilesResponse, WatchTranscriptEventsRequest,
} from "../gen/edugate/v1/transcript_service";
import { TranscriptServiceClient } from "../gen/edugate/v1/transcript_service.grpc-client";
import { EnrollmentVerification, VerificationResult } from "../gen/edugate/v1/verification";
import { Timestamp } from "../gen/google/protobuf/timestamp";
import { ChannelArguments, channelArguments } from "./channel";
import { failureOf, isServiceError, withRetries } from "./failure";

// Every call has a deadline: edugate gives the provider up when it has passed.
const CALL_TIMEOUT_MS = 30_000;
const STREAM_TIMEOUT_MS = 300_000;

const CATALOG = "connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94";
const TRANSCRIPT = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2";

const within = (milliseconds: number): grpc.CallOptions => ({ deadline: Date.now() + milliseconds });

/** A unary call as a promise. */
function unary<Reply>(
  call: (callback: (error: grpc.ServiceError | null, reply?: Reply) => void) => unknown,
): Promise<Reply> {
  return new Promise((resolve, reject) => call((error, reply) => (error ? reject(error) : resolve(reply!))));
}

/** Yields a list's pages to the last. */
async function* enrollmentPages(
  client: EnrollmentServiceClient,
  parent: string,
): AsyncGenerator<ListEnrollmentsResponse> {
  const request = ListEnrollmentsRequest.create({ parent, pageSize: 200 });
  do {
    const page = await unary<ListEnrollmentsResponse>((done) =>
      client.listEnrollments(request, within(CALL_TIMEOUT_MS), done),
    );
    yield page;
    request.pageToken = page.nextPageToken;
  } while (request.pageToken !== "");
}

async function listAcrossConnections(channel: ChannelArguments): Promise<void> {
  const client = new EnrollmentServiceClient(...channel);
  const counts = new Map<string, number>();
  const unreachable = new Map<string, string>();
  for await (const page of enrollmentPages(client, "connections/-")) {
    for (const { name } of page.enrollments) {
      const connection = name.split("/enrollments/")[0];
      counts.set(connection, (counts.get(connection) ?? 0) + 1);
    }
    // Whose records the page lacks, and why.
    for (const { connection, reason } of page.unreachableDetails) unreachable.set(connection, reason);
  }
  for (const [connection, count] of [...counts].sort()) console.log(`${connection}: ${count} enrollments`);
  for (const [connection, reason] of unreachable) console.log(`${connection}: not reached, ${reason}`);
  client.close();
}

async function verify(channel: ChannelArguments): Promise<void> {
  const client = new EnrollmentServiceClient(...channel);
  const request = VerifyEnrollmentRequest.create({
    parent: "connections/m1",
    dataRequest: "dr_TSEne2SSjP3GvpVrs5HLol4xor2",
    wait: true, // until the provider has an answer, or the deadline has passed
  });
  const verification = await unary<EnrollmentVerification>((done) =>
    client.verifyEnrollment(request, within(CALL_TIMEOUT_MS), done),
  );
  console.log(`verification: VERIFICATION_RESULT_${VerificationResult[verification.result]}`);
  for (const { asOfTime, reasonCodes } of verification.findings) {
    const day = asOfTime ? Timestamp.toDate(asOfTime).toISOString().slice(0, 10) : "nobody knows when";
    console.log(`  as of ${day}: ${reasonCodes.map(({ code }) => code).join(" ")}`);
  }
  client.close();
}

async function streamCatalog(channel: ChannelArguments): Promise<void> {
  const client = new CatalogServiceClient(...channel);
  const kinds = new Map<string, number>();
  // Reading slowly holds the server up: a catalog of any size takes no more memory than this.
  const request = StreamCatalogItemsRequest.create({ parent: CATALOG });
  const items: AsyncIterable<CatalogItem> = client.streamCatalogItems(request, within(STREAM_TIMEOUT_MS));
  for await (const { item } of items) {
    const kind = item.oneofKind === "courseRun" ? "course_run" : String(item.oneofKind);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  console.log(`catalog: ${[...kinds].sort().map(([kind, count]) => `${count} ${kind}`).join(", ")}`);
  client.close();
}

async function download(channel: ChannelArguments, path: string): Promise<void> {
  const client = new TranscriptServiceClient(...channel);
  const file = createWriteStream(path);
  let size = 0;
  const parts: AsyncIterable<DownloadTranscriptFilesResponse> = client.downloadTranscriptFiles(
    { name: TRANSCRIPT },
    within(STREAM_TIMEOUT_MS),
  );
  for await (const { part } of parts) {
    if (part.oneofKind === "info") {
      console.log(`download: ${part.info.fileName}, ${part.info.contentType}`);
    } else if (part.oneofKind === "chunk") {
      size += part.chunk.length;
      if (!file.write(part.chunk)) await once(file, "drain");
    }
  }
  file.end();
  await once(file, "close");
  console.log(`  ${size} bytes`);
  client.close();
}

async function readErrors(channel: ChannelArguments): Promise<void> {
  const client = new EnrollmentServiceClient(...channel);
  for (const fields of [{ parent: "connections/tms", pageSize: -1 }, { parent: "connections/nobody" }]) {
    const request = ListEnrollmentsRequest.create(fields);
    try {
      await unary((done) => client.listEnrollments(request, within(CALL_TIMEOUT_MS), done));
    } catch (error) {
      if (!isServiceError(error)) throw error;
      const failure = failureOf(error);
      console.log(`refused: ${grpc.status[failure.code]} ${failure.reason}`);
      for (const { field, description } of failure.fields) console.log(`  ${field}: ${description}`);
    }
  }
  client.close();
}

async function waitAndTryAgain(channel: ChannelArguments): Promise<void> {
  const client = new AssignmentServiceClient(...channel);
  const request = AllocateAssignmentsRequest.create({
    parent: "connections/edx/policies/policy-locked",
    learnerEmails: ["learner@example.org"],
    contentKey: "SandX+C001",
    contentPriceCents: "1000",
  });
  try {
    await withRetries(
      () => unary((done) => client.allocateAssignments(request, within(CALL_TIMEOUT_MS), done)),
      2,
      ({ retryDelayMs }) => console.log(`locked: again in ${Math.round(retryDelayMs! / 1000)} s`),
    );
  } catch (error) {
    if (!isServiceError(error)) throw error;
    console.log(`gave up: ${grpc.status[error.code]} ${failureOf(error).reason}`);
  }
  client.close();
}

async function meetADeadline(channel: ChannelArguments): Promise<void> {
  const client = new TranscriptServiceClient(...channel);
  // A watch has no end of its own.
  const request = WatchTranscriptEventsRequest.create({ parent: "connections/m1" });
  try {
    for await (const _ of client.watchTranscriptEvents(request, within(500)));
  } catch (error) {
    if (!isServiceError(error)) throw error;
    console.log(`deadline: ${grpc.status[error.code]}`);
  }
  client.close();
}

async function watchEvents(channel: ChannelArguments): Promise<void> {
  const client = new TranscriptServiceClient(...channel);
  const document = SourceDocument.create({
    uri: "https://school.example/transcript.pdf",
    mediaType: "application/pdf",
    httpMethod: "GET",
  });
  const request = CreateTranscriptRequest.create({
    parent: "connections/m1",
    transcript: {
      externalId: "student-1",
      sources: [{ providerType: "", data: { oneofKind: "document", document } }],
    },
  });
  const created = await unary<Transcript>((done) => client.createTranscript(request, within(CALL_TIMEOUT_MS), done));
  // A program that goes on watching keeps the last event's resumeToken, and begins with it after a failure.
  const watch = client.watchTranscriptEvents(
    WatchTranscriptEventsRequest.create({ parent: "connections/m1" }),
    within(CALL_TIMEOUT_MS),
  );
  const events: AsyncIterable<TranscriptEvent> = watch;
  for await (const event of events) {
    if (event.transcript !== created.name) continue;
    console.log(`event: ${event.providerType}`);
    if (event.type === TranscriptEventType.PROCESSED) break;
  }
  // Leaving the loop ends the reading, and not the call.
  watch.cancel();
  client.close();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string" },
      "tls-ca": { type: "string" },
      "token-file": { type: "string" },
      "service-config": { type: "string" },
      download: { type: "string", default: "transcript.zip" },
    },
  });
  if (values.target === undefined) throw new Error("--target is missing");
  const channel = channelArguments({
    target: values.target,
    tlsCa: values["tls-ca"],
    tokenFile: values["token-file"],
    serviceConfig: values["service-config"],
  });
  await listAcrossConnections(channel);
  await verify(channel);
  await streamCatalog(channel);
  await download(channel, values.download!);
  await readErrors(channel);
  await waitAndTryAgain(channel);
  await meetADeadline(channel);
  await watchEvents(channel);
}

main().catch((error: unknown) => {
  console.error(isServiceError(error) ? `${failureOf(error).reason}: ${error.message}` : error);
  process.exitCode = 1;
});
