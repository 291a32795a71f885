import net from "node:net";

import { type Client, type Interceptor, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { type Endpoint, findEndpoint } from "./endpoint.js";
import { ImageService } from "./gen/imageid/v1/image_service_pb.js";

/** A client of the daemon at `endpoint`, by default the one that `findEndpoint` finds. */
export async function connect(endpoint?: Endpoint): Promise<Client<typeof ImageService>> {
  const { address, token } = endpoint ?? (await findEndpoint());
  const interceptors = token === undefined ? [] : [withToken(token)];
  if (!address.startsWith("unix:")) {
    return createClient(ImageService, createGrpcTransport({ baseUrl: `http://${address}`, interceptors }));
  }
  const socket = address.slice("unix:".length).replace(/^\/\/(?=\/)/, ""); // unix:///path is unix:/path
  const nodeOptions = { createConnection: () => net.connect(socket) };
  return createClient(
    ImageService,
    createGrpcTransport({ baseUrl: "http://localhost", interceptors, nodeOptions }),
  );
}

function withToken(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

/** A receiver refuses headers of more than 8 KiB by default. */
const longestHeaderCharacters = 4096;

/**
 * Metadata of one call: the imageId, for a proxy that shards by it. HTTP/2 allows printable ASCII
 * alone in a header, so anything else is percent-encoded; a very long imageId is left out.
 */
export function imageIdMetadata(imageId: string): Record<string, string> {
  const header = imageId.replace(/[^\x21-\x7e]+/gu, encodeURIComponent);
  return header.length <= longestHeaderCharacters ? { "x-image-id": header } : {};
}
