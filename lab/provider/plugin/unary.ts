/** Promises as gRPC handlers, and errors as the engine understands them. */
import { Metadata, status } from "@grpc/grpc-js";
import type { handleUnaryCall, ServiceError } from "@grpc/grpc-js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import { PartialFailure } from "./plugin.ts";
import { encode } from "./values.ts";

export type Unary<Q, S> = (request: Q) => Promise<S> | S;

export function unary<Q, S>(handler: Unary<Q, S>): handleUnaryCall<Q, S> {
  return (call, callback) => {
    void (async () => handler(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(grpcError(error)),
    );
  };
}

function grpcError(error: unknown): Partial<ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PartialFailure)) return { code: status.UNKNOWN, details: message };
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(encode(error.state));
  detail.setInputs(encode(error.inputs));
  detail.setReasonsList([message]);
  const packed = new anyPb.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rich = new statusPb.Status();
  rich.setCode(status.UNKNOWN);
  rich.setMessage(message);
  rich.setDetailsList([packed]);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}
