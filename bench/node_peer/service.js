'use strict';

const { Pool } = require('undici');
const { status } = require('@grpc/grpc-js');
const { fromClassEnrollment, fromReenrollment } = require('./mapping');

// As many as there are calls in flight, so that every call finds a connection that is kept alive.
const CONNECTIONS = 64;

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}

class Service {
  constructor(provider) {
    this.pool = new Pool(provider, { connections: CONNECTIONS, keepAliveTimeout: 60_000 });
  }

  // The one enrollment of the connection tms that the request names.
  async getEnrollment(request) {
    const parts = request.name.split('/');
    if (parts.length !== 4 || parts[0] !== 'connections' || parts[2] !== 'enrollments') {
      throw failure(status.INVALID_ARGUMENT, 'name is not an enrollment');
    }
    const path = `/api/2.0/GetClassEnrollment/${encodeURIComponent(parts[3])}`;
    const reply = await this.get(path, { api_key: 'bench' });
    if (reply.Status !== 0) throw failure(status.UNAVAILABLE, 'the provider reports an error');
    if (reply.Results?.length !== 1) {
      throw failure(status.INTERNAL, "the provider's reply holds no record");
    }
    return fromClassEnrollment(reply.Results[0], parts[1]);
  }

  // The first page of the enrollments of the connection oa.
  async listEnrollments(request) {
    const [, connection] = request.parent.split('/');
    if (!connection) throw failure(status.INVALID_ARGUMENT, 'parent is not a connection');
    if (request.page_size < 0) {
      throw failure(status.INVALID_ARGUMENT, 'page_size must not be negative');
    }
    const path = `/api/v3/reenrollments?page=1&per_page=${request.page_size}`;
    const page = await this.get(path, { authorization: 'Bearer bench' });
    return {
      enrollments: page.reenrollments.map((record) => fromReenrollment(record, connection)),
    };
  }

  // Asks the provider and decodes its JSON.
  async get(path, headers) {
    let response;
    try {
      response = await this.pool.request({ method: 'GET', path, headers });
    } catch {
      throw failure(status.UNAVAILABLE, "the provider can't be reached");
    }
    const text = await response.body.text();
    if (response.statusCode !== 200) throw failure(status.UNAVAILABLE, 'the provider refused');
    try {
      return JSON.parse(text);
    } catch {
      throw failure(status.INTERNAL, "the provider's reply is no JSON");
    }
  }
}

module.exports = { Service };
