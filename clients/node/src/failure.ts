// What a failed call says besides its code and message, and when it is worth another try.
import { setTimeout } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";

import { BadRequest, ErrorInfo, RetryInfo } from "../gen/google/rpc/error_details";
import { Status } from "../gen/google/rpc/status";

export interface Failure {
  code: number;
  /**
   * The name of an edugate.v1.ErrorReason without its prefix: what programs decide by. "" of an error that edugate has
   * not made, as when nobody listens.
   */
  reason: string;
  /** What is variable in the message: connection, provider, operation, provider_status and others. */
  metadata: Record<string, string>;
  /** Which fields of the request are wrong, and in what. */
  fields: { field: string; description: string }[];
  /** How long to wait before the call is worth another try. Without it: nobody knows, or never. */
  retryDelayMs?: number;
}

/** Whether an error is one of a call. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}

/** Reads the google.rpc.Status that comes in the trailing metadata of every error of edugate. */
export function failureOf(error: ServiceError): Failure {
  const failure: Failure = { code: error.code, reason: "", metadata: {}, fields: [] };
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Buffer)) return failure;
  for (const { typeUrl, value } of Status.fromBinary(bytes).details) {
    switch (typeUrl.slice(typeUrl.lastIndexOf("/") + 1)) {
      case ErrorInfo.typeName:
        ({ reason: failure.reason, metadata: failure.metadata } = ErrorInfo.fromBinary(value));
        break;
      case BadRequest.typeName:
        failure.fields = BadRequest.fromBinary(value).fieldViolations;
        break;
      case RetryInfo.typeName: {
        const delay = RetryInfo.fromBinary(value).retryDelay;
        if (delay) failure.retryDelayMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
      }
    }
  }
  return failure;
}

/**
 * Makes a call again after the time that its failure names, for what the channel doesn't retry by itself. A failure
 * without such a time is final: another attempt would end as this one did.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  attempts: number,
  onWait: (failure: Failure) => void = () => {},
): Promise<T> {
  for (let attempt = 1; ; ++attempt) {
    try {
      return await call();
    } catch (error) {
      if (!isServiceError(error)) throw error;
      const failure = failureOf(error);
      if (failure.retryDelayMs === undefined || attempt === attempts) throw error;
      onWait(failure);
      await setTimeout(failure.retryDelayMs);
    }
  }
}
