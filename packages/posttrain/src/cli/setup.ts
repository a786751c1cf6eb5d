import { type ExitCode, exitCode } from './exit-codes.ts';
import { loadLibrary } from './library.ts';
import type { Output } from './output.ts';
import { offerOnTerminal, setupProgress, whileSettingUp } from './prepare-engine.ts';

export interface SetupCommandOptions {
  readonly torch?: string;
  readonly wheel?: readonly string[];
  readonly offline?: boolean;
  readonly force?: boolean;
}

export async function setupCommand(options: SetupCommandOptions, output: Output): Promise<ExitCode> {
  const { setup } = await loadLibrary();
  const { torch, wheel, offline, force } = options;
  const onProgress = setupProgress(output);
  const onOffer = offerOnTerminal(output);
  const engine = await whileSettingUp(output, () => setup({ torch, wheel, offline, force, onProgress, onOffer }));
  if (output.json) output.data(engine);
  else if (engine.torch === null) output.result(`The engine is ready: ${engine.addon}`);
  else output.result(`The engine is ready: PyTorch ${engine.torch.version} in ${engine.torch.path}`);
  return exitCode.ok;
}
