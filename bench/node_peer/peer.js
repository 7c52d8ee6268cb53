// The peer that edugate is measured against: the same two calls in Node, as a careful Node programmer
// writes them today. @grpc/grpc-js, undici with a pooled connection for every call in flight, JSON.parse.
//
//   node peer.js --provider URL --protos FOLDER --protos FOLDER
'use strict';

const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { Service } = require('./service');

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:0' },
    provider: { type: 'string' },
    protos: { type: 'string', multiple: true },
  },
});

// Enums stay numbers and 64-bit numbers numbers: the cheapest that proto-loader offers.
const definition = loader.loadSync('edugate/v1/enrollment_service.proto', {
  includeDirs: values.protos,
  keepCase: true,
});
const { EnrollmentService } = grpc.loadPackageDefinition(definition).edugate.v1;
const service = new Service(values.provider);

// A handler that is an async function of the request.
function unary(handler) {
  return (call, callback) => {
    handler.call(service, call.request).then((reply) => callback(null, reply), callback);
  };
}

const server = new grpc.Server();
server.addService(EnrollmentService.service, {
  GetEnrollment: unary(service.getEnrollment),
  ListEnrollments: unary(service.listEnrollments),
});
server.bindAsync(values.listen, grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`listening on 127.0.0.1:${port}`);
});
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => server.tryShutdown(() => process.exit(0)));
}
