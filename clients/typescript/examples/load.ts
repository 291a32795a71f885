// Loads the image that the argument names as pixels and prints their SHA-256.
import { createHash } from "node:crypto";

import { connect, imageIdMetadata } from "../src/index.js";

async function load(imageId: string): Promise<string> {
  const client = await connect();
  const sha256 = createHash("sha256");
  const request = { imageId, output: { kind: { case: "pixels", value: {} } } } as const;
  for await (const { chunk } of client.loadImage(request, { headers: imageIdMetadata(imageId) })) {
    if (chunk) sha256.update(chunk.data);
  }
  return sha256.digest("hex");
}

load(process.argv[2] ?? "").then(console.log, (error: Error) => {
  console.error(`load: ${error.message}`);
  process.exitCode = 1;
});
