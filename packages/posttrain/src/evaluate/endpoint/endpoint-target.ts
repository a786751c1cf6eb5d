import type { EndpointOptions } from './endpoint-client.ts';

/** Sent to endpoints. It has a name of its own, so that no other service's key leaves by accident. */
const keyVariable = 'POSTTRAIN_ENDPOINT_KEY';
const pattern = /^(https?:\/\/[^#]+)#(.+)$/;

/** A model behind a server, as `http://HOST/v1#MODEL`, with the key of the environment; null for anything else. */
export function endpointOf(target: string): Pick<EndpointOptions, 'url' | 'model' | 'apiKey'> | null {
  const match = pattern.exec(target);
  return match && { url: match[1]!, model: match[2]!, apiKey: process.env[keyVariable] };
}
