export { connect, imageIdMetadata } from "./connect.js";
export { type Endpoint, findEndpoint } from "./endpoint.js";
export * from "./gen/imageid/v1/cache_service_pb.js";
export * from "./gen/imageid/v1/image_service_pb.js";
export * from "./gen/imageid/v1/types_pb.js";
