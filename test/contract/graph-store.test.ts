import { graphExportCases } from './support/graph-export';
import { graphFingerprintCases } from './support/graph-fingerprint';
import { graphHealthCases } from './support/graph-health';
import { graphLabellingCases } from './support/graph-labelling';

// One file, so that they take turns: jest may run files side by side, and both empty the same database.
describe('labels and the fence', graphLabellingCases);
describe('export and import', graphExportCases);
describe('constraints and indexes', graphHealthCases);
describe('the fingerprint', graphFingerprintCases);
