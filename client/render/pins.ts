import type { Pin } from '../../domain/switch-journal';

export function renderPinned({ versionId, reason, by }: Pin): string {
  return `${versionId} is pinned by ${by}: ${reason}`;
}

export function renderUnpinned(versionId: string, removed: boolean): string {
  return removed ? `${versionId} is not pinned any more: the window decides about it` : `${versionId} was not pinned`;
}
