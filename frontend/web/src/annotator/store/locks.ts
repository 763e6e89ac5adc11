/** One tab per assignment: two tabs that write the same journal would mix their strokes. */

/**
 * Holds the assignment until the returned function is called or the tab closes; null while another
 * tab holds it. Browsers without Web Locks let every tab in.
 */
export function holdAssignment(assignmentId: string): Promise<(() => void) | null> {
  const { locks } = navigator;
  if (!locks) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    locks
      .request(`lamella-assignment-${assignmentId}`, { ifAvailable: true }, (lock) => {
        if (!lock) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
