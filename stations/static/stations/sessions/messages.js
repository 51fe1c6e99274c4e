// What a session's messages tell beyond its record: its cost.

function payloadOf(item) {
  try {
    const frame = JSON.parse(item.text);
    return item.kind === "Call" ? frame[3] : frame[2];
  } catch {
    return null; // of a frame that nobody could read
  }
}

// OCPP & California Pricing Requirements, for 1.6: what the CSMS tells of costs in a DataTransfer,
// {messageId, transactionId, cost, ...}; null of any other.
const COSTS = "org.openchargealliance.costmsg";

function costMessage(payload) {
  if (payload?.vendorId !== COSTS || !["RunningCost", "FinalCost"].includes(payload.messageId)) return null;
  try {
    const told = typeof payload.data === "string" ? JSON.parse(payload.data) : payload.data;
    return told && typeof told === "object" ? { ...told, messageId: payload.messageId } : null;
  } catch {
    return null;
  }
}

// Whether a message is of the transaction: it names it, or answers one that does. 1.6's numbers are
// compared as texts.
export function isOf(transaction, items) {
  const named = (payload) => [payload?.transactionId, payload?.transactionInfo?.transactionId, costMessage(payload)?.transactionId]
    .some((found) => found != null && String(found) === transaction);
  const own = new Set(items.filter((item) => named(payloadOf(item))).map((item) => item.uid));
  return (item) => own.has(item.uid);
}

// The newest cost: the station's own (2.1, CostDetailsType), else what the CSMS has told in
// CostUpdated or in its answer to a TransactionEvent (2.0.1 part 2, I02 and I03), or as above.
export function costOf(items) {
  for (const item of items) {
    const payload = payloadOf(item);
    const own = payload?.costDetails?.totalCost;
    if (own) {
      const amount = own.total?.inclTax ?? own.total?.exclTax;
      return { amount: `${amount ?? "–"} ${own.currency ?? ""}`, by: "worked out by the station" };
    }
    const total = payload?.totalCost;
    if (typeof total === "number") return { amount: String(total), by: "told by the CSMS" };
    const told = costMessage(payload);
    if (typeof told?.cost === "number") return { amount: String(told.cost), by: told.messageId === "FinalCost" ? "final, told by the CSMS" : "so far, told by the CSMS" };
  }
  return null;
}
