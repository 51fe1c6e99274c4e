// What a session's messages tell beyond its record: its cost.

function payloadOf(item) {
  try {
    const frame = JSON.parse(item.text);
    return item.kind === "Call" ? frame[3] : frame[2];
  } catch {
    return null; // of a frame that nobody could read
  }
}

// Whether a message is of the transaction: it names it, or answers one that does. 1.6's numbers are
// compared as texts.
export function isOf(transaction, items) {
  const named = (payload) => [payload?.transactionId, payload?.transactionInfo?.transactionId]
    .some((found) => found != null && String(found) === transaction);
  const own = new Set(items.filter((item) => named(payloadOf(item))).map((item) => item.uid));
  return (item) => own.has(item.uid);
}

// The newest cost: the station's own (2.1, CostDetailsType), else what the CSMS has told in
// CostUpdated or in its answer to a TransactionEvent (2.0.1 part 2, I02 and I03).
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
  }
  return null;
}
