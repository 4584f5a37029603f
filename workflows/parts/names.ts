/** The one command that goes on with an undo that was left half done. */
export const CONTINUE = 'hfv rollback --continue';
