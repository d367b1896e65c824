import type { ReceiptView } from '../host';

/** A receipt as plain lines, for a ticket or a mail. */
export function receiptLines(receipt: ReceiptView, proxy: string): string {
  return [
    `Receipt of ${proxy}`,
    `revision: ${receipt.revision}`,
    `revision of the proxy: ${receipt.proxy_revision ?? 'not reported'}`,
    `length: ${receipt.bytes} bytes`,
    `models: ${receipt.models}`,
    `compared: ${receipt.compared_models} entries, ${receipt.compared_fields} fields`,
    `LiteLLM: ${receipt.proxy_version ?? 'not reported'}`,
    `loaded by the proxy: ${receipt.loaded_at ?? 'not reported'}`,
    `read back: ${receipt.read_back_at}`,
    `sampled: ${receipt.sampled_models.join(', ') || 'none'}`,
    `overrides: ${receipt.overrides.join(', ') || 'none'}`,
  ].join('\n');
}
