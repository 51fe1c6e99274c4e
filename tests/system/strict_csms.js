// A CSMS on npm `ocpp-rpc` in strict mode. It tells what it sees as JSON lines on stdout and takes
// Calls to make as JSON lines on stdin: {"id", "station", "action", "payload"}.
'use strict';

const readline = require('readline');
const { RPCServer, createRPCError, createValidator } = require('ocpp-rpc');

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const now = () => new Date().toISOString();
const clients = new Map();
let transaction = 5000;

const common = {
  BootNotification: () => ({ status: 'Accepted', interval: 30, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  StatusNotification: () => ({}),
  MeterValues: () => ({}),
};
const common2 = {
  ...common,
  Authorize: () => ({ idTokenInfo: { status: 'Accepted' } }),
  TransactionEvent: (params) => (params.idToken ? { idTokenInfo: { status: 'Accepted' } } : {}),
  NotifyEvent: () => ({}),
  NotifyReport: () => ({}),
  SecurityEventNotification: () => ({}),
};
const answers = {
  'ocpp1.6': {
    ...common,
    Authorize: () => ({ idTagInfo: { status: 'Accepted' } }),
    StartTransaction: () => ({ transactionId: ++transaction, idTagInfo: { status: 'Accepted' } }),
    StopTransaction: () => ({ idTagInfo: { status: 'Accepted' } }),
    DataTransfer: () => ({ status: 'Accepted' }),
  },
  'ocpp2.0.1': common2,
  'ocpp2.1': common2,
};

// The library looks for "urn:Reset.req", but calls its schemas of 2.1 "urn:ResetRequest" (2.2.1).
function validator21() {
  const schemas = structuredClone(require('ocpp-rpc/lib/schemas/ocpp2_1.json'));
  for (const schema of schemas) {
    schema.$id = schema.$id.replace(/Request$/, '.req').replace(/Response$/, '.conf');
    // On text it says nothing, and Ajv warns of each.
    for (const part of Object.values(schema.definitions || {})) {
      if (part.type !== 'object') delete part.additionalProperties;
    }
  }
  return createValidator('ocpp2.1', schemas);
}

const server = new RPCServer({
  protocols: Object.keys(answers), strictMode: true, strictModeValidators: [validator21()],
});
server.auth((accept) => accept());
server.on('client', (client) => {
  const station = client.identity;
  clients.set(station, client);
  client.on('message', ({ message, outbound }) =>
    tell({ event: 'frame', station, received: !outbound, text: message.toString() }));
  client.on('strictValidationFailure', ({ error, messageId, method }) =>
    tell({ event: 'violation', station, text: `${method} ${messageId}: ${error}` }));
  client.on('badMessage', ({ error }) =>
    tell({ event: 'violation', station, text: `bad message: ${error}` }));
  client.handle(({ method, params }) => {
    const answer = answers[client.protocol][method];
    if (!answer) {
      tell({ event: 'violation', station, text: `no handler for ${method}` });
      throw createRPCError('NotImplemented');
    }
    return answer(params);
  });
});

readline.createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, station, action, payload } = JSON.parse(line);
    try {
      tell({ event: 'result', id, result: await clients.get(station).call(action, payload) });
    } catch (error) {
      tell({ event: 'result', id, error: `${error.name}: ${error.message}` });
    }
  })
  .on('close', () => process.exit(0));

server.listen(0, '127.0.0.1').then((http) =>
  tell({ event: 'listening', port: http.address().port }));
