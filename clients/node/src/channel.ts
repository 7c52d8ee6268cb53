// What a channel to edugate is made with: where it is, who is calling, and what the channel does by itself.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as grpc from "@grpc/grpc-js";

export interface ChannelOptions {
  /** `HOST:PORT`, or `dns:///HOST:PORT` for all addresses of a name. */
  target: string;
  /** A PEM file with the authority that signs edugate's certificate. Without it: no TLS. */
  tlsCa?: string;
  /** A file with a JSON Web Token that says who is calling. It needs TLS. */
  tokenFile?: string;
  /** A file with gRPC's service config, as deploy/service_config.json: deadlines and retries of each method. */
  serviceConfig?: string;
}

/** What every generated client is constructed with. Clients with equal arguments share their connections. */
export type ChannelArguments = [address: string, credentials: grpc.ChannelCredentials, options: grpc.ClientOptions];

export function channelArguments(options: ChannelOptions): ChannelArguments {
  const clientOptions: grpc.ClientOptions = {};
  if (options.serviceConfig !== undefined) {
    clientOptions["grpc.service_config"] = readFileSync(options.serviceConfig, "utf8");
  }
  return [options.target, credentialsOf(options), clientOptions];
}

function credentialsOf({ tlsCa, tokenFile }: ChannelOptions): grpc.ChannelCredentials {
  if (tlsCa === undefined) {
    if (tokenFile !== undefined) throw new Error("a token goes over TLS alone: --tls-ca is missing");
    return grpc.credentials.createInsecure();
  }
  const tls = grpc.credentials.createSsl(readFileSync(tlsCa));
  if (tokenFile === undefined) return tls;
  // Read for every call: whoever renews the token writes a new file.
  const token = grpc.credentials.createFromMetadataGenerator((_, done) => {
    readFile(tokenFile, "ascii").then((text) => {
      const metadata = new grpc.Metadata();
      metadata.set("authorization", `Bearer ${text.trim()}`);
      done(null, metadata);
    }, done);
  });
  return grpc.credentials.combineChannelCredentials(tls, token);
}
