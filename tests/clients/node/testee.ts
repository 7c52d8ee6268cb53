// The conformance client in TypeScript: @grpc/grpc-js with generated stubs (../conformance/testee.py).
import * as readline from "node:readline";
import * as grpc from "@grpc/grpc-js";
import type { IMessageType } from "@protobuf-ts/runtime";
import type { MethodInfo, ServiceType } from "@protobuf-ts/runtime-rpc";

import * as classEnrollment from "../gen/edugate/provider/class_enrollment/v2/class_enrollment";
import * as edx from "../gen/edugate/provider/edx_enterprise/v1/edx_enterprise";
import * as measureone from "../gen/edugate/provider/measureone/v2/measureone";
import * as openapply from "../gen/edugate/provider/openapply/v3/openapply";
import { AssignmentService } from "../gen/edugate/v1/assignment_service";
import { CatalogService } from "../gen/edugate/v1/catalog_service";
import { ConnectionService } from "../gen/edugate/v1/connection_service";
import { EnrollmentService } from "../gen/edugate/v1/enrollment_service";
import { LicenseService } from "../gen/edugate/v1/license_service";
import { TranscriptService } from "../gen/edugate/v1/transcript_service";
import * as errorDetails from "../gen/google/rpc/error_details";
import { Status } from "../gen/google/rpc/status";

interface Call {
  address: string;
  method: string;
  requests: any[];
  metadata: Record<string, string>;
  timeoutMs: number;
  cancelAfter?: number;
  serviceConfig?: string;
}

interface Outcome {
  code: string;
  message: string;
  details: unknown[];
  trailers: Record<string, string>;
  replies: unknown[];
  elapsedMs: number;
}

const services: ServiceType[] = [
  AssignmentService, CatalogService, ConnectionService, EnrollmentService, LicenseService, TranscriptService,
];
// What an Any may hold: details of errors, and the providers' own records.
const typeRegistry = [errorDetails, classEnrollment, edx, measureone, openapply]
  .flatMap((module) => Object.values(module))
  .filter((each): each is IMessageType<any> => typeof (each as any)?.typeName === "string" && "fields" in (each as any));

const channels = new Map<string, grpc.Client>();

function channelFor(call: Call): grpc.Client {
  const key = `${call.address} ${call.serviceConfig ?? ""}`;
  let channel = channels.get(key);
  if (channel === undefined) {
    const options: grpc.ClientOptions = call.serviceConfig
      ? { "grpc.service_config": call.serviceConfig }
      : { "grpc.enable_retries": 0 };
    channel = new grpc.Client(call.address, grpc.credentials.createInsecure(), options);
    channels.set(key, channel);
  }
  return channel;
}

function methodOf(path: string): MethodInfo<any, any> {
  const [service, name] = path.split("/");
  const method = services
    .find((each) => each.typeName === service)
    ?.methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`there is no method ${path}`);
  return method;
}

function makeCall(call: Call): Promise<Outcome> {
  const method = methodOf(call.method);
  const path = `/${call.method}`;
  const serialize = (message: any) => Buffer.from(method.I.toBinary(message));
  const deserialize = (bytes: Buffer) => method.O.fromBinary(bytes);
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(call.metadata)) metadata.set(key, value);
  const options = { deadline: Date.now() + call.timeoutMs };
  const requests = call.requests.map((each) => method.I.fromJson(each, { typeRegistry }));
  const client = channelFor(call);
  const start = performance.now();
  const replies: unknown[] = [];

  return new Promise((resolve) => {
    const end = (status: grpc.StatusObject) => resolve(outcomeOf(status, replies, performance.now() - start));
    const receive = (reply: any) => replies.push(method.O.toJson(reply, { typeRegistry }));
    const receiveOne = (error: grpc.ServiceError | null, reply?: any) => {
      if (reply !== undefined) receive(reply);
      if (error) end(error);
      else end({ code: grpc.status.OK, details: "", metadata: new grpc.Metadata() });
    };
    if (method.clientStreaming) {
      const stream = client.makeClientStreamRequest(path, serialize, deserialize, metadata, options, receiveOne);
      for (const request of requests) stream.write(request);
      stream.end();
    } else if (method.serverStreaming) {
      const stream = client.makeServerStreamRequest(path, serialize, deserialize, requests[0], metadata, options);
      stream.on("data", (reply) => {
        receive(reply);
        if (replies.length === call.cancelAfter) stream.cancel();
      });
      stream.on("error", () => {}); // The status says the same.
      stream.on("status", end);
    } else {
      client.makeUnaryRequest(path, serialize, deserialize, requests[0], metadata, options, receiveOne);
    }
  });
}

function outcomeOf(status: grpc.StatusObject, replies: unknown[], elapsed: number): Outcome {
  const trailers: Record<string, string> = {};
  for (const [key, value] of Object.entries(status.metadata.getMap())) {
    if (typeof value === "string") trailers[key] = value;
  }
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  const details = bytes === undefined ? [] : Status.fromBinary(bytes as Buffer).details;
  return {
    code: grpc.status[status.code],
    message: status.details,
    details: details.map((each) => anyToJson(each)),
    trailers,
    replies,
    elapsedMs: Math.floor(elapsed),
  };
}

function anyToJson(any: { typeUrl: string; value: Uint8Array }): unknown {
  const name = any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1);
  const type = typeRegistry.find((each) => each.typeName === name);
  if (type === undefined) throw new Error(`no stub for ${name}`);
  return { "@type": any.typeUrl, ...(type.toJson(type.fromBinary(any.value), { typeRegistry }) as object) };
}

async function main(): Promise<void> {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await makeCall(JSON.parse(line))));
  }
  for (const channel of channels.values()) channel.close();
}

void main();
