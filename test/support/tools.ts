import { ensurePythonTools } from '../../stack/toolchain/python';

/** The Temporal binaries and the Python of the local stack, installed where they are missing. */
export function pythonTools(): ReturnType<typeof ensurePythonTools> {
  return ensurePythonTools();
}
